/* One phone: a channel's account, the shopper chosen, their thread, and what they can do. */

import { ask, call, h, t } from "./dom.js";
import { entryNode, refresh } from "./entries.js";

const WINDOW_HOURS = { messenger: 24, instagram: 24, whatsapp: 24 };
const STANDING = ["image", "sticker", "location", "contact", "story_reply", "story_mention", "comment", "live_comment", "end_live", "referral"];

export class Phone {
  constructor(account) {
    this.account = account;
    this.threads = new Map();
    this.current = "";
    this.reply = null;
    this.channelName = t(`channel.${account.channel}`);
    this.build();
  }

  can(kind) { return this.account.kinds.includes(kind); }
  get thread() { return this.threads.get(this.current); }
  get personName() { return this.thread?.name ?? ""; }

  textOf(platformId) {
    const found = this.thread?.entries.find((entry) => entry.platform_id === platformId);
    return found ? found.view.text ?? "…" : "";
  }

  build() {
    const { account } = this;
    this.choose = h("select", { "aria-label": t("shopper"), onchange: () => this.show(this.choose.value) });
    this.chip = h("span", { class: "chip" });
    this.log = h("ol", { class: "log", role: "log", tabindex: "0", "aria-label": t("thread", { channel: this.channelName }) });
    this.typing = h("p", { class: "typing", hidden: true, role: "status" });
    this.quick = h("div", { class: "quick", role: "group", "aria-label": t("answers"), hidden: true });
    this.quote = h("div", { class: "replying", hidden: true });
    this.text = h("input", { class: "compose__text", type: "text", autocomplete: "off", placeholder: t("placeholder"), "data-testid": `text-${account.channel}` });
    const form = h("form", { class: "compose", onsubmit: (event) => { event.preventDefault(); this.send(); } },
      this.text, h("button", { class: "compose__send", "aria-label": t("send") }, arrow()));
    this.acts = h("div", { class: "acts", role: "group" });
    this.node = h("section", { class: "unit", "data-channel": account.channel, "aria-label": this.channelName },
      h("div", { class: "unit__head" },
        h("h2", {}, this.channelName), this.chip,
        h("label", { class: "unit__who" }, h("span", { class: "sr" }, t("shopper")), this.choose),
        h("button", { class: "plain plain--icon", type: "button", title: t("shopper.new"), "aria-label": t("shopper.new"), onclick: () => this.meet() }, "+")),
      h("div", { class: "phone" },
        h("div", { class: "phone__bar", "aria-hidden": "true" }, h("span", { class: "phone__time" }), h("span", { class: "phone__hole" }), h("span", { class: "phone__signs" }, "▂▄▆")),
        h("header", { class: "phone__head" },
          h("span", { class: "phone__avatar", "aria-hidden": "true" }, initials(account.name)),
          h("span", { class: "phone__name" }, h("strong", {}, account.name), h("small", {}, account.username ? `@${account.username}` : account.phone ? `+${account.phone}` : this.channelName))),
        this.log, this.typing, this.quick, this.quote, form),
      this.acts);
  }

  /** Take over everything the stand-in knows of this account. */
  load(threads) {
    this.threads = new Map(threads.map((thread) => [thread.thread, thread]));
    if (!this.threads.has(this.current)) this.current = [...this.threads.keys()][0] ?? "";
    this.choose.replaceChildren(...threads.map((thread) => h("option", { value: thread.thread, selected: thread.thread === this.current }, thread.name)));
    this.choose.value = this.current;
    this.draw();
  }

  show(key) {
    this.current = key;
    this.replyTo(null);
    this.draw();
  }

  /** Something new in one of the threads. */
  heard(news) {
    const thread = this.threads.get(news.thread);
    if (!thread) return false;
    if (news.event === "typing") {
      if (news.thread === this.current) this.showTyping(news.seconds);
      return true;
    }
    const at = thread.entries.findIndex((entry) => entry.number === news.entry.number);
    const before = thread.entries[at];
    if (at < 0) thread.entries.push(news.entry);
    else thread.entries[at] = news.entry;
    thread.opened_at = news.opened_at;
    if (news.entry.kind === "blocked" || news.entry.kind === "unblocked") thread.is_blocked = news.entry.kind === "blocked";
    if (news.entry.kind === "other_app" || news.entry.kind === "our_app") thread.owner = news.entry.kind === "other_app" ? "other" : "";
    if (news.thread !== this.current) return true;
    const old = before && this.log.querySelector(`[data-number="${news.entry.number}"]`);
    if (old) refresh(old, before, news.entry, this);
    else this.append(entryNode(news.entry, this));
    if (at < 0 && news.entry.side !== "person" && news.entry.side !== "note") this.showTyping(0);
    this.drawRest();
    if (at < 0) this.look();
    return true;
  }

  append(node) {
    this.log.querySelector(".empty")?.remove();
    this.log.append(node);
    this.log.scrollTop = this.log.scrollHeight;
  }

  draw() {
    const entries = this.thread?.entries ?? [];
    this.log.replaceChildren(...(entries.length ? entries.map((entry) => entryNode(entry, this)) : [h("li", { class: "empty" }, t("empty"))]));
    this.log.scrollTop = this.log.scrollHeight;
    this.text.setAttribute("aria-label", t("composer", { name: this.personName, channel: this.channelName }));
    this.showTyping(this.thread?.is_typing ? 5 : 0);
    this.drawRest();
    this.look();
  }

  drawRest() {
    this.drawQuick();
    this.drawWindow();
    this.drawActs();
  }

