// Charts as SVG: built with createElementNS, coloured by classes from the tokens, readable without colour, usable by keyboard.

import { t } from "../desk.js";

const SVG = "http://www.w3.org/2000/svg";
let count = 0;

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== null) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function drawing(width, height, { title, description, className }) {
  const id = `chart-${(count += 1)}`;
  return svg("svg", {
    viewBox: `0 0 ${width} ${height}`, class: `chart ${className}`, role: "img",
    "aria-labelledby": `${id}-t`, "aria-describedby": description ? `${id}-d` : undefined, preserveAspectRatio: "xMidYMid meet",
  }, svg("title", { id: `${id}-t` }, title), description ? svg("desc", { id: `${id}-d` }, description) : null);
}

const round = (value) => Math.round(value * 100) / 100;

/** Round numbers for an axis from 0 to at least `top`. */
export function ticks(top, wanted = 4, steps = [1, 2, 2.5, 5, 10]) {
  if (!(top > 0)) return [0, 1];
  const rough = top / wanted;
  const scale = 10 ** Math.floor(Math.log10(rough));
  const size = steps.find((item) => item * scale >= rough) * scale;
  const found = [];
  for (let value = 0; value < top + size; value += size) {
    found.push(Number(value.toPrecision(10)));
    if (value >= top) break;
  }
  return found;
}

/** Durations are read in seconds, minutes, hours, days: round in those. */
export function durationTicks(top) {
  const sizes = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 432000];
  const size = sizes.find((item) => top / item <= 4.5) ?? Math.ceil(top / 4 / 86400) * 86400;
  const found = [];
  for (let step = 0; ; step += 1) {
    found.push(round(step * size));
    if (step * size >= top) return found;
  }
}

/** Stretches of neighbouring steps that have a value: a line never crosses a gap. */
function stretches(points) {
  const found = [];
  let run = [];
  points.forEach((point, index) => {
    if (point.value === null) { if (run.length) found.push(run); run = []; } else run.push({ ...point, index });
  });
  if (run.length) found.push(run);
  return found;
}

/** A small line beside a figure; says nothing to screen readers, the figure itself does. */
export function sparkline(points, previous = []) {
  const [width, height] = [160, 36];
  const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", "aria-hidden": "true", preserveAspectRatio: "none" });
  const values = [...points, ...previous].map((point) => point.value).filter((value) => value !== null);
  if (values.length < 2) return node;
  const [low, high] = [Math.min(0, ...values), Math.max(...values) || 1];
  const at = (list) => (index) => (list.length > 1 ? (index / (list.length - 1)) * (width - 6) + 3 : width / 2);
  const y = (value) => height - 4 - ((value - low) / (high - low || 1)) * (height - 8);
  for (const [list, name] of [[previous, "spark__before"], [points, "spark__now"]]) {
    const x = at(list);
    for (const run of stretches(list)) {
      const line = run.map((point) => `${round(x(point.index))},${round(y(point.value))}`);
      if (line.length === 1) node.append(svg("circle", { class: `${name} spark__dot`, cx: x(run[0].index), cy: y(run[0].value), r: 1.5 }));
      else node.append(svg("polyline", { class: name, points: line.join(" "), "vector-effect": "non-scaling-stroke" }));
    }
  }
  return node;
}

/**
 * Lines over time on one axis. `lines`: [{ key, label, points: [{ at, value, n }], className, dash? }]; `band`: [low key, high key]
 * is filled between. Arrow keys or the pointer move a cursor; `read(index)` gives the words for what is under it.
 */
