// What each panel shows: which metrics it asks for and how it draws them. Every panel also has a table and a CSV file.

import { el, icon, t } from "../desk.js";
import { bar, heatmap, intervals, lines, stacked, swatch } from "./charts.js";
import { hour, show, step, weekday } from "./format.js";

/** The value of a column in a row of a result; null when there is none. */
export function cell(result, key, column) {
  const row = result?.rows.find((item) => item.key === key);
  if (!row) return null;
  return row.cells[result.columns.findIndex((item) => item.name === column)] ?? null;
}

const points = (result, key) => (result.series.find((line) => line.key === key)?.points ?? []).map(([at, value, n]) => ({ at, value, n }));
const axisUnit = (result) => (result.scope.step === "hour" ? t("dashboard.per_hour") : result.scope.step === "week" ? t("dashboard.per_week") : t("dashboard.per_day"));
const at = (result, when, long = false) => step(when, { long, unit: result.scope.step });

/** The heading of a part of a panel that is a number of its own, with its file. */
export const part = (result, file) => el("div", { class: "panel__part" }, el("h3", {}, result.title), result.rows.length ? file : null);

/** Rows as a list of bars with words; each opens its conversations. */
function barList(result, { rows, column = "conversations", extra, mark = 1, most = 8, href }) {
  const place = result.columns.findIndex((item) => item.name === column);
  const top = Math.max(1, ...rows.map((row) => row.cells[place] ?? 0));
  const before = (row) => {
    const value = result.previous ? cell({ columns: result.columns, rows: result.previous.rows }, row.key, column) : null;
    return value === null ? null : value / top;
  };
  const item = (row) => el("li", { class: "bars__item" },
    el("a", { class: "bars__label", href: href(row.key) }, row.label),
    el("span", { class: "bars__value num" }, show(row.cells[place], "count"), extra ? el("span", { class: "quiet" }, ` ${extra(row)}`) : null),
    bar((row.cells[place] ?? 0) / top, { mark, before: before(row) }));
  const list = el("ol", { class: "bars", role: "list" }, rows.slice(0, most).map(item));
  if (rows.length <= most) return [list];
  const rest = rows.slice(most);
  const more = el("button", { class: "button button--small button--bare", type: "button" }, t("dashboard.more", { n: rest.length }));
  more.addEventListener("click", () => {
    const added = rest.map(item);
    list.append(...added);
    more.remove();
    added[0].querySelector("a").focus();
  });
  return [list, more];
}

function conversations(result, { href, room }) {
  const now = points(result, "all");
  const before = (result.previous?.series[0]?.points ?? []).map(([when, value, n]) => ({ at: when, value, n })).slice(0, now.length);
  const given = [{ key: "now", label: result.title, points: now, className: "line--1" }];
  if (before.length === now.length) given.unshift({ key: "before", label: t("dashboard.before"), points: before, className: "line--before" });
  const channels = result.rows.filter((row) => row.key !== "all");
  const share = result.columns.findIndex((item) => item.name === "share");
  return [
    ...lines({
      title: result.title, description: `${show(cell(result, "all", "conversations"), "count")}`, lines: given, width: room, axis: axisUnit(result),
      format: (value) => show(value, "number"), label: (when) => at(result, when),
      read: (index) => `${at(result, now[index].at, true)}: ${show(now[index].value, "count")}${before.length === now.length ? ` (${t("dashboard.before")}: ${show(before[index].value, "count")})` : ""}`,
    }),
    ...barList(result, { rows: channels, href, extra: (row) => show(row.cells[share], "percent") }),
  ];
}

const MARKS = { bot_confirmed: 1, bot_assumed: 2, agent: 3, missed: 4, abandoned: 5 };

function outcomes(result, { href, room }) {
  const rows = Object.keys(MARKS).map((key) => result.rows.find((row) => row.key === key)).filter(Boolean);
  const parts = rows.map((row) => ({ label: row.label, value: row.cells[0], mark: MARKS[row.key], text: show(row.cells[1], "percent", { short: true }) }));
  const open = cell(result, "open", "conversations");
  const before = (row) => {
    const value = result.previous ? cell({ columns: result.columns, rows: result.previous.rows }, row.key, "share") : null;
    return value === null ? null : el("span", { class: "quiet" }, ` (${t("dashboard.before")} ${show(value, "percent")})`);
  };
  return [
    stacked({ title: result.title, description: parts.map((part) => `${part.label}: ${part.text}`).join(", "), parts, width: room }),
    el("ul", { class: "legend", role: "list" }, rows.map((row) => el("li", {}, swatch(MARKS[row.key]),
      el("a", { href: href(row.key) }, row.label), " ", el("strong", { class: "num" }, show(row.cells[1], "percent")),
      el("span", { class: "quiet num" }, ` · ${show(row.cells[0], "count")}`), before(row)))),
    open ? el("p", { class: "quiet" }, el("a", { href: href("open") }, t("dashboard.still_open", { n: open }))) : null,
  ];
}

