// What all pages of the desk share: texts, calls with CSRF, dates and money in the reader's locale, toasts, the user menu.

import { formatting, wording } from "./formats.js";

const read = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");

const texts = read("texts");
export const page = read("page");

export const ways = formatting(page.locale, page.formats);
export const { number, percent, list, languageName } = ways;

/** The text of a key. */
export const t = wording(texts, ways);

export class CallFailed extends Error {
  constructor(status, code, message, data) {
    super(message);
    this.status = status;
    this.code = code;
    this.data = data;
  }
}

/** Call an API; answers its JSON, throws CallFailed with the server's words (status 0: not reached). */
export async function call(method, path, body, { signal, keepalive } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      signal,
      keepalive,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "GET" ? {} : { "X-CSRF-Token": page.csrf }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new CallFailed(0, "offline", t("common.offline_call"), {});
  }
  const data = await response.json().catch(() => ({}));
  if (response.status === 401) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  if (!response.ok) throw new CallFailed(response.status, data.error, data.message || t("common.failed"), data);
  return data;
}

/** An element: el("p", { class: "x", onclick }, "text", child). Texts are never read as HTML. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A random UUID, also where the page came over plain HTTP (crypto.randomUUID needs a secure context). */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of icons.svg. */
export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${page.icons}#${name}`);
  svg.append(use);
  return svg;
}

export const money = (minor, currency) => ways.money(minor, currency || "EUR");
export const exact = (at) => ways.moment(at, "exact");
export const day = (at) => ways.moment(at, "date");
export const clock = (at) => ways.moment(at, "clock");

/** A span as people read it at a glance: 45s, 12m, 3h, 2d. */
export function span(seconds) {
  if (seconds < 60) return ways.unit("second", Math.max(0, Math.floor(seconds)));
  if (seconds < 3600) return ways.unit("minute", Math.floor(seconds / 60));
  if (seconds < 86400) return ways.unit("hour", Math.floor(seconds / 3600));
  return ways.unit("day", Math.floor(seconds / 86400));
}

/** A <time> with a relative text and the exact time on hover. */
export function ago(at) {
  const seconds = (Date.now() - new Date(at)) / 1000;
  return el("time", { datetime: at, title: exact(at) }, seconds < 60 ? t("common.now") : span(seconds));
}

/** Say something for a while; `action` is {label, run}. */
export function toast(text, action) {
  const box = document.getElementById("toasts");
  const note = el("div", { class: "toast" }, el("span", {}, text));
  const gone = () => note.remove();
  if (action) note.append(el("button", { type: "button", onclick: () => { gone(); action.run(); } }, action.label));
  const shut = el("button", { type: "button", "aria-label": t("common.dismiss"), onclick: gone });
  shut.append(icon("close"));
  note.append(shut);
  box.append(note);
  while (box.children.length > 3) box.firstChild.remove();
  setTimeout(gone, action ? 10000 : 6000);
}

// Moments that the server wrote, on the shop's clock.
for (const time of document.querySelectorAll("time[data-zone]")) time.textContent = ways.moment(time.dateTime, time.dataset.style, time.dataset.zone);

const keep = (name, value) => {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
};

for (const button of document.querySelectorAll("[data-theme-choice]")) {
  button.addEventListener("click", () => {
    const choice = button.dataset.themeChoice;
    keep("aisle_theme", choice);
    if (choice === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = choice;
    for (const other of document.querySelectorAll("[data-theme-choice]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
}
for (const button of document.querySelectorAll("[data-locale-choice]")) {
  button.addEventListener("click", () => {
    keep("aisle_locale", button.dataset.localeChoice);
    location.reload();
  });
}
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
