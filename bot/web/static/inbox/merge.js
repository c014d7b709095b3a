// Making one person of two contacts: find the other, compare, confirm.

import { CallFailed, call, day, el, icon, t } from "../desk.js";
import { channelIcon, channelName } from "./format.js";

const nameOf = (contact) => contact.name || contact.email || contact.identities.map((one) => one.name || one.username).find(Boolean) || t("inbox.visitor", { code: contact.id.slice(0, 4) });

export class Merge {
  constructor({ onMerged }) {
    this.onMerged = onMerged;
    this.dialog = document.getElementById("merge");
    this.field = document.getElementById("merge-search");
    this.found = document.getElementById("merge-found");
    this.compared = document.getElementById("merge-compared");
    this.button = document.getElementById("merge-confirm");
    this.wrong = document.getElementById("merge-wrong");
    for (const shut of this.dialog.querySelectorAll("[data-close]")) shut.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.button.addEventListener("click", () => this.confirm());
    let pause;
    this.field.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.look(), 250);
    });
    this.turn = 0;
  }

  /** Ask whom the shopper of conversation `id` is to be merged with. */
  open(id, { contact, identities, conversations }) {
    this.id = id;
    this.mine = { ...contact, identities, conversations };
    this.other = null;
    this.field.value = "";
    this.found.replaceChildren();
    this.say("");
    this.compare();
    this.dialog.showModal();
    this.field.focus();
  }

  say(text) {
    this.wrong.hidden = !text;
    this.wrong.textContent = text;
  }

  async look() {
    const turn = ++this.turn;
    const q = this.field.value.trim();
    this.say("");
    if (q.length < 2) return this.found.replaceChildren();
    try {
      const data = await call("GET", `/api/inbox/conversations/${this.id}/merge?${new URLSearchParams({ q })}`);
      if (turn !== this.turn) return;
      this.mine = data.contact;
      if (!data.contacts.length) return this.found.replaceChildren(el("p", { class: "quiet" }, t("inbox.merge_nobody")));
      this.found.replaceChildren(el("fieldset", { class: "merge__list" }, el("legend", { class: "sr" }, t("inbox.merge_whom")), data.contacts.map((one) => this.choice(one))));
    } catch (error) {
      if (turn === this.turn) this.say(error.message);
    }
  }

  choice(one) {
    const radio = el("input", { type: "radio", name: "merge-other", value: one.id, onchange: () => { this.other = one; this.compare(); } });
    const channels = [...new Set(one.identities.map((identity) => identity.channel))];
    return el(
      "label",
      { class: "merge__one" },
      radio,
      el("span", {}, el("strong", {}, nameOf(one)), el("small", {}, [one.email, one.phone].filter(Boolean).join(" · ") || one.conversations[0]?.last_text || "")),
      el("span", { class: "merge__channels" }, channels.map((name) => [channelIcon(name), el("span", { class: "sr" }, channelName(name))])),
    );
  }

  compare() {
    this.button.disabled = !this.other || Boolean(this.other.obstacle);
    this.compared.hidden = !this.other;
    if (!this.other) return;
    const stays = this.other.keeps === this.other.id ? this.other : this.mine;
    this.compared.replaceChildren(
      el("div", { class: "merge__two" }, this.card(this.mine, t("inbox.merge_this")), this.card(this.other, t("inbox.merge_other"))),
      this.other.obstacle
        ? el("p", { class: "banner banner--bad", role: "alert" }, icon("alert"), t(`inbox.merge_${this.other.obstacle}`))
        : el("p", {}, t("inbox.merge_result", { name: nameOf(stays) }), " ", this.mine.customer_id || this.other.customer_id ? t("inbox.merge_proved") : ""),
    );
  }

  card(contact, title) {
    const rows = [
      [t("inbox.email"), contact.email],
      [t("inbox.phone"), contact.phone],
      [t("inbox.first_seen"), day(contact.since)],
      [t("inbox.channels"), [...new Set(contact.identities.map((one) => channelName(one.channel)))].join(", ")],
      [t("inbox.merge_last"), contact.conversations[0]?.last_text],
    ].filter(([, value]) => value);
    return el(
      "section",
      { class: "merge__card" },
      el("small", {}, title),
      el("strong", {}, nameOf(contact)),
      el("span", { class: `chip ${contact.customer_id ? "chip--good" : ""}` }, icon("shield"), t(contact.customer_id ? "inbox.proved" : "inbox.unproved")),
      el("dl", { class: "pairs" }, rows.flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, value)])),
    );
  }

  async confirm() {
    if (!this.other || this.button.disabled) return;
    this.button.disabled = true;
    const { id } = this;
    try {
      const data = await call("POST", `/api/inbox/conversations/${id}/merge`, { contact_id: this.mine.id, other_id: this.other.id });
      this.dialog.close();
      this.onMerged(id, data.conversation);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      this.say(error.message);
      this.button.disabled = false;
    }
  }
}