function responseTime(result, { href, room }) {
  const width = room > 800 ? (room - 12) / 2 : room;
  return result.rows.map((row) => {
    const [median, p90] = [points(result, `${row.key}.median`), points(result, `${row.key}.p90`)];
    const value = (name) => show(cell(result, row.key, name), "seconds");
    return el("div", { class: "half" },
      el("h3", {}, el("a", { href: href(row.key) }, row.label)),
      el("p", { class: "facts num" }, `${t("dashboard.median")} `, el("strong", {}, value("median")), ` · ${t("dashboard.p90")} `, el("strong", {}, value("p90")),
        ` · ${t("dashboard.average")} `, el("strong", {}, value("average")), el("span", { class: "quiet" }, ` · n = ${show(row.cells[0], "count")}`)),
      ...lines({
        title: `${result.title}: ${row.label}`, description: `${t("dashboard.median")} ${value("median")}, ${t("dashboard.p90")} ${value("p90")}`,
        lines: [{ key: "p90", label: t("dashboard.p90"), points: p90, className: "line--p90" }, { key: "median", label: t("dashboard.median"), points: median, className: "line--1" }],
        band: ["median", "p90"], width, axis: t("dashboard.time_axis"), isDuration: true, format: (amount) => (amount === 0 ? "0" : show(amount, "seconds")), label: (when) => at(result, when),
        read: (index) => `${at(result, median[index].at, true)}: ${t("dashboard.median")} ${show(median[index].value, "seconds")}, ${t("dashboard.p90")} ${show(p90[index].value, "seconds")}, n = ${show(median[index].n, "count")}`,
      }));
  }).concat(el("p", { class: "key" }, el("span", { class: "key__line key__line--1" }), t("dashboard.median"), el("span", { class: "key__line key__line--p90" }), t("dashboard.p90")));
}

function volume(result, { href, room }) {
  const cells = new Map(result.rows.map((row) => [row.key, row.conversations]));
  const busiest = result.rows.reduce((most, row) => (row.conversations > (most?.conversations ?? 0) ? row : most), null);
  const name = (day, from) => t("dashboard.hour_of", { day: weekday(day, true), from: hour(from), to: hour((from + 1) % 24) });
  return heatmap({
    title: result.title, description: busiest ? t("dashboard.busiest", { hour: name(busiest.cells[0], busiest.cells[1]), n: busiest.conversations }) : "",
    cells, width: room, weekday: (day) => weekday(day), hour: (from) => hour(from),
    read: (day, from, value) => `${name(day, from)}: ${show(value, "count")}`,
    open: (day, from) => location.assign(href(`${day}-${from}`)),
  });
}

function csat(result, { href, csv, others, room }) {
  const value = (row, name) => row.cells[result.columns.findIndex((item) => item.name === name)];
  const rows = result.rows.map((row) => ({
    label: row.label, value: value(row, "score"), low: value(row, "low"), high: value(row, "high"),
    text: value(row, "n") ? `${show(value(row, "score"), "percent")} (n = ${show(value(row, "n"), "count")})` : t("dashboard.no_answers"),
  }));
  const scores = others.csat_scores;
  const comments = others.comments.rows.slice(0, 6);
  return [
    intervals({ title: result.title, description: rows.map((row) => `${row.label}: ${row.text}`).join("; "), rows, width: room, axis: t("dashboard.satisfied"), format: (mark) => show(mark, "percent", { short: true }) }),
    el("p", { class: "quiet" }, t("dashboard.response_rate", { rate: show(cell(result, "all", "response"), "percent"), n: show(cell(result, "all", "n"), "count"), sent: show(cell(result, "all", "sent"), "count") })),
    scores.rows.length ? part(scores, csv(scores)) : null,
    ...(scores.rows.length ? barList(scores, { rows: scores.rows, column: "answers", href: (key) => href(key, "csat_scores"), extra: (row) => show(row.cells[1], "percent", { short: true }) }) : []),
    part(others.comments, csv(others.comments)),
    comments.length ? el("ul", { class: "comments", role: "list" }, comments.map((row) => el("li", {},
      el("span", { class: `chip ${row.cells[1] >= 4 ? "chip--good" : row.cells[1] <= 2 ? "chip--bad" : "chip--warn"}` }, `${row.cells[1]}/5`),
      el("a", { href: href(row.key, "comments") }, row.cells[2]), el("span", { class: "quiet nowrap" }, show(row.cells[0], "at"))))) : el("p", { class: "quiet" }, others.comments.missing),
  ];
}

