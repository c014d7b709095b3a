// The dashboard: reads the state from the address, fetches the metrics, draws figures and panels.

import { call, el, icon, number, t, ways } from "../desk.js";
import { sparkline } from "./charts.js";
import { change, show } from "./format.js";
import { BANDS, cell, FIGURES, part, table } from "./panels.js";
import { behind, read, scope, write } from "./state.js";

const data = JSON.parse(document.getElementById("dashboard").textContent);
const $ = (id) => document.getElementById(id);
const controls = $("controls");
let state = read();
let running = null;
const tables = new Set(); // panels the reader wants as a table

/** Numbers made from the same reading of how conversations ended: asked for together, they cost little more than one. */
const TOGETHER = ["outcomes", "durable", "channels", "resolution_time"];

/** Asks for a metric once per state, all that are wanted in the same moment together; figures and panels share the answer. */
function source(signal) {
  const asked = new Map();
  const waiting = { yes: new Map(), no: new Map() };
  const fetchAll = async (compare) => {
    const wanted = waiting[compare];
    waiting[compare] = new Map();
    try {
      const names = new URLSearchParams({ names: [...wanted.keys()].join(",") });
      const { metrics } = await call("GET", `/api/dashboard?${names}&${scope(state, { compare: compare === "yes" })}`, undefined, { signal });
      for (const [name, { resolve }] of wanted) resolve(metrics[name]);
    } catch (error) {
      for (const { reject } of wanted.values()) reject(error);
    }
  };
  return (name, { compare = false } = {}) => {
    if (asked.has(name)) return asked.get(name);
    const isCompared = compare || TOGETHER.includes(name) || FIGURES.some((figure) => figure.metric === name);
    const kind = isCompared ? "yes" : "no";
    if (!waiting[kind].size) setTimeout(fetchAll, 0, kind);
    for (const one of TOGETHER.includes(name) ? TOGETHER : [name]) {
      asked.set(one, new Promise((resolve, reject) => waiting[kind].set(one, { resolve, reject })));
      asked.get(one).catch(() => {}); // whoever draws it says what went wrong
    }
    return asked.get(name);
  };
}

function explain(metric) {
  $("definition-title").textContent = metric.title;
  $("definition-text").textContent = metric.definition;
  $("definition-formula").textContent = metric.formula;
  $("definition").showModal();
}

const why = (metric) => el("button", { class: "why", type: "button", "aria-label": t("dashboard.what_is", { name: metric.title }), title: t("dashboard.what_is", { name: metric.title }), onclick: () => explain(metric) }, icon("help"));

const csv = (metric) => el("a", { class: "button button--small button--bare", href: `/api/dashboard/${metric.name}.csv?${scope(state)}`, download: "", "aria-label": t("dashboard.csv_of", { name: metric.title }) }, "CSV");

function moved(figure, metric, unit) {
  if (!metric.previous) return null;
  const before = cell({ columns: metric.columns, rows: metric.previous.rows }, figure.row, figure.column);
  const found = change(cell(metric, figure.row, figure.column), before, unit);
  if (!found) return el("span", { class: "quiet" }, t("dashboard.nothing_before"));
  const mood = found.sign * figure.better;
  const arrow = found.sign > 0 ? "▲" : found.sign < 0 ? "▼" : "=";
  const word = t(found.sign > 0 ? "dashboard.more_than_before" : found.sign < 0 ? "dashboard.less_than_before" : "dashboard.as_before");
  return el("span", { class: `moved ${mood > 0 ? "moved--good" : mood < 0 ? "moved--bad" : ""}`, title: t("dashboard.before_was", { value: show(before, unit) }) },
    el("span", { "aria-hidden": "true" }, `${arrow} `), el("span", { class: "sr" }, `${word}: `), found.text);
}

function figureCard(figure, metric) {
  const { unit } = metric.columns.find((column) => column.name === figure.column);
  const value = cell(metric, figure.row, figure.column);
  const n = figure.n === "closed" ? cell(metric, "closed", "conversations") : figure.n ? cell(metric, figure.row, figure.n) : null;
  const series = metric.series.find((line) => line.key === figure.series);
  const old = metric.previous?.series.find((line) => line.key === figure.series);
  const as = (line) => (line?.points ?? []).map(([at, amount]) => ({ at, value: amount }));
  const title = t(`dashboard.figure.${figure.metric}`);
  return el("article", { class: "figure card", "aria-label": title },
    el("h2", { class: "figure__title" }, title, why(metric)),
    value === null
      ? el("p", { class: "figure__none quiet" }, metric.missing || t("dashboard.no_value"))
      : el("p", { class: "figure__value" }, el("a", { class: "num", href: behind(state, figure.metric, figure.behind ?? figure.row), "data-value": String(value) }, show(value, unit))),
    el("p", { class: "figure__foot num" }, value === null ? null : moved(figure, metric, unit), n === null ? null : el("span", { class: "quiet" }, `n = ${number(n)}`)),
    series && value !== null ? sparkline(as(series), as(old)) : null);
}

function failed(box, error, again) {
  box.replaceChildren(el("div", { class: "failed", role: "alert" }, el("p", {}, error.message), el("button", { class: "button button--small", type: "button", onclick: again }, t("common.retry"))));
}

function drawFigures(get, signal) {
  $("figures").replaceChildren(...FIGURES.map((figure) => {
    const box = el("div", { class: "figure__box", "aria-busy": "true" }, el("div", { class: "figure card skeleton" }, t(`dashboard.figure.${figure.metric}`)));
    const fill = () => get(figure.metric, { compare: true }).then((metric) => {
      box.replaceChildren(figureCard(figure, metric));
      if (figure.metric === "conversations") describe(metric);
    }).catch((error) => { if (!signal.aborted) failed(box, error, load); }).finally(() => box.removeAttribute("aria-busy"));
    fill();
    return box;
  }));
}

