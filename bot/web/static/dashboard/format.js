// Numbers with their unit, changes and steps of time, in the reader's locale.

import { number, percent, t, ways } from "../desk.js";

const { unit } = ways;
const plain = (value) => number(value, { maximumFractionDigits: 1 });
const share = (value) => percent(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A duration in the two largest units that say something: 0.16s, 46s, 4m 18s, 2h 31m, 3d 2h. */
export function duration(seconds) {
  if (seconds < 1) return unit("second", seconds, { maximumFractionDigits: 2 });
  if (seconds < 10) return unit("second", seconds, { maximumFractionDigits: 1 });
  if (seconds < 60) return unit("second", Math.round(seconds));
  const pairs = [["minute", 60, "second", 1], ["hour", 3600, "minute", 60], ["day", 86400, "hour", 3600]];
  const [big, size, small, rest] = seconds < 3600 ? pairs[0] : seconds < 86400 ? pairs[1] : pairs[2];
  const total = Math.round(seconds / rest);
  const bigs = Math.floor((total * rest) / size);
  const smalls = total - (bigs * size) / rest;
  return smalls ? `${unit(big, bigs)} ${unit(small, smalls)}` : unit(big, bigs);
}

/** A value of a metric as text; a dash where there is none. */
export function show(value, kind, { short = false } = {}) {
  if (value === null || value === undefined) return "–";
  switch (kind) {
    case "count": return number(value, { maximumFractionDigits: 0 });
    case "number": case "score": return plain(value);
    case "percent": return (short ? percent : share)(value / 100);
    case "seconds": return duration(value);
    case "at": return ways.moment(value, "exact");
    default: return String(value);
  }
}

/** How a value moved: percents in percentage points, everything else in percent; null when it cannot be said. */
export function change(now, before, kind) {
  if (now === null || now === undefined || before === null || before === undefined) return null;
  if (kind === "percent") {
    const points = now - before;
    return { sign: Math.sign(Math.round(points * 10)), text: t("dashboard.points", { n: plain(Math.abs(points)) }) };
  }
  if (before === 0) return null;
  const part = (now - before) / before;
  return { sign: Math.sign(Math.round(part * 100)), text: percent(Math.abs(part)) };
}

const date = (at) => new Date(`${at.slice(0, 10)}T${at.length > 10 ? at.slice(11, 13) : "00"}:00:00Z`);
const written = (at, style) => ways.moment(at, style, "UTC");

/** A step of a series on an axis, or in full. The server has already put it on the shop's clock. */
export function step(at, { long = false, unit: name = "day" } = {}) {
  if (name === "hour") return long ? `${written(date(at), "long")}, ${written(date(at), "hour")}` : written(date(at), "hour");
  const text = written(date(at), long ? "long" : "short");
  return long && name === "week" ? t("dashboard.week_of", { day: text }) : text;
}

/** 1 Monday to 7 Sunday, by name (5 January 1970 was a Monday). */
export const weekday = (number, long = false) => written(Date.UTC(1970, 0, 4 + number), long ? "weekdayAlone" : "weekday");
export const hour = (number) => written(Date.UTC(1970, 0, 5, number), "hour");