  /** Quick replies stand only below the last message. */
  drawQuick() {
    const last = this.thread?.entries.filter((entry) => entry.side !== "note").at(-1);
    const items = last?.side === "shop" ? last.view.quick_replies ?? [] : [];
    const shown = JSON.stringify([last?.number, items]);
    if (shown === this.quickShown) return;
    this.quickShown = shown;
    this.quick.hidden = items.length === 0;
    this.quick.replaceChildren(...items.map((item) => h("button", { type: "button", onclick: () => this.tap(item.title, item.payload, last) }, item.title)));
    this.log.scrollTop = this.log.scrollHeight;
  }

  drawWindow() {
    const hours = WINDOW_HOURS[this.account.channel];
    const opened = this.thread?.opened_at ? new Date(this.thread.opened_at) : null;
    const left = opened ? hours - (Date.now() - opened) / 3600e3 : 0;
    const [key, tone] = !hours ? ["window.none", ""] : !opened ? ["window.never", ""] : left > 0 ? ["window.open", "good"] : ["window.closed", "bad"];
    this.chip.textContent = t(key, { hours: Math.max(1, Math.round(left)) });
    this.chip.dataset.tone = tone;
  }

  drawActs() {
    const buttons = [];
    const add = (name, run) => buttons.push(h("button", { class: "plain", type: "button", "data-act": name, onclick: run }, t(`act.${name}`)));
    if (!this.thread?.entries.length) {
      if (this.can("start")) add("start", () => this.act("start"));
      else if (this.can("postback")) add("start", () => this.act("postback", { title: t("act.start"), payload: "get_started" }));
    }
    for (const name of STANDING) if (this.can(name === "live_comment" ? "end_live" : name)) add(name, () => this.standing(name));
    if (WINDOW_HOURS[this.account.channel]) add("wait", () => this.act("wait", { seconds: 25 * 3600 }));
    if (this.can("inbox")) add("inbox", () => this.standing("inbox"));
    if (this.can("other_app")) {
      const isOn = !this.thread?.owner;
      add(isOn ? "other_app" : "our_app", () => this.act("other_app", { is_on: isOn }));
    }
    if (this.can("block")) {
      const isOn = !this.thread?.is_blocked;
      add(isOn ? "block" : "unblock", () => this.act("block", { is_on: isOn }));
    }
    this.acts.setAttribute("aria-label", t("acts", { name: this.personName }));
    const names = buttons.map((button) => button.dataset.act);
    const shown = [...this.acts.children].map((button) => button.dataset.act);
    if (names.join() === shown.join()) return;
    const at = [...this.acts.children].indexOf(document.activeElement);
    this.acts.replaceChildren(...buttons);
    if (at >= 0) (buttons[at] ?? buttons.at(-1)).focus();
  }

  showTyping(seconds) {
    clearTimeout(this.typingTimer);
    this.typing.hidden = !seconds;
    if (!seconds) return;
    this.typing.replaceChildren(h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span", { class: "sr" }, t("typing", { name: this.account.name })));
    this.typingTimer = setTimeout(() => this.showTyping(0), seconds * 1000);
  }

  /** Seen, as soon as it is on a screen somebody looks at. */
  look() {
    if (!this.can("read") || document.hidden) return;
    const isNew = this.thread?.entries.some((entry) => (entry.side === "shop" || entry.side === "inbox") && !entry.marks.seen && !entry.marks.failed);
    if (isNew) this.act("read");
  }

  act(kind, fields = {}) {
    return call("POST", "/sandbox/act", { account: this.account.key, person: this.thread.person, kind, ...fields }).catch(() => {});
  }

  tap(title, payload, entry) { return this.act("tap", { title, payload, entry: entry.number }); }

  send() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    this.act("text", { text, ...(this.reply ? { reply_to: this.reply.platform_id } : {}) });
    this.replyTo(null);
    this.text.focus();
  }

  replyTo(entry) {
    this.reply = entry;
    this.quote.hidden = !entry;
    if (!entry) return;
    this.quote.replaceChildren(h("span", {}, t("replying", { text: entry.view.text ?? "…" })),
      h("button", { class: "plain plain--icon", type: "button", "aria-label": t("reply.cancel"), onclick: () => this.replyTo(null) }, "✕"));
    this.text.focus();
  }

  async edit(entry) {
    const text = await ask(t("edit.ask"), entry.view.text);
    if (text) this.act("edit", { target: entry.platform_id, text });
  }

  async standing(name) {
    const words = ["comment", "live_comment", "story_reply", "inbox"].includes(name);
    const kind = name === "live_comment" ? "comment" : name;
    if (!words) return this.act(kind);
    const key = name === "live_comment" ? "comment" : name;
    const text = await ask(t(`ask.${key}`), t(`sample.${key}`));
    if (text) this.act(kind, { text, is_live: name === "live_comment" });
    return undefined;
  }

  async meet() {
    const { thread } = await call("POST", "/sandbox/people", { account: this.account.key, name: t("shopper.number", { number: this.threads.size + 1 }) });
    this.current = thread.thread;
    this.load([...[...this.threads.values()].filter((one) => one.thread !== thread.thread), thread]);
    this.text.focus();
  }
}

function initials(name) {
  return name.split(/\s+/u).filter((word) => /^\p{L}/u.test(word)).slice(0, 2).map((word) => word[0].toUpperCase()).join("");
}

function arrow() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M4 12 20 4l-4 16-4.5-6.5z");
  svg.append(path);
  return svg;
}
