// The list above the composer: `/` for canned replies, `#` for products. Arrow keys, Enter or Tab, Escape.

import { el, t } from "../desk.js";

const TRIGGER = /(^|\s)([/#])([^\s/#][^\n/#]{0,40}|)$/;

export class Picker {
  /** `sources` maps "/" and "#" to {find(text) -> items, draw(item) -> nodes, choose(item, replace)}. */
  constructor(field, box, sources) {
    Object.assign(this, { field, box, sources });
    this.items = [];
    this.at = 0;
    this.turn = 0;
    this.list = el("div", { class: "pick", role: "listbox", id: "pick", "aria-label": t("inbox.suggestions"), hidden: true });
    box.append(this.list);
    field.setAttribute("aria-autocomplete", "list");
    field.addEventListener("input", () => this.look());
    field.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Open by a button, as if the sign had been typed. */
  start(sign) {
    const { field } = this;
    const before = field.value.slice(0, field.selectionStart);
    field.focus();
    field.setRangeText(`${before && !/\s$/.test(before) ? " " : ""}${sign}`, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  look() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const found = TRIGGER.exec(before);
    if (!found || !this.sources[found[2]]) return this.hide();
    this.sign = found[2];
    this.from = before.length - found[3].length - 1;
    const turn = ++this.turn;
    clearTimeout(this.pause);
    this.pause = setTimeout(async () => {
      const items = await this.sources[this.sign].find(found[3].trim()).catch(() => []);
      if (turn === this.turn) this.draw(items);
    }, this.sign === "#" ? 180 : 0);
  }

  draw(items) {
    this.items = items;
    this.at = 0;
    const source = this.sources[this.sign];
    const nodes = items.map((item, index) =>
      el("div", { class: "pick__one", role: "option", id: `pick-${index}`, "aria-selected": String(index === 0), onmousedown: (event) => { event.preventDefault(); this.choose(index); } }, source.draw(item)),
    );
    this.list.replaceChildren(...(nodes.length ? nodes : [el("div", { class: "pick__none" }, t(this.sign === "#" ? "inbox.no_products" : "inbox.no_canned"))]));
    this.list.hidden = false;
    this.mark();
  }

  mark() {
    [...this.list.querySelectorAll("[role=option]")].forEach((node, index) => {
      node.setAttribute("aria-selected", String(index === this.at));
      if (index === this.at) node.scrollIntoView({ block: "nearest" });
    });
    this.field.setAttribute("aria-controls", "pick");
    if (this.items.length) this.field.setAttribute("aria-activedescendant", `pick-${this.at}`);
  }

  hide() {
    this.turn++;
    clearTimeout(this.pause);
    this.list.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }

  choose(index) {
    const item = this.items[index];
    const to = this.field.selectionStart;
    this.hide();
    this.sources[this.sign].choose(item, (text) => {
      this.field.setRangeText(text, this.from, to, "end");
      this.field.dispatchEvent(new Event("input", { bubbles: true }));
      this.hide();
      this.field.focus();
    });
  }

  /** Whether the key was for the list. */
  key(event) {
    if (!this.isOpen) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.hide();
    else if (!this.items.length) return false;
    else if (step) {
      this.at = (this.at + step + this.items.length) % this.items.length;
      this.mark();
    } else if (event.key === "Enter" || event.key === "Tab") this.choose(this.at);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