export function lines({ title, description, lines: given, band, format, axis, label, read, isDuration = false, width = 560, height = 220 }) {
  const box = { left: 56, right: 12, top: 24, bottom: 26 };
  const node = drawing(width, height, { title, description, className: "chart--lines" });
  const size = given[0].points.length;
  const values = given.flatMap((line) => line.points.map((point) => point.value)).filter((value) => value !== null);
  const top = Math.max(0, ...values);
  const marks = isDuration ? durationTicks(top) : ticks(top);
  const high = marks.at(-1);
  const x = (index) => box.left + (size > 1 ? index / (size - 1) : 0.5) * (width - box.left - box.right);
  const y = (value) => height - box.bottom - (value / high) * (height - box.top - box.bottom);
  node.append(svg("text", { x: 0, y: 12, class: "axis axis--unit" }, axis));
  for (const mark of marks) {
    node.append(svg("line", { x1: box.left, x2: width - box.right, y1: y(mark), y2: y(mark), class: mark === 0 ? "grid grid--base" : "grid" }));
    node.append(svg("text", { x: box.left - 6, y: y(mark) + 4, class: "axis axis--end" }, format(mark)));
  }
  const every = Math.max(1, Math.ceil(size / 7));
  for (let index = 0; index < size; index += every) {
    if (size - 1 - index < every / 2 && index !== size - 1) continue;
    node.append(svg("text", { x: x(index), y: height - 8, class: "axis axis--middle" }, label(given.at(-1).points[index].at)));
  }
  if (band) {
    const [lower, upper] = band.map((key) => given.find((line) => line.key === key));
    for (const run of stretches(lower.points)) {
      const up = run.filter((point) => upper.points[point.index].value !== null);
      if (up.length < 2) continue;
      const there = up.map((point) => `${round(x(point.index))},${round(y(upper.points[point.index].value))}`);
      const back = up.map((point) => `${round(x(point.index))},${round(y(point.value))}`).reverse();
      node.append(svg("polygon", { class: "band", points: [...there, ...back].join(" ") }));
    }
  }
  for (const line of given) {
    for (const run of stretches(line.points)) {
      const found = run.map((point) => `${round(x(point.index))},${round(y(point.value))}`);
      node.append(run.length === 1
        ? svg("circle", { class: `dot-mark ${line.className}`, cx: x(run[0].index), cy: y(run[0].value), r: 2.5 })
        : svg("polyline", { class: `line ${line.className}`, points: found.join(" ") }));
    }
  }
  const cursor = svg("line", { class: "cursor", y1: box.top, y2: height - box.bottom, visibility: "hidden" });
  const spots = given.map((line) => svg("circle", { class: `spot ${line.className}`, r: 4, visibility: "hidden" }));
  node.append(cursor, ...spots);
  const readout = document.createElement("p");
  readout.className = "readout";
  readout.setAttribute("role", "status");
  readout.textContent = t("dashboard.chart_keys");
  let now = -1;
  const move = (index) => {
    now = Math.max(0, Math.min(size - 1, index));
    cursor.setAttribute("x1", x(now));
    cursor.setAttribute("x2", x(now));
    cursor.setAttribute("visibility", "visible");
    spots.forEach((spot, place) => {
      const { value } = given[place].points[now];
      spot.setAttribute("visibility", value === null ? "hidden" : "visible");
      if (value !== null) { spot.setAttribute("cx", x(now)); spot.setAttribute("cy", y(value)); }
    });
    readout.textContent = read(now);
  };
  node.addEventListener("pointermove", (event) => {
    const area = node.getBoundingClientRect();
    const scale = Math.min(area.width / width, area.height / height);
    const left = area.left + (area.width - width * scale) / 2;
    const place = ((event.clientX - left) / scale - box.left) / (width - box.left - box.right);
    const index = Math.round(place * (size - 1));
    if (index !== now && index >= 0 && index < size) move(index);
  });
  steer(node, (key) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (step) move(now < 0 ? (step > 0 ? 0 : size - 1) : now + step);
    else if (key === "Home") move(0);
    else if (key === "End") move(size - 1);
    else return false;
    return true;
  });
  return [node, readout];
}

/** Make a drawing focusable and hand it the keys it knows. */
function steer(node, on) {
  node.setAttribute("tabindex", "0");
  node.setAttribute("role", "application");
  node.setAttribute("aria-roledescription", t("dashboard.chart"));
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (on(event.key)) event.preventDefault();
  });
}

