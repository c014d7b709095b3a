// Writing: replies and notes, canned replies, products, drafts that survive everything.

import { call, el, exact, icon, t, uuid } from "../desk.js";
import { draftOf, keepDraft, keepUnsent, unsentOf } from "./drafts.js";
import { picture, price, stock } from "./parts.js";
import { Picker } from "./picker.js";

const TYPING_EVERY = 3000;
const LOOK_AGAIN = 15000;
const MEASURES = {
  characters: (text) => [...text].length,
  bytes: (text) => new TextEncoder().encode(text).length,
  utf16: (text) => text.length,
};

export class Composer {
  constructor({ me, onTake, onHandBack, onStale, thread }) {
    Object.assign(this, { me, onTake, onHandBack, onStale, thread });
    this.canned = new Map(); // language -> replies
    this.build();
    setInterval(() => this.lookAgain(), LOOK_AGAIN);
  }

  build() {
    this.field = el("textarea", { id: "composer", rows: 2, "aria-label": t("inbox.write_reply"), "aria-describedby": "composer-advice" });
    this.items = el("div", { class: "composer__items", hidden: true });
    this.box = el("div", { class: "composer__box" }, this.items, this.field);
    this.tabs = {
      reply: el("button", { class: "tab", type: "button", onclick: () => this.setMode("reply", true) }, t("inbox.reply")),
      note: el("button", { class: "tab", type: "button", "aria-keyshortcuts": "N", onclick: () => this.setMode("note", true) }, t("inbox.note")),
    };
    this.send = el("button", { class: "button button--main button--small", type: "button", onclick: () => this.submit() }, icon("send"), t("inbox.send"));
    this.hint = el("span", { class: "composer__hint" });
    const cannedButton = el("button", { class: "button button--bare button--small", type: "button", title: t("inbox.canned_hint"), onclick: () => this.picker.start("/") }, icon("slash"), t("inbox.canned"));
    const productButton = el("button", { class: "button button--bare button--small", type: "button", title: t("inbox.product_hint"), onclick: () => this.picker.start("#") }, icon("hash"), t("inbox.product"));
    this.tools = [cannedButton, productButton];
    this.box.append(el("div", { class: "composer__foot" }, cannedButton, productButton, this.hint, this.send));
    this.locked = el("div", { class: "locked", hidden: true });
    this.advice = el("p", { class: "composer__advice", id: "composer-advice", role: "status", hidden: true });
    this.root = el("div", { class: "composer" }, el("div", { class: "composer__bar", role: "group", "aria-label": t("inbox.mode") }, this.tabs.reply, this.tabs.note), this.locked, this.advice, this.box);
    this.picker = new Picker(this.field, this.box, {
      "/": { find: (text) => this.findCanned(text), draw: (item) => [el("strong", {}, item.title), el("span", {}, this.fill(item.text))], choose: (item, put) => put(this.fill(item.text)) },
      "#": { find: (text) => this.findProducts(text), draw: (item) => [picture(item.image, ""), el("div", {}, el("strong", {}, item.title), " ", el("span", { class: "num" }, `${price(item)} · ${stock(item)}`))], choose: (item, put) => { put(""); this.addProduct(item); } },
    });
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => {
      if (this.picker.key(event)) return;
      if (event.key === "Enter" && !event.isComposing && (event.metaKey || event.ctrlKey || (!event.shiftKey && !event.altKey))) {
        event.preventDefault();
        this.submit();
      } else if (event.key === "Escape") this.field.blur();
    });
  }

  /** Write to this conversation; what was typed for it before is there again. */
  open(conversation) {
    this.conversation = conversation;
    this.draft = { products: [], ...draftOf(conversation.id) };
    this.picker.hide();
    this.drawProducts();
    this.update(conversation);
    this.setMode(this.draft.note && this.draft.mode === "note" ? "note" : "reply", false);
    for (const item of unsentOf(conversation.id)) {
      this.thread.addPending(item);
      this.deliver(item);
    }
  }

  canReply() {
    return this.conversation.owner === "agent" && this.conversation.agent?.id === this.me;
  }

  /** The conversation changed hands: say who may write. */
  update(conversation) {
    if (this.conversation?.id !== conversation.id) return;
    this.conversation = conversation;
    this.drawLock();
  }

  /** Whether the channel lets a reply leave; its words when it does not. */
  reach() {
    return this.conversation.can_reply ?? { ok: true, reason: "", way: "", until: null };
  }

  drawLock() {
    const { ok, reason, detail } = this.reach();
    const isLocked = this.mode === "reply" && (!this.canReply() || !ok);
    this.locked.hidden = !isLocked;
    this.box.hidden = isLocked;
    this.drawAdvice();
    if (!isLocked) return;
    const { owner, agent } = this.conversation;
    const isElsewhere = owner === "agent" && !agent;
    const words = isElsewhere || this.canReply() ? "" : t(`inbox.locked_${owner}`, { name: agent?.name ?? "" });
    const why = ok ? "" : t(reason || "cannot_reply.window");
    const button = (key, run, isMain) => el("button", { class: `button button--small ${isMain ? "button--main" : ""}`, type: "button", onclick: run }, t(key));
    const buttons = isElsewhere
      ? [button("inbox.take", this.onTake, true), button("inbox.hand_back", this.onHandBack)]
      : owner === "agent" ? [] : [button(owner === "closed" ? "inbox.reopen" : "inbox.take", this.onTake, true)];
    this.locked.replaceChildren(icon(why ? "alert" : owner === "bot" ? "bot" : "user"), el("span", { title: ok ? null : detail || null }, why, why && words ? " " : "", words), el("span", { class: "locked__acts" }, buttons));
  }

  /** What to know before writing: until when, what is broken, how many messages it will be. */
  drawAdvice() {
    const { ok, way, until, reason } = this.reach();
    const parts = this.countParts();
    const lines = [
      ok && reason ? t(reason) : "",
      ok && !reason && way === "human_agent" && until ? t("inbox.until_as_person", { at: exact(until) }) : "",
      ok && !reason && way !== "human_agent" && until && new Date(until) - Date.now() < 3_600_000 ? t("inbox.until", { at: exact(until) }) : "",
      parts > 1 ? t("inbox.in_parts", { n: parts }) : "",
    ].filter(Boolean);
    const shown = this.mode === "reply" && this.canReply() ? lines.join(" ") : "";
    this.advice.hidden = !shown;
    if (this.advice.textContent !== shown) this.advice.textContent = shown;
  }

  /** How many messages the draft becomes on this channel. */
  countParts() {
    const { text_limit: limit, text_unit: unit } = this.conversation;
    if (!limit || this.mode !== "reply") return 1;
    return Math.ceil((MEASURES[unit] ?? MEASURES.characters)(this.field.value.trim()) / limit);
  }

  /** The time to answer passes while the page is open. */
  lookAgain() {
    const until = this.conversation?.can_reply?.until;
    if (!until) return;
    if (new Date(until) < Date.now()) {
      if (this.staleAt !== until) this.onStale(this.conversation.id);
      this.staleAt = until; // asked once for each end
    } else this.drawAdvice();
  }

  setMode(mode, isFocused) {
    this.mode = mode;
    const isNote = mode === "note";
    this.root.classList.toggle("composer--note", isNote);
    for (const [name, tab] of Object.entries(this.tabs)) tab.setAttribute("aria-pressed", String(name === mode));
    this.field.value = this.draft[mode];
    this.field.placeholder = t(isNote ? "inbox.note_placeholder" : "inbox.reply_placeholder");
    this.field.setAttribute("aria-label", t(isNote ? "inbox.write_note" : "inbox.write_reply"));
    this.hint.textContent = t("inbox.enter_sends");
    for (const tool of this.tools) tool.hidden = isNote;
    this.items.hidden = isNote || this.draft.products.length === 0;
    this.send.lastChild.textContent = t(isNote ? "inbox.add_note" : "inbox.send");
    this.draft.mode = mode;
    this.drawLock();
    if (isFocused && !this.box.hidden) this.field.focus();
  }

  changed() {
    this.draft[this.mode] = this.field.value;
    keepDraft(this.conversation.id, this.draft);
    this.drawAdvice();
    if (this.mode === "reply" && this.field.value && this.canReply() && Date.now() - (this.typedAt ?? 0) > TYPING_EVERY) {
      this.typedAt = Date.now();
      call("POST", `/api/inbox/conversations/${this.conversation.id}/typing`).catch(() => {});
    }
  }

  fill(text) {
    const names = { shopper: (this.conversation.name || "").split(" ")[0], agent: this.myName ?? "" };
    return text.replace(/ ?\{(shopper|agent)\}/g, (all, name) => (names[name] ? all.replace(`{${name}}`, names[name]) : ""));
  }

  async findCanned(text) {
    const language = this.conversation.language;
    if (!this.canned.has(language)) {
      const data = await call("GET", `/api/inbox/canned?${new URLSearchParams({ language })}`);
      this.canned.set(language, data.replies);
    }
    const wanted = text.toLowerCase();
    const rank = (item) => (item.title.toLowerCase().startsWith(wanted) || item.name.startsWith(wanted) ? 0 : item.title.toLowerCase().includes(wanted) ? 1 : item.text.toLowerCase().includes(wanted) ? 2 : 3);
    return this.canned.get(language).map((item) => [rank(item), item]).filter(([order]) => order < 3).sort((a, b) => a[0] - b[0]).slice(0, 12).map(([, item]) => item);
  }

  async findProducts(text) {
    if (text.length < 2) return [];
    return (await call("GET", `/api/inbox/products?${new URLSearchParams({ q: text })}`)).products;
  }

  addProduct(item) {
    if (this.draft.products.some((one) => one.product_id === item.product_id) || this.draft.products.length >= 10) return;
    this.draft.products.push({ product_id: item.product_id, title: item.title });
    this.drawProducts();
    keepDraft(this.conversation.id, this.draft);
  }

  drawProducts() {
    this.items.hidden = this.mode === "note" || this.draft.products.length === 0;
    this.items.replaceChildren(
      ...this.draft.products.map((item) =>
        el("span", { class: "chip chip--accent" }, icon("box"), item.title, el("button", { type: "button", "aria-label": t("inbox.remove", { name: item.title }), onclick: () => { this.draft.products = this.draft.products.filter((one) => one !== item); this.drawProducts(); keepDraft(this.conversation.id, this.draft); } }, icon("close"))),
      ),
    );
  }

  submit() {
    const text = this.field.value.trim();
    const isNote = this.mode === "note";
    const products = isNote ? [] : this.draft.products.map((item) => item.product_id);
    if ((!text && !products.length) || (!isNote && (!this.canReply() || !this.reach().ok))) return;
    const item = { conversation_id: this.conversation.id, client_id: uuid(), kind: this.mode, text, products, at: new Date().toISOString() };
    this.draft[this.mode] = "";
    if (!isNote) this.draft.products = [];
    this.field.value = "";
    keepUnsent(this.conversation.id, [...unsentOf(this.conversation.id), item]);
    keepDraft(this.conversation.id, this.draft);
    this.drawProducts();
    this.drawAdvice();
    this.thread.addPending(item);
    this.deliver(item);
    if (isNote) this.setMode("reply", true); // the next line is more likely meant for the shopper
  }

  async deliver(item) {
    const id = item.conversation_id;
    const body = item.kind === "note" ? { client_id: item.client_id, text: item.text } : { client_id: item.client_id, text: item.text, products: item.products };
    const forget = () => keepUnsent(id, unsentOf(id).filter((one) => one.client_id !== item.client_id));
    try {
      const data = await call("POST", `/api/inbox/conversations/${id}/${item.kind}`, body);
      forget();
      this.thread.acknowledged(item.client_id, data.message.id);
    } catch (error) {
      this.thread.refused(item.client_id, error, {
        retry: () => this.deliver(item),
        discard: () => {
          forget();
          this.thread.drop(item.client_id);
          if (this.conversation.id !== id) return;
          this.setMode(item.kind, true);
          this.field.value = [item.text, this.field.value].filter(Boolean).join("\n");
          this.changed();
        },
      });
    }
  }
}
