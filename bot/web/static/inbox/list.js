// The left column: views with counts, rows, search. Live rows are merged in place, so focus is never lost.

import { ago, call, el, icon, number, t } from "../desk.js";
import { channelIcon, channelName, moodChip, reasonName, shopperName, waitChip } from "./format.js";

const BELONGS = {
  waiting: (row) => row.owner === "queue",
  mine: (row, me) => row.owner === "agent" && row.agent?.id === me,
  people: (row) => row.owner === "agent",
  bot: (row) => row.owner === "bot",
  closed: (row) => row.owner === "closed",
  all: () => true,
};
const late = "\uffff";
const PRESS_MS = 3000; // a finger that is down for longer is no click
const ORDERS = {
  waiting: (a, b) => (a.waiting_since || late).localeCompare(b.waiting_since || late),
  mine: (a, b) => (a.waiting_since || late).localeCompare(b.waiting_since || late) || b.last_at.localeCompare(a.last_at),
};
const newest = (a, b) => b.last_at.localeCompare(a.last_at);

export class List {
  constructor({ me, slaSeconds, onOpen, onView, onChannel, onCounts }) {
    Object.assign(this, { me, slaSeconds, onOpen, onView, onChannel, onCounts });
    this.box = document.getElementById("rows");
    this.state = document.getElementById("rows-state");
    this.search = document.getElementById("search");
    this.channelField = document.getElementById("channel");
    this.channel = "";
    this.rows = new Map();
    this.nodes = new Map();
    this.view = "waiting";
    this.ids = "";
    this.open = "";
    this.hasMore = false;
    this.turn = 0;
    this.pressedAt = -Infinity;
    this.isDue = false; // drawing was put off
    let pause;
    this.search.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.load(), 200);
    });
    this.channelField.addEventListener("change", () => this.onChannel(this.channelField.value));
    document.getElementById("views").addEventListener("click", (event) => {
      const link = event.target.closest("[data-view]");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.onView(link.dataset.view);
    });
    this.box.addEventListener("click", (event) => {
      const link = event.target.closest("a.row");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.onOpen(link.dataset.id);
    });
    // A row that is drawn again, or moves, while it is pressed would lose the click.
    this.box.addEventListener("pointerdown", () => (this.pressedAt = performance.now()));
    for (const end of ["pointerup", "pointercancel", "dragend"]) {
      addEventListener(end, () => {
        this.pressedAt = -Infinity;
        setTimeout(() => this.isDue && this.draw()); // behind the click
      });
    }
    this.box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const links = [...this.box.querySelectorAll("a.row")];
      links[Math.min(links.length - 1, Math.max(0, links.indexOf(document.activeElement) + step))]?.focus();
    });
    setInterval(() => (this.isDue ? this.draw() : this.isPressed() || this.refreshTimes()), 10000);
  }

  isPressed() {
    return performance.now() - this.pressedAt < PRESS_MS;
  }

  setView(view, ids = "") {
    this.view = BELONGS[view] ? view : "waiting";
    this.ids = ids;
    for (const link of document.querySelectorAll("[data-view]")) {
      if (link.dataset.view === this.view && !ids) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    return this.load();
  }

  /** Show only what came over this channel; empty: all. Read with the next `load`. */
  setChannel(channel) {
    this.channelField.value = channel;
    this.channel = this.channelField.value === channel ? channel : "";
    if (!this.channel) this.channelField.value = "";
  }

  setOpen(id) {
    this.open = id;
    for (const [key, node] of this.nodes) {
      const link = node.firstChild;
      if (key === id) {
        link.setAttribute("aria-current", "true");
        node.scrollIntoView({ block: "nearest" });
      } else link.removeAttribute("aria-current");
    }
  }

  async load({ isMore = false } = {}) {
    const turn = ++this.turn;
    const query = new URLSearchParams({ view: this.view, q: this.search.value.trim(), ids: this.ids, channel: this.channel, offset: isMore ? this.rows.size : 0 });
    if (!isMore && this.rows.size === 0) this.skeleton();
    try {
      const data = await call("GET", `/api/inbox/conversations?${query}`);
      if (turn !== this.turn) return;
      if (!isMore) this.rows.clear();
      for (const row of data.conversations) this.rows.set(row.id, row);
      this.hasMore = data.has_more;
      this.setCounts(data.counts);
      this.draw();
    } catch (error) {
      if (turn === this.turn) this.failed(error);
    }
  }

  merge(rows, counts) {
    this.setCounts(counts);
    const isFiltered = Boolean(this.search.value.trim() || this.ids);
    for (const row of rows) {
      const fits = BELONGS[this.view](row, this.me) && (!this.channel || row.channel === this.channel);
      if (fits && (!isFiltered || this.rows.has(row.id))) this.rows.set(row.id, row);
      else if (!fits) this.rows.delete(row.id);
    }
    this.draw();
  }

  setCounts(counts) {
    this.counts = counts;
    for (const node of document.querySelectorAll("[data-count]")) {
      const count = counts[node.dataset.count];
      node.textContent = count ? number(count) : "";
    }
    this.onCounts(counts);
  }

  sorted() {
    return [...this.rows.values()].sort(ORDERS[this.view] || newest);
  }

  /** The row after (1) or before (-1) the open one. */
  neighbour(step) {
    const rows = this.sorted();
    const at = rows.findIndex((row) => row.id === this.open);
    return rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step]?.id;
  }

  draw() {
    this.isDue = this.isPressed();
    if (this.isDue) return;
    this.box.setAttribute("aria-busy", "false");
    const focused = document.activeElement?.closest?.("a.row")?.dataset.id;
    const rows = this.sorted();
    for (const [id, node] of this.nodes) {
      if (!this.rows.has(id)) {
        node.remove();
        this.nodes.delete(id);
      }
    }
    for (const node of [...this.box.children]) if (!node.dataset.id) node.remove();
    rows.forEach((row, index) => {
      let node = this.nodes.get(row.id);
      if (!node || node.row !== row) {
        const fresh = this.rowNode(row);
        if (node) node.replaceWith(fresh);
        node = fresh;
        this.nodes.set(row.id, node);
      }
      if (this.box.children[index] !== node) this.box.insertBefore(node, this.box.children[index] || null);
    });
    if (focused && document.activeElement === document.body) this.nodes.get(focused)?.firstChild.focus();
    this.refreshTimes();
    this.state.replaceChildren(...this.below(rows.length));
  }

  below(count) {
    if (this.hasMore) {
      return [el("button", { class: "button rows__more", type: "button", onclick: () => this.load({ isMore: true }) }, t("inbox.more"))];
    }
    if (count) return [];
    const kind = this.search.value.trim() || this.ids || this.channel ? "search" : this.view;
    return [el("div", { class: "empty" }, icon(kind === "search" ? "search" : kind === "waiting" ? "check" : "web"), el("strong", {}, t(`inbox.empty_${kind}`)), el("p", {}, t(`inbox.empty_${kind}_hint`)))];
  }

  rowNode(row) {
    const waits = Boolean(row.waiting_since);
    const reason = row.owner === "queue" || row.owner === "agent" ? row.reason : "";
    const mood = ["angry", "complaint"].includes(row.reason);
    const link = el(
      "a",
      { class: `row ${waits ? "row--waits" : ""}`, href: `/inbox/${row.id}`, "aria-current": row.id === this.open ? "true" : null, dataset: { id: row.id } },
      channelIcon(row.channel),
      el("span", { class: "row__name" }, shopperName(row), el("span", { class: "sr" }, ` (${channelName(row.channel)})`)),
      waits ? waitChip(row.waiting_since, this.slaSeconds) : el("span", { class: "row__time" }, ago(row.last_at)),
      el("span", { class: "row__text" }, (row.owner === "queue" && row.wants) || row.last_text || "…"),
      el(
        "span",
        { class: "row__foot" },
        reason ? el("span", { class: `chip ${mood ? "chip--bad" : row.owner === "queue" ? "chip--accent" : ""}` }, reasonName(reason)) : null,
        row.mood ? moodChip(row.mood, { isShort: true }) : null,
        row.left_message === "left" ? el("span", { class: "chip chip--info" }, t("inbox.left_message")) : null,
        el("span", { class: "chip", title: t("inbox.language") }, row.language.toUpperCase()),
        row.is_demo ? el("span", { class: "chip" }, t("inbox.demo")) : null,
        el("span", { class: "row__agent" }, row.agent ? (row.agent.id === this.me ? t("inbox.you") : row.agent.name) : row.owner === "agent" ? t("inbox.elsewhere") : row.owner === "bot" ? t("inbox.bot") : row.owner === "closed" ? t("inbox.closed") : ""),
      ),
    );
    const node = el("li", { dataset: { id: row.id } }, link);
    node.row = row;
    return node;
  }

  refreshTimes() {
    for (const chip of this.box.querySelectorAll(".wait")) chip.replaceWith(waitChip(chip.dataset.since, this.slaSeconds));
    for (const time of this.box.querySelectorAll("time")) time.replaceWith(ago(time.dateTime));
    const badge = document.querySelector('[data-count="waiting"]');
    badge.classList.toggle("is-late", this.view === "waiting" && Boolean(this.box.querySelector(".wait--late")));
  }

  skeleton() {
    this.isDue = false;
    this.nodes.clear();
    const line = () => el("li", { class: "row", "aria-hidden": "true" }, el("span", { class: "skeleton" }, "·"), el("span", { class: "skeleton" }, "·"), el("span", {}), el("span", { class: "row__text skeleton" }, "·"), el("span", { class: "row__foot" }));
    this.box.replaceChildren(line(), line(), line(), line());
    this.state.replaceChildren();
  }

  failed(error) {
    this.isDue = false;
    this.nodes.clear();
    this.box.replaceChildren();
    this.state.replaceChildren(el("div", { class: "empty" }, icon("alert"), el("strong", {}, t("inbox.list_failed")), el("p", {}, error.message), el("button", { class: "button", type: "button", onclick: () => this.load() }, t("common.retry"))));
  }
}
