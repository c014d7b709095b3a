// The right column: who the shopper is, their orders, the page they are on, earlier episodes, why the bot said something.

import { ago, call, day, el, icon, languageName, money, t } from "../desk.js";
import { channelIcon, channelName, initials, reasonName, shopperName } from "./format.js";
import { order } from "./parts.js";
import { whySection } from "./why.js";

export class Side {
  constructor({ onOpen, onClose, onMerge, onMore }) {
    Object.assign(this, { onOpen, onClose, onMerge, onMore });
    this.root = document.getElementById("side");
    this.empty();
  }

  empty() {
    this.id = "";
    this.data = null;
    this.cause = null;
    this.root.replaceChildren();
  }

  async show(conversation, { isFresh = true } = {}) {
    this.conversation = conversation;
    if (this.id !== conversation.id || isFresh) {
      if (this.id !== conversation.id) {
        this.cause = null;
        this.root.replaceChildren(el("section", {}, el("p", { class: "skeleton" }, "·"), el("p", { class: "skeleton" }, "·"), el("p", { class: "skeleton" }, "·")));
      }
      this.id = conversation.id;
      try {
        const data = await call("GET", `/api/inbox/conversations/${conversation.id}/shopper`);
        if (this.id !== conversation.id) return;
        this.data = data;
      } catch (error) {
        if (this.id !== conversation.id) return;
        this.root.replaceChildren(el("section", {}, el("p", { class: "banner banner--bad" }, error.message), el("button", { class: "button button--small", type: "button", onclick: () => this.show(conversation) }, t("common.retry"))));
        return;
      }
    }
    this.draw();
  }

  draw() {
    if (!this.data) return;
    const top = this.root.scrollTop;
    const why = this.why();
    const made = [this.who(), why, this.channels(), this.orders(), this.where(), this.episodes()].filter(Boolean);
    const shown = [...this.root.children];
    // What looks the same, or is being searched in, stays as it is: no click, focus or typed word is lost.
    const stays = (before, after) => before.isEqualNode(after) || (before.querySelector("input")?.value && after.querySelector("input"));
    made.forEach((section, place) => {
      if (!shown[place]) this.root.append(section);
      else if (section === why || !stays(shown[place], section)) shown[place].replaceWith(section);
    });
    shown.slice(made.length).forEach((section) => section.remove());
    this.root.scrollTop = top;
  }

  section(title, ...children) {
    return el("section", {}, el("h3", {}, title), children);
  }