/** Parts of a whole as one bar: pattern and colour tell them apart, the list beside it names them. `parts`: [{ label, value, mark }]. */
export function stacked({ title, description, parts, width = 1120, height = 40 }) {
  const node = drawing(width, height, { title, description, className: "chart--stacked" });
  const total = parts.reduce((sum, part) => sum + part.value, 0);
  let left = 0;
  for (const part of parts) {
    const size = total ? (part.value / total) * width : 0;
    if (size <= 0) continue;
    const gap = size > 4 ? 2 : 0;
    node.append(svg("g", {}, svg("title", {}, `${part.label}: ${part.text}`),
      svg("rect", { x: round(left), y: 0, width: round(size - gap), height, class: `fill fill--${part.mark}` }),
      ...pattern(part.mark, left, size - gap, height)));
    if (size > 64) node.append(svg("text", { x: round(left + (size - gap) / 2), y: height / 2 + 5, class: `on-fill on-fill--${part.mark}` }, part.text));
    left += size;
  }
  return node;
}

/** Lines over a fill, so that parts differ without colour; parts 1 and 2 are plain light and dark. */
function pattern(mark, left, width, height) {
  if (mark === 1 || width < 6) return [];
  const found = [];
  const spacing = { 2: 14, 3: 10, 4: 7, 5: 5 }[mark] ?? 12;
  const slope = { 2: 0, 3: height, 4: -height, 5: height }[mark] ?? 0;
  const first = left - Math.abs(slope);
  for (let at = first + spacing; at < left + width + Math.abs(slope); at += spacing) {
    const [from, to] = slope >= 0 ? [at, at + slope] : [at - slope, at];
    const clipped = clip(slope === 0 ? at : from, slope === 0 ? at : to, left, left + width, height);
    if (clipped) found.push(svg("line", { ...clipped, class: "hatch" }));
  }
  return found;
}

function clip(top, bottom, low, high, height) {
  if (top === bottom) return top > low && top < high ? { x1: top, x2: bottom, y1: 0, y2: height } : null;
  const [small, big] = [Math.min(top, bottom), Math.max(top, bottom)];
  if (big <= low || small >= high) return null;
  const at = (x) => ((x - top) / (bottom - top)) * height;
  const [x1, x2] = [Math.max(small, low), Math.min(big, high)];
  return { x1: round(x1), x2: round(x2), y1: round(at(x1)), y2: round(at(x2)) };
}

/** A small square that repeats a part's fill and pattern, for lists. */
export function swatch(mark) {
  return svg("svg", { viewBox: "0 0 14 14", class: "swatch", "aria-hidden": "true" },
    svg("rect", { width: 14, height: 14, class: `fill fill--${mark}` }), ...pattern(mark, 0, 14, 14));
}

/** One horizontal bar of `share` (0–1) of the width; the words stand beside it in the page. */
export function bar(share, { before = null, mark = 1 } = {}) {
  return svg("svg", { viewBox: "0 0 100 10", class: "bar", "aria-hidden": "true", preserveAspectRatio: "none" },
    svg("rect", { x: 0, y: 0, width: 100, height: 10, class: "bar__room" }),
    svg("rect", { x: 0, y: 0, width: round(Math.max(share * 100, share > 0 ? 0.6 : 0)), height: 10, class: `fill fill--${mark}` }),
    before === null ? null : svg("rect", { x: round(Math.min(99.4, before * 100)), y: 0, width: 0.6, height: 10, class: "bar__before" }));
}