/** The period in words, under the heading. */
function describe(metric) {
  const written = (at) => ways.moment(at, "date", data.timezone);
  const range = (start, end) => [...new Set([written(start), written(new Date(end) - 1)])].join(" – ");
  const { start, end, previous } = metric.scope;
  $("span").textContent = state.compare === "yes"
    ? t("dashboard.span_compared", { range: range(start, end), before: range(previous.start, previous.end), zone: data.timezone })
    : t("dashboard.span", { range: range(start, end), zone: data.timezone });
  $("demo-note").hidden = !metric.scope.include_demo;
  controls.elements.demo.checked = metric.scope.include_demo;
}

function panel(wanted, get, signal) {
  const body = el("div", { class: "panel__body", "aria-busy": "true" }, el("div", { class: "skeleton panel__wait" }, t("dashboard.loading")));
  const tools = el("div", { class: "panel__tools" });
  const heading = el("h2", { id: `panel-${wanted.name}` }, t(`dashboard.panel.${wanted.name}`));
  const box = el("section", { class: "panel card", "aria-labelledby": `panel-${wanted.name}`, dataset: { panel: wanted.name } },
    el("header", { class: "panel__head" }, heading, tools), body);
  const show_ = (metric, others) => {
    const href = (row, name = wanted.name) => behind(state, name, row);
    const isEmpty = !metric.rows.length;
    const isTable = tables.has(wanted.name) && !isEmpty;
    const hasChart = wanted.draw.name !== "asTable";
    const swap = el("button", { class: "button button--small button--bare", type: "button", "aria-pressed": String(isTable) }, t(isTable ? "dashboard.as_chart" : "dashboard.as_table"));
    swap.addEventListener("click", () => {
      if (isTable) tables.delete(wanted.name); else tables.add(wanted.name);
      show_(metric, others);
      tools.querySelector("[aria-pressed]").focus();
    });
    tools.replaceChildren(why(metric), ...(hasChart && !isEmpty ? [swap] : []),
      csv(metric));
    if (isEmpty) body.replaceChildren(el("p", { class: "empty" }, metric.missing || t("dashboard.no_value")));
    else if (isTable) body.replaceChildren(...[metric, ...Object.values(others)].flatMap((result) => [result === metric ? null : part(result, csv(result)), table(result, (row) => href(row, result.name))]).filter(Boolean));
    else body.replaceChildren(...wanted.draw(metric, { href, csv, others, room: Math.max(280, body.clientWidth) }).filter(Boolean));
  };
  const fill = () => Promise.all([get(wanted.name, wanted), ...(wanted.also ?? []).map((name) => get(name))])
    .then(([metric, ...others]) => show_(metric, Object.fromEntries(others.map((other) => [other.name, other]))))
    .catch((error) => { if (!signal.aborted) failed(body, error, load); })
    .finally(() => body.removeAttribute("aria-busy"));
  return { box, fill };
}

function load() {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const get = source(signal);
  $("wrong").hidden = true;
  if (state.period === "custom" && (!state.from || !state.to || state.from > state.to)) {
    $("wrong").textContent = t("dashboard.dates_wrong");
    $("wrong").hidden = false;
    return;
  }
  drawFigures(get, signal);
  const made = [];
  const place = (wanted) => {
    made.push(panel(wanted, get, signal));
    return made.at(-1).box;
  };
  $("panels").replaceChildren(...BANDS.map((columns) => el("div", { class: `band-of band-of--${columns.length}` }, columns.map((names) => el("div", { class: "column" }, names.map(place))))));
  // What is far down the page is asked for when it comes near, so that the top is there at once.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((item) => item.isIntersecting)) {
      near.unobserve(entry.target);
      made.find(({ box }) => box === entry.target).fill();
    }
  }, { rootMargin: "600px" });
  for (const { box } of made) near.observe(box);
  signal.addEventListener("abort", () => near.disconnect());
}

function intoControls() {
  const { elements } = controls;
  elements.period.value = state.period;
  for (const name of ["from", "to", "channel", "language", "segment"]) elements[name].value = state[name];
  elements.compare.checked = state.compare === "yes";
  elements.demo.checked = state.demo === "yes" || (state.demo === "" && !data.has_own);
  $("dates").hidden = state.period !== "custom";
}

const day = (ago) => new Intl.DateTimeFormat("sv-SE", { timeZone: data.timezone }).format(new Date(Date.now() - ago * 86400000));

controls.addEventListener("change", (event) => {
  const { elements } = controls;
  const next = { ...state, period: elements.period.value, compare: elements.compare.checked ? "yes" : "no" };
  for (const name of ["from", "to", "channel", "language", "segment"]) next[name] = elements[name].value;
  if (event.target.name === "demo") next.demo = elements.demo.checked === !data.has_own ? "" : elements.demo.checked ? "yes" : "no";
  if (next.period === "custom" && !next.from && !next.to) [next.from, next.to] = [day(13), day(0)];
  state = next;
  write(state);
  intoControls();
  load();
});
controls.addEventListener("submit", (event) => event.preventDefault());
addEventListener("popstate", () => { state = read(); intoControls(); load(); });
$("definition-close").addEventListener("click", () => $("definition").close());
$("definition").addEventListener("click", (event) => { if (event.target === $("definition")) $("definition").close(); });

intoControls();
load();
