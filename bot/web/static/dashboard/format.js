// Numbers with their unit, changes and steps of time, in the reader's locale.

import { page, t } from "../desk.js";

const plain = new Intl.NumberFormat(page.locale, { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(page.locale, { maximumFractionDigits: 0 });
const shares = new Intl.NumberFormat(page.locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const shortShares = new Intl.NumberFormat(page.locale, { style: "percent", maximumFractionDigits: 0 });
const units = new Map();

function unit(name, value, digits = 0) {
  const key = `${name}${digits}`;
  if (!units.has(key)) {
    units.set(key, new Intl.NumberFormat(page.locale, { style: "unit", unit: name, unitDisplay: "narrow", maximumFractionDigits: digits }));
  }
  return units.get(key).format(value);
}

/** A duration in the two largest units that say something: 0.16s, 46s, 4m 18s, 2h 31m, 3d 2h. */
export function duration(seconds) {
  if (seconds < 1) return unit("second", seconds, 2);
  if (seconds < 10) return unit("second", seconds, 1);
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
    case "count": return whole.format(value);
    case "number": case "score": return plain.format(value);
    case "percent": return (short ? shortShares : shares).format(value / 100);
    case "seconds": return duration(value);
    case "at": return new Intl.DateTimeFormat(page.locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));
    default: return String(value);
  }
}

/** How a value moved: percents in percentage points, everything else in percent; null when it cannot be said. */
export function change(now, before, kind) {
  if (now === null || now === undefined || before === null || before === undefined) return null;
  if (kind === "percent") {
    const points = now - before;
    return { sign: Math.sign(Math.round(points * 10)), text: t("dashboard.points", { n: plain.format(Math.abs(points)) }) };
  }
  if (before === 0) return null;
  const share = ((now - before) / before) * 100;
  return { sign: Math.sign(Math.round(share)), text: shortShares.format(Math.abs(share) / 100) };
}

const date = (at) => new Date(`${at.slice(0, 10)}T${at.length > 10 ? at.slice(11, 13) : "00"}:00:00Z`);
const dayFormat = new Intl.DateTimeFormat(page.locale, { day: "numeric", month: "short", timeZone: "UTC" });
const longDayFormat = new Intl.DateTimeFormat(page.locale, { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const hourFormat = new Intl.DateTimeFormat(page.locale, { hour: "numeric", timeZone: "UTC" });

/** A step of a series on an axis, or in full. The server has already put it on the shop's clock. */
export function step(at, { long = false, unit: name = "day" } = {}) {
  if (name === "hour") return long ? `${longDayFormat.format(date(at))}, ${hourFormat.format(date(at))}` : hourFormat.format(date(at));
  const text = (long ? longDayFormat : dayFormat).format(date(at));
  return long && name === "week" ? t("dashboard.week_of", { day: text }) : text;
}

const weekdayFormat = new Intl.DateTimeFormat(page.locale, { weekday: "short", timeZone: "UTC" });
const longWeekdayFormat = new Intl.DateTimeFormat(page.locale, { weekday: "long", timeZone: "UTC" });

/** 1 Monday to 7 Sunday, by name (5 January 1970 was a Monday). */
export const weekday = (number, long = false) => (long ? longWeekdayFormat : weekdayFormat).format(new Date(Date.UTC(1970, 0, 4 + number)));
export const hour = (number) => hourFormat.format(new Date(Date.UTC(1970, 0, 5, number)));