/** Shares with their 95 % interval on an axis from 0 to 100 %. `rows`: [{ label, value, low, high, text }]. */
export function intervals({ title, description, rows, format, axis, width = 560 }) {
  const [left, right, step] = [110, 16, 40];
  const height = rows.length * step + 34;
  const node = drawing(width, height, { title, description, className: "chart--intervals" });
  const x = (value) => left + (value / 100) * (width - left - right);
  for (const mark of [0, 25, 50, 75, 100]) {
    node.append(svg("line", { x1: x(mark), x2: x(mark), y1: 4, y2: height - 28, class: "grid" }));
    node.append(svg("text", { x: x(mark), y: height - 12, class: "axis axis--middle" }, format(mark)));
  }
  node.append(svg("text", { x: 0, y: height - 12, class: "axis" }, axis));
  rows.forEach((row, index) => {
    const y = index * step + 24;
    node.append(svg("text", { x: 0, y: y + 4, class: "axis axis--row" }, row.label));
    if (row.value === null) { node.append(svg("text", { x: x(2), y: y + 4, class: "axis" }, row.text)); return; }
    node.append(svg("line", { x1: x(row.low), x2: x(row.high), y1: y, y2: y, class: "whisker" }));
    for (const end of [row.low, row.high]) node.append(svg("line", { x1: x(end), x2: x(end), y1: y - 6, y2: y + 6, class: "whisker" }));
    node.append(svg("circle", { cx: x(row.value), cy: y, r: 6, class: "mean" }));
    node.append(svg("text", { x: Math.min(x(row.value), width - 40), y: y - 12, class: "axis axis--middle axis--value" }, row.text));
  });
  return node;
}

/** Weekday × hour: the bigger and darker the square, the more. Arrow keys move, Enter opens. */
export function heatmap({ title, description, cells, weekday, hour, read, open, width = 560 }) {
  const [left, top] = [44, 8];
  const size = (width - left - 4) / 24;
  const height = top + size * 7 + 24;
  const node = drawing(width, height, { title, description, className: "chart--heat" });
  const most = Math.max(1, ...cells.values());
  for (let day = 1; day <= 7; day += 1) {
    node.append(svg("text", { x: 0, y: top + (day - 0.5) * size + 4, class: "axis" }, weekday(day)));
    for (let at = 0; at < 24; at += 1) {
      const value = cells.get(`${day}-${at}`) ?? 0;
      const part = value / most;
      const side = value ? Math.max(4, Math.sqrt(part) * (size - 3)) : 2;
      node.append(svg("rect", {
        x: round(left + (at + 0.5) * size - side / 2), y: round(top + (day - 0.5) * size - side / 2), width: round(side), height: round(side),
        rx: 2, class: value ? `heat heat--${Math.ceil(part * 4)}` : "heat heat--0",
      }));
    }
  }
  for (let at = 0; at < 24; at += 3) {
    node.append(svg("text", { x: left + (at + 0.5) * size, y: height - 8, class: "axis axis--middle" }, hour(at)));
  }
  const cursor = svg("rect", { class: "heat-cursor", width: size, height: size, rx: 3, visibility: "hidden" });
  node.append(cursor);
  const readout = document.createElement("p");
  readout.className = "readout";
  readout.setAttribute("role", "status");
  readout.textContent = t("dashboard.heat_keys");
  let [day, at] = [0, 0];
  const move = (newDay, newAt) => {
    [day, at] = [Math.max(1, Math.min(7, newDay)), Math.max(0, Math.min(23, newAt))];
    cursor.setAttribute("x", left + at * size);
    cursor.setAttribute("y", top + (day - 1) * size);
    cursor.setAttribute("visibility", "visible");
    readout.textContent = read(day, at, cells.get(`${day}-${at}`) ?? 0);
  };
  const under = (event) => {
    const area = node.getBoundingClientRect();
    const scale = Math.min(area.width / width, area.height / height);
    const x = (event.clientX - area.left - (area.width - width * scale) / 2) / scale;
    const y = (event.clientY - area.top - (area.height - height * scale) / 2) / scale;
    return [Math.floor((y - top) / size) + 1, Math.floor((x - left) / size)];
  };
  node.addEventListener("pointermove", (event) => {
    const [newDay, newAt] = under(event);
    if (newDay >= 1 && newDay <= 7 && newAt >= 0 && newAt < 24 && (newDay !== day || newAt !== at)) move(newDay, newAt);
  });
  node.addEventListener("click", (event) => {
    const [newDay, newAt] = under(event);
    if (cells.get(`${newDay}-${newAt}`)) open(newDay, newAt);
  });
  steer(node, (key) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
    if (step) move(day ? day + step[0] : 1, day ? at + step[1] : 9);
    else if (key === "Enter" && day && cells.get(`${day}-${at}`)) open(day, at);
    else return false;
    return true;
  });
  return [node, readout];
}