/** Where an answer to a question is written. What shoppers wrote stays behind the #, which no server and no log sees. */
const teach = (row) => `/answers#${new URLSearchParams({ teach: row.label, topic: row.cells[5] })}`;

function unanswered(result, { href }) {
  const item = (row) => el("tr", {},
    el("th", { scope: "row" }, el("a", { href: href(row.key) }, row.label), row.cells[3] > 1 ? el("span", { class: "quiet" }, ` ${t("dashboard.wordings", { n: row.cells[3] })}`) : null),
    el("td", { class: "num end" }, show(row.cells[1], "count")), el("td", { class: "num end" }, show(row.cells[2], "count")),
    el("td", { class: "end" }, el("a", { class: "button button--small", href: teach(row), "aria-label": t("dashboard.teach_about", { question: row.label }) }, icon("edit"), t("dashboard.teach"))));
  return [scroll(result.title, el("table", { class: "table" },
    el("thead", {}, el("tr", {}, ...[0, 1, 2].map((place) => el("th", { scope: "col", class: place ? "end" : null }, result.columns[place].title)), el("td"))),
    el("tbody", {}, result.rows.slice(0, 10).map(item))))];
}

const scroll = (label, table) => el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, table);

/** Any result as a table: first column opens the conversations. */
export function table(result, href, { most = 200 } = {}) {
  const hasLabel = !result.columns.some((column) => column.unit === "text");
  const end = (unit) => (unit === "text" ? null : "num end");
  return scroll(result.title, el("table", { class: "table" },
    el("thead", {}, el("tr", {}, hasLabel ? el("th", { scope: "col" }, t("dashboard.name")) : null, result.columns.map((column) => el("th", { scope: "col", class: end(column.unit) }, column.title)))),
    el("tbody", {}, result.rows.slice(0, most).map((row) => el("tr", {},
      hasLabel ? el("th", { scope: "row" }, el("a", { href: href(row.key) }, row.label)) : null,
      row.cells.map((value, place) => {
        const { unit } = result.columns[place];
        const text = unit === "at" ? show(value, "at") : show(value, unit);
        return el("td", { class: end(unit) }, !hasLabel && unit === "text" && value === row.label ? el("a", { href: href(row.key) }, text) : text);
      }))))));
}

const asTable = (result, { href }) => [table(result, href, { most: 12 })];
const asBars = (options) => (result, { href }) => barList(result, { rows: result.rows.filter((row) => row.key !== "all"), href, ...options });

/** `also`: further metrics the drawing needs; `compare`: it shows the period before. */
const PANELS = {
  outcomes: { draw: outcomes, compare: true },
  conversations: { draw: conversations, compare: true },
  volume: { draw: volume },
  response_time: { draw: responseTime },
  csat: { draw: csat, also: ["csat_scores", "comments"] },
  unanswered: { draw: unanswered },
  handoffs: { draw: asBars({ extra: (row) => show(row.cells[1], "percent") }), compare: true },
  intents: { draw: asBars({}) },
  products: { draw: asBars({}) },
  searches: { draw: asBars({ extra: (row) => (row.cells[2] === 0 ? t("dashboard.nothing_found") : "") }) },
  channels: { draw: asTable },
  channel_service: { draw: asTable },
  workload: { draw: asTable },
  first_human_response: { draw: asTable },
  resolution_time: { draw: asTable },
  durable: { draw: asTable },
  messages: { draw: asTable },
};

/** The order of the page: bands, each of one wide panel or of two columns. */
export const BANDS = [
  [["outcomes"]],
  [["conversations"], ["volume", "handoffs"]],
  [["response_time"]],
  [["csat", "products"], ["unanswered", "intents", "searches"]],
  [["channel_service"]],
  [["workload"]],
  [["channels", "first_human_response", "messages"], ["resolution_time", "durable"]],
].map((columns) => columns.map((names) => names.map((name) => ({ name, ...PANELS[name] }))));

/** The row of figures: which number of which metric, and whether more of it is better (1), worse (-1) or neither (0). */
export const FIGURES = [
  { metric: "conversations", row: "all", column: "conversations", series: "all", better: 0 },
  { metric: "outcomes", row: "bot", column: "share", n: "closed", series: "bot", better: 1 },
  { metric: "handoffs", row: "all", column: "share", n: "conversations", series: "all", better: 0 },
  { metric: "response_time", row: "bot", column: "median", n: "answers", series: "bot.median", better: -1 },
  { metric: "first_human_response", row: "all", column: "median", n: "answers", better: -1 },
  { metric: "csat", row: "all", column: "score", n: "n", series: "all", better: 1, behind: "answered" },
  { metric: "durable", row: "all", column: "share", n: "n", better: 1 },
];