  who() {
    const { contact, customer, proofs } = this.data;
    const isProved = Boolean(contact.customer_id);
    const name = shopperName({ ...this.conversation, name: contact.name || customer?.name, email: contact.email });
    const rows = [
      [t("inbox.email"), contact.email || customer?.email],
      [t("inbox.phone"), contact.phone || customer?.phone],
      [t("inbox.city"), customer?.city],
      [t("inbox.customer_since"), customer?.since ? day(customer.since) : ""],
      [t("inbox.spent"), customer ? t("inbox.spent_in", { money: money(customer.spent_minor, customer.currency), n: customer.orders_count }) : ""],
      [t("inbox.first_seen"), day(contact.since)],
    ].filter(([, value]) => value);
    const failures = proofs.filter((one) => one.result === "proof_failed").length;
    return el(
      "section",
      {},
      el("h3", {}, t("inbox.shopper"), el("button", { class: "button button--bare button--icon side__close", type: "button", "aria-label": t("common.close"), onclick: this.onClose }, icon("close"))),
      el("div", { class: "side__who" }, el("span", { class: "avatar", "aria-hidden": "true" }, initials(name)), el("div", {}, el("strong", {}, name), el("span", { class: `chip ${isProved ? "chip--good" : ""}`, title: t(isProved ? "inbox.proved_hint" : "inbox.unproved_hint") }, icon("shield"), t(isProved ? "inbox.proved" : "inbox.unproved")))),
      failures ? el("p", { class: "banner banner--warn" }, icon("alert"), t("inbox.proof_failures", { n: failures })) : null,
      el("dl", { class: "pairs" }, rows.flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, value)])),
    );
  }

  /** How channels know them, and what they wrote elsewhere. */
  channels() {
    const { identities, conversations } = this.data;
    const known = identities.map((one) => {
      const isPlain = one.channel === "web" || !(one.name || one.username);
      const words = [one.name, one.username ? `@${one.username.replace(/^@/, "")}` : ""].filter(Boolean).join(" · ");
      return el(
        "li",
        { class: "identity" },
        channelIcon(one.channel),
        el("span", {}, channelName(one.channel), el("small", { title: isPlain ? null : one.id }, isPlain ? el("span", { class: "mono" }, one.id) : words, one.locale ? ` · ${languageName(one.locale.replace("_", "-"))}` : "")),
      );
    });
    const talks = conversations.map((one) => {
      const link = el("a", { href: `/inbox/${one.id}` }, el("span", {}, channelIcon(one.channel), " ", channelName(one.channel), el("small", {}, one.last_text || "…")), el("span", {}, el("span", { class: "chip" }, t(`inbox.short_${one.owner}`)), " ", ago(one.last_at)));
      link.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey) return;
        event.preventDefault();
        this.onOpen(one.id);
      });
      return link;
    });
    return this.section(
      t("inbox.channels"),
      el("ul", { class: "identities", role: "list" }, known),
      talks.length ? [el("h4", {}, t("inbox.other_conversations")), el("div", { class: "episodes" }, talks)] : null,
      el("button", { class: "button button--small", type: "button", id: "merge-button", onclick: () => this.onMerge(this.id, this.data) }, icon("join"), t("inbox.merge")),
    );
  }

  orders() {
    const { orders, candidates, customer, shop_is_up: isUp, contact } = this.data;
    if (!isUp) return this.section(t("inbox.orders"), el("p", { class: "banner banner--warn" }, icon("alert"), t("inbox.shop_down")));
    const search = this.customerSearch();
    if (customer) return this.section(t("inbox.orders"), orders.length ? orders.map((item, index) => order(item, index === 0)) : el("p", { class: "quiet" }, t("inbox.no_orders")));
    if (candidates.length) {
      return this.section(t("inbox.orders"), el("p", { class: "banner banner--warn" }, icon("alert"), t("inbox.candidates", { clue: contact.email || this.data.order_number })), candidates.map((one) => this.candidate(one)), search);
    }
    return this.section(t("inbox.orders"), el("p", { class: "quiet" }, t("inbox.unknown_customer")), search);
  }

  candidate(one) {
    return el("div", {}, el("p", {}, el("strong", {}, one.name), el("br"), el("span", { class: "quiet" }, `${one.email}${one.city ? ` · ${one.city}` : ""}`)), one.orders.map((item) => order(item)));
  }

  customerSearch() {
    const field = el("input", { class: "input", type: "search", "aria-label": t("inbox.find_customer"), placeholder: t("inbox.find_customer"), maxlength: 100 });
    const found = el("div", { "aria-live": "polite" });
    let pause;
    let turn = 0;
    field.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(async () => {
        const mine = ++turn;
        const q = field.value.trim();
        if (q.length < 3) return found.replaceChildren();
        try {
          const data = await call("GET", `/api/inbox/customers?${new URLSearchParams({ q })}`);
          if (mine === turn) found.replaceChildren(...(data.customers.length ? data.customers.map((one) => this.candidate(one)) : [el("p", { class: "quiet" }, t("inbox.no_customer"))]));
        } catch (error) {
          if (mine === turn) found.replaceChildren(el("p", { class: "wrong" }, error.message));
        }
      }, 250);
    });
    return el("div", { class: "field" }, field, found);
  }

  where() {
    const { url, title } = this.conversation.page ?? {};
    if (!/^https?:\/\//.test(url || "")) return null;
    return this.section(t("inbox.page"), el("p", {}, el("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, title || url)));
  }

  episodes() {
    const others = this.data.episodes;
    if (others.length < 2) return this.section(t("inbox.episodes"), el("p", { class: "quiet" }, t("inbox.first_time")));
    return this.section(
      t("inbox.episodes"),
      el(
        "div",
        { class: "episodes" },
        others.map((one) => {
          const link = el("a", { href: `/inbox/${one.conversation_id}` }, el("span", {}, one.reason ? reasonName(one.reason) : t("inbox.episode_bot"), el("small", {}, one.closed_at ? t(`inbox.closed_by_${one.closed_by || "bot"}`) : t("inbox.episode_open"))), el("span", {}, one.score ? el("span", { class: `chip ${one.score >= 4 ? "chip--good" : one.score <= 2 ? "chip--bad" : ""}`, title: one.comment || null }, icon("star"), String(one.score)) : null, " ", ago(one.opened_at)));
          link.addEventListener("click", (event) => {
            if (event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            this.onOpen(one.conversation_id);
          });
          return link;
        }),
      ),
    );
  }

  /** Explain a message: what was understood, what came second, what was found in it. */
  explain(message, cause) {
    this.cause = { message, cause };
    this.draw();
    this.root.querySelector("#why")?.scrollIntoView({ block: "nearest" });
  }

  why() {
    if (!this.cause) return null;
    return whySection({
      ...this.cause,
      language: this.conversation.language,
      onClose: () => {
        this.cause = null;
        this.draw();
      },
      onMore: (cause) => this.onMore(this.id, cause),
    });
  }
}
