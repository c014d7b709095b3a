// What is said to the shop in public: comments, posts and mentions, newest first.

import { ago, call, el, icon, t } from "../desk.js";
import { channelIcon, channelName, linked } from "./format.js";

const FILTERS = ["kind", "channel"];
const list = document.getElementById("touches");
const state = document.getElementById("touches-state");
const form = document.getElementById("filters");
const TONES = { replied: "chip--good", failed: "chip--bad" };
let turn = 0;
let cursor = "";

const chosen = () => Object.fromEntries(FILTERS.map((name) => [name, form.elements[name].value]).filter(([, value]) => value));

function stateOf(one) {
  const key = one.state === "replied" && one.reason ? `touches.replied_${one.reason}` : `touches.state_${one.state}`;
  return el("span", { class: `chip ${TONES[one.state] ?? ""}` }, t(key));
}

function node(one) {
  const isWeb = /^https?:\/\//.test(one.url || "");
  return el(
    "li",
    { class: "touch", dataset: { id: one.id } },
    el("div", { class: "touch__head" }, channelIcon(one.channel), el("strong", {}, one.name || t("touches.somebody")), el("span", {}, `${t(`touches.kind_${one.kind}`)} · ${channelName(one.channel)}`), ago(one.at)),
    one.state === "removed" ? el("p", { class: "quiet" }, t("touches.removed")) : el("p", { class: "touch__text" }, one.text ? linked(one.text) : el("span", { class: "quiet" }, t("touches.no_text"))),
    el(
      "div",
      { class: "touch__foot" },
      stateOf(one),
      isWeb ? el("a", { href: one.url, target: "_blank", rel: "noopener noreferrer nofollow" }, icon("link"), t("touches.open", { channel: channelName(one.channel) })) : null,
      one.conversation_id && one.owner ? el("a", { href: `/inbox/${one.conversation_id}` }, icon("comment"), t("touches.conversation")) : null,
    ),
  );
}

async function load({ isMore = false } = {}) {
  const mine = ++turn;
  if (!isMore) list.setAttribute("aria-busy", "true");
  try {
    const data = await call("GET", `/api/inbox/touches?${new URLSearchParams({ ...chosen(), cursor: isMore ? cursor : "" })}`);
    if (mine !== turn) return;
    const nodes = data.touches.map(node);
    if (isMore) list.append(...nodes);
    else list.replaceChildren(...nodes);
    cursor = data.cursor;
    below(nodes, isMore);
  } catch (error) {
    if (mine !== turn) return;
    state.replaceChildren(el("div", { class: "empty" }, icon("alert"), el("strong", {}, t("touches.failed")), el("p", {}, error.message), el("button", { class: "button", type: "button", onclick: () => load({ isMore }) }, t("common.retry"))));
  }
  list.setAttribute("aria-busy", "false");
}

function below(nodes, isMore) {
  if (isMore && nodes.length) {
    nodes[0].tabIndex = -1; // the button that was pressed is gone
    nodes[0].focus();
  }
  if (cursor) state.replaceChildren(el("button", { class: "button", type: "button", onclick: () => load({ isMore: true }) }, t("touches.more")));
  else if (list.children.length) state.replaceChildren();
  else {
    const isFiltered = Object.keys(chosen()).length > 0;
    state.replaceChildren(el("div", { class: "empty" }, icon(isFiltered ? "search" : "comment"), el("strong", {}, t(isFiltered ? "touches.none_found" : "touches.none")), el("p", {}, t(isFiltered ? "touches.none_found_hint" : "touches.none_hint"))));
  }
}

function read() {
  const query = new URLSearchParams(location.search);
  for (const name of FILTERS) {
    form.elements[name].value = query.get(name) ?? "";
    if (form.elements[name].selectedIndex < 0) form.elements[name].value = "";
  }
  load();
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", () => {
  const query = new URLSearchParams(chosen()).toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  load();
});
window.addEventListener("popstate", read);
read();
