// The middle column: header with actions, hand-off summary, the thread itself.

import { clock, day, el, exact, icon, languageName, list, percent, t } from "../desk.js";
import { kindName } from "./attachments.js";
import { after, before, fate, filled, referral, removed } from "./context.js";
import { channelIcon, channelName, linked, moodChip, moodReasons, reasonName, shopperName, waitChip } from "./format.js";
import { part } from "./parts.js";
import { readings } from "./why.js";
import { inEnglish, isForeign, understoodAs } from "./wordings.js";

const NEAR_END = 96;
const sure = ({ intent, confidence }) => [understoodAs(intent), confidence ? ` · ${percent(confidence)}` : ""];
const dayKey = (at) => new Date(at).toDateString();

export class Thread {
  constructor({ me, botName, slaSeconds, live, media, onAct, onWhy, onOlder, onBack, onSide, onResend, announce }) {
    Object.assign(this, { me, botName, slaSeconds, live, media, onAct, onWhy, onOlder, onBack, onSide, onResend, announce });
    this.root = document.getElementById("thread");
    this.reset();
    this.welcome();
    setInterval(() => this.conversation && this.drawHead(), 15000);
  }

  reset() {
    this.conversation = null;
    this.messages = new Map(); // message id -> {event, node}
    this.seen = new Set(); // event numbers drawn
    this.pending = new Map(); // client id -> {item, node, id}
    this.failures = new Map(); // message id -> node of what was never delivered
    this.arrived = new Set(); // message ids the platform says it delivered
    this.lastDay = "";
    this.shopperLast = null;
    this.shownHead = "";
    this.shownSummary = "";
  }

  welcome() {
    this.reset();
    this.root.replaceChildren(el("div", { class: "empty" }, icon("web"), el("strong", {}, t("inbox.none_open")), el("p", {}, t("inbox.none_open_hint"))));
  }

  loading() {
    this.reset();
    const bubble = (side) => el("div", { class: `msg ${side}` }, el("div", { class: "bubble skeleton" }, " ".repeat(60)));
    this.root.replaceChildren(el("div", { class: "thread__scroll", "aria-busy": "true" }, bubble(""), bubble("msg--out"), bubble("")));
  }

  failed(error, retry) {
    this.reset();
    const back = el("button", { class: "button", type: "button", onclick: this.onBack }, t("inbox.back"));
    const again = error.status === 404 ? null : el("button", { class: "button", type: "button", onclick: retry }, t("common.retry"));
    this.root.replaceChildren(el("div", { class: "empty" }, icon("alert"), el("strong", {}, t(error.status === 404 ? "inbox.not_found" : "inbox.open_failed")), el("p", {}, error.status === 404 ? "" : error.message), el("p", {}, again, " ", back)));
  }

  show({ conversation, events, has_more: hasMore, unsent, watchers }, composer) {
    this.reset();
    this.conversation = conversation;
    this.head = el("header", { class: "thread__head" });
    this.looking = el("div", { class: "looking", hidden: true });
    this.summary = el("div", { class: "thread__top" });
    this.older = el("button", { class: "button button--small thread__older", type: "button", hidden: !hasMore, onclick: () => this.onOlder(this.firstSeq) }, t("inbox.older"));
    this.log = el("div", { class: "thread__scroll", role: "log", "aria-label": t("inbox.thread"), tabindex: 0 }, this.older);
    this.pill = el("button", { class: "button button--main pill", type: "button", hidden: true, onclick: () => this.toEnd() }, icon("down"), t("inbox.new_message"));
    this.typing = el("div", { class: "typing", "aria-live": "polite" });
    this.log.addEventListener("scroll", () => this.isAtEnd() && (this.pill.hidden = true), { passive: true });
    const bottom = el("div", { class: "thread__bottom" }, this.pill, this.typing, composer);
    this.root.replaceChildren(this.head, this.looking, this.summary, this.log, bottom);
    this.drawHead();
    this.drawSummary();
    this.setLooking(watchers);
    this.firstSeq = events[0]?.seq ?? 1;
    for (const event of events) this.add(event, { isLive: false });
    for (const message of unsent.filter((item) => item.state !== "failed")) this.addWaiting(message);
    this.toEnd();
  }

  update(row) {
    if (!this.conversation || row.id !== this.conversation.id) return;
    Object.assign(this.conversation, row);
    this.drawHead();
    this.drawSummary();
  }

  drawHead() {
    const row = this.conversation;
    const shown = JSON.stringify([row.id, row.owner, row.agent, row.name, row.email, row.language, row.mood, Boolean(row.waiting_since)]);
    if (shown === this.shownHead) {
      // a button replaced between press and release would lose the click: only the time moves on
      this.head.querySelector(".wait")?.replaceWith(waitChip(row.waiting_since, this.slaSeconds));
      return;
    }
    this.shownHead = shown;
    const isMine = row.owner === "agent" && row.agent?.id === this.me;
    const isElsewhere = row.owner === "agent" && !row.agent;
    const focused = this.head.contains(document.activeElement) ? document.activeElement.dataset.act : "";
    const act = (name, key, ico, main = false) =>
      el("button", { class: `button ${main ? "button--main" : ""}`, type: "button", dataset: { act: name }, "aria-keyshortcuts": key, title: t(`inbox.${name}_hint`), onclick: () => this.onAct(name) }, icon(ico), t(`inbox.${name}`), el("kbd", { "aria-hidden": "true" }, key));
    const acts = {
      queue: [act("take", "T", "hand", true), act("hand_back", "B", "bot"), act("close", "E", "check")],
      bot: [act("take", "T", "hand", true), act("close", "E", "check")],
      agent: isMine
        ? [act("hand_back", "B", "bot"), act("release", "U", "undo"), act("close", "E", "check", true)]
        : isElsewhere ? [act("take", "T", "hand", true), act("hand_back", "B", "bot"), act("close", "E", "check")] : [],
      closed: [act("reopen", "T", "undo")],
    }[row.owner];
    const owner = {
      queue: () => el("span", { class: "chip chip--warn" }, t("inbox.owner_queue")),
      bot: () => el("span", { class: "chip" }, t("inbox.owner_bot")),
      agent: () => el("span", { class: "chip chip--accent" }, isMine ? t("inbox.owner_you") : isElsewhere ? t("inbox.owner_elsewhere") : t("inbox.owner_agent", { name: row.agent.name })),
      closed: () => el("span", { class: "chip" }, t("inbox.owner_closed")),
    }[row.owner]();
    this.head.replaceChildren(
      el("button", { class: "button button--bare button--icon only-phone", type: "button", "aria-label": t("inbox.back"), onclick: this.onBack }, icon("left")),
      el(
        "div",
        { class: "thread__who" },
        el("h2", { tabindex: -1, id: "thread-title" }, shopperName(row)),
        el(
          "div",
          { class: "thread__meta" },
          owner,
          row.waiting_since ? waitChip(row.waiting_since, this.slaSeconds) : null,
          row.mood ? moodChip(row.mood) : null,
          el("span", {}, channelIcon(row.channel), channelName(row.channel)),
          el("span", {}, icon("globe"), languageName(row.language)),
        ),
      ),
      el("div", { class: "thread__acts" }, acts, el("button", { class: "button button--bare button--icon only-narrow", type: "button", "aria-label": t("inbox.shopper"), onclick: this.onSide }, icon("user"))),
    );
    if (focused) this.head.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  drawSummary() {
    const row = this.conversation;
    const summary = row.summary ?? {};
    const isElsewhere = row.owner === "agent" && !row.agent;
    const shown = JSON.stringify([row.owner, isElsewhere, row.reason, row.queued_at, summary]);
    if (shown === this.shownSummary) return;
    this.shownSummary = shown;
    if (!["queue", "agent"].includes(row.owner) || (!summary.wants && !row.reason && !summary.referral)) {
      this.summary.replaceChildren();
      return;
    }
    const details = Object.entries(summary.details ?? {}).filter(([, value]) => value);
    if (summary.left_message) details.push(["left_message", summary.left_message]);
    const felt = details.find(([key]) => key === "mood");
    if (felt && row.mood) felt[1] = [t(`inbox.mood_${row.mood.label}`), moodReasons(row.mood)].filter(Boolean).join(": ");
    const label = (key) => {
      const text = t(`inbox.detail_${key}`);
      return text === `inbox.detail_${key}` ? key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ") : text;
    };
    const tried = (summary.understood ?? []).filter((item) => item.intent);
    const mood = ["angry", "complaint"].includes(row.reason);
    const wasOpen = this.summary.querySelector("details")?.open;
    this.summary.replaceChildren(
      el(
        "section",
        { class: "handoff", "aria-label": t("inbox.summary") },
        el("div", { class: "handoff__top" }, el("span", { class: `chip ${mood ? "chip--bad" : "chip--accent"}` }, reasonName(row.reason)), row.queued_at ? el("span", { title: exact(row.queued_at) }, t("inbox.handed_at", { at: clock(row.queued_at) })) : null, summary.language ? el("span", {}, languageName(summary.language)) : null),
        isElsewhere ? el("p", {}, t("inbox.elsewhere_hint")) : null,
        summary.referral ? referral(summary.referral) : null,
        summary.wants ? el("p", { class: "handoff__wants", lang: row.language }, summary.wants) : null,
        details.length ? el("dl", { class: "pairs" }, details.flatMap(([key, value]) => [el("dt", {}, label(key)), el("dd", {}, String(value))])) : null,
        tried.length
          ? el("details", { open: wasOpen }, el("summary", {}, t("inbox.tried", { n: tried.length })), el("ol", { class: "tried", role: "list" }, tried.map((item) => el("li", {}, el("q", { lang: row.language }, item.text), el("span", { class: "num" }, sure(item))))))
          : null,
      ),
    );
  }

  setLooking(people) {
    const others = people.filter((one) => one.id !== this.me).map((one) => one.name);
    if (!this.looking) return;
    this.looking.hidden = others.length === 0;
    this.looking.replaceChildren(icon("eye"), el("span", {}, t("inbox.looking", { names: list(others) })));
  }

  isAtEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.pill.hidden = true;
  }

  place(node, at) {
    if (dayKey(at) !== this.lastDay) {
      this.lastDay = dayKey(at);
      this.log.append(el("div", { class: "day" }, day(at)));
    }
    this.log.append(node);
    for (const { node: waiting } of this.pending.values()) if (waiting !== node) this.log.append(waiting);
  }

  /** Draw an event at the end; what was drawn before is left out. */
  add(event, { isLive = true } = {}) {
    if (this.seen.has(event.seq)) return;
    this.seen.add(event.seq);
    const wasAtEnd = this.isAtEnd();
    const node = this.nodeOf(event);
    if (node) {
      this.place(node, event.at);
      if (isLive && (wasAtEnd || (event.message && event.message.user_id === this.me))) this.toEnd();
      else if (isLive && event.kind === "message") this.pill.hidden = false;
    }
    if (isLive && event.kind === "message" && event.message.author === "shopper") {
      this.setTyping(null);
      this.announce(t("inbox.said", { name: shopperName(this.conversation), text: event.message.text || event.message.parts.map((one) => (one.type === "file" ? kindName(one.kind) : "")).join(" ") }));
    }
  }

  /** Draw older events above the others, keeping what is read in place. */
  prepend(events, hasMore) {
    const height = this.log.scrollHeight;
    const lastDay = this.lastDay;
    const rest = [...this.log.children].filter((child) => child !== this.older);
    this.log.replaceChildren(this.older);
    this.lastDay = "";
    const pending = this.pending;
    this.pending = new Map();
    for (const event of events) {
      if (this.seen.has(event.seq)) continue;
      this.seen.add(event.seq);
      const node = this.nodeOf(event);
      if (node) this.place(node, event.at);
    }
    this.pending = pending;
    if (rest[0]?.className === "day" && rest[0].textContent === [...this.log.querySelectorAll(".day")].at(-1)?.textContent) rest.shift();
    this.log.append(...rest);
    this.lastDay = lastDay;
    this.firstSeq = events[0]?.seq ?? this.firstSeq;
    this.older.hidden = !hasMore;
    this.log.scrollTop += this.log.scrollHeight - height;
  }

  nodeOf(event) {
    if (event.kind === "message" || event.kind === "note") return this.messageNode(event);
    if (event.kind === "changed") return this.changedNode(event);
    if (event.kind === "delivery") return this.delivered(event);
    if (event.kind === "read") return this.markSeen(event.up_to);
    if (event.kind === "owner") {
      if (event.owner === "agent" && !event.agent) return this.line(t("inbox.line_elsewhere"), event.at);
      const key = event.owner === "queue" && !event.wait ? "released" : event.owner;
      return this.line(t(`inbox.line_${key}`, { name: event.agent?.name ?? "", reason: reasonName(event.reason || "asked") }), event.at);
    }
    if (event.kind === "survey" && event.score) {
      const words = event.comment ? t("inbox.line_rated_comment", { score: event.score, comment: event.comment }) : t("inbox.line_rated", { score: event.score });
      return this.line(words, event.at);
    }
    if (event.kind === "episode") return this.line(t("inbox.line_episode", { n: event.episode }), event.at);
    return null;
  }

  line(text, at) {
    return el("div", { class: "line" }, el("span", { title: exact(at) }, `${text} · ${clock(at)}`));
  }

  messageNode(event) {
    const message = event.message;
    const drawn = this.messages.get(message.id);
    if (drawn) {
      if (drawn.event.seq < event.seq) Object.assign(drawn.event.message, { state: message.state, error: message.error });
      this.drawMessage(drawn);
      return null;
    }
    this.settle(message);
    const known = this.failures.get(message.id);
    known?.remove(); // what failed before has left after all
    this.failures.delete(message.id);
    const node = el("article", { dataset: { id: message.id, seq: event.seq } });
    const entry = { event, node, foot: el("div", { class: "msg__foot" }), cause: message.author === "bot" ? this.shopperLast : message };
    if (message.author === "shopper") this.shopperLast = message;
    this.messages.set(message.id, entry);
    this.drawMessage(entry);
    return node;
  }

  drawMessage({ event, node, foot, cause }) {
    const message = event.message;
    const isNote = event.kind === "note";
    const side = isNote ? "note" : message.author;
    const isOut = !isNote && message.author !== "shopper";
    const isGone = Boolean(message.extra?.deleted_at);
    node.className = `msg msg--${side} ${isOut ? "msg--out" : ""}`;
    node.replaceChildren(
      el("div", { class: "msg__head" }, isNote ? icon("note") : message.author === "bot" ? icon("bot") : null, el("strong", {}, this.nameOf(message, isNote)), isNote ? el("span", {}, `· ${t("inbox.note_seen_by")} ·`) : null, el("time", { datetime: event.at, title: exact(event.at) }, clock(event.at))),
      ...before(message),
      isGone ? removed(message) : message.text ? el("div", { class: "bubble", lang: isNote ? null : message.language || this.conversation.language }, linked(message.text)) : "",
      isGone ? "" : this.english(message) ?? "",
      ...(isGone ? [] : message.parts.map((one, number) => part(one, this.addressOf(message, number)) ?? "")),
      ...filled(message).map((one) => one ?? ""),
      foot,
    );
    this.drawFoot({ event, foot, cause });
  }

  /** What an answer of the bot says in English, where neither the agent nor it speaks that. */
  english(message) {
    const language = message.language || this.conversation.language;
    if (message.author !== "bot" || !message.response || !isForeign(language)) return null;
    const node = el("p", { class: "msg__english", lang: "en", hidden: true });
    const show = (text) => {
      if (!text) return;
      node.replaceChildren(el("span", { lang: page.locale }, t("inbox.in_english")), " ", text);
      node.hidden = false;
    };
    inEnglish(message, language).then(show, () => {}); // the answer itself is there
    return node;
  }

  drawFoot({ event, foot, cause }) {
    const message = event.message;
    foot.replaceChildren();
    if (event.kind === "note") return;
    if (message.author === "shopper" && message.understood?.intent) foot.append(this.whyButton(message, message));
    if (message.author === "bot") foot.append(this.whyButton(message, cause));
    foot.append(...after(message));
    const isTold = message.author === "agent" || (message.author !== "shopper" && !this.isLive());
    if (isTold) foot.append(...this.stateNodes({ ...message, delivered: this.arrived.has(message.id) }));
  }

  /** Where this desk gives out a file the channel keeps for the shop; null when the channel keeps none. */
  addressOf(message, number) {
    if (!this.media.includes(this.conversation.channel) || message.author !== "shopper") return null;
    return `/api/inbox/conversations/${this.conversation.id}/messages/${message.id}/media?part=${number}`;
  }

  isLive() {
    return this.live.includes(this.conversation.channel);
  }

  /** A message was edited, taken back or reacted to. */
  changedNode(event) {
    const entry = this.messages.get(event.message?.id);
    if (entry) {
      entry.event = { ...entry.event, message: { ...event.message, name: event.message.name || entry.event.message.name } };
      this.drawMessage(entry);
    }
    return null;
  }

  nameOf(message, isNote) {
    if (message.author === "shopper") return shopperName(this.conversation);
    if (message.author === "bot") return t("inbox.bot_named", { name: this.botName });
    if (message.author === "system") return t("inbox.desk_itself");
    if (message.extra?.elsewhere) return t("inbox.answered_elsewhere");
    if (message.user_id === this.me) return isNote ? t("inbox.your_note") : t("inbox.you");
    return isNote ? t("inbox.note_of", { name: message.name }) : message.name;
  }

  whyButton(message, cause) {
    const data = cause?.understood;
    const words = message === cause ? readings(data).flatMap((one, index) => [index ? " + " : "", ...sure(one)]) : t("inbox.why");
    const button = el("button", { class: "why", type: "button", "aria-pressed": "false" }, icon(message === cause ? "eye" : "help"), el("span", { class: "sr" }, message === cause ? t("inbox.understood_as") : ""), words);
    button.addEventListener("click", () => {
      for (const other of this.log.querySelectorAll(".why")) other.setAttribute("aria-pressed", String(other === button));
      this.onWhy(message, cause);
    });
    return button;
  }

  stateNodes(message) {
    const [name, key] = fate(message, this.isLive());
    return [el("span", { class: "fate", title: message.error && message.error !== "unconfirmed" ? message.error : null }, icon(name), t(key))];
  }

  markSeen(upTo) {
    for (const entry of this.messages.values()) {
      const { event } = entry;
      if (event.seq <= upTo && event.kind === "message" && event.message.author !== "shopper" && !event.message.read) {
        event.message.read = true;
        this.drawFoot(entry);
      }
    }
    return null;
  }

  /** How a message of ours fares: it arrived, was given up, or is tried again. */
  delivered(event) {
    const entry = this.messages.get(event.message_id);
    if (event.state === "delivered") {
      this.arrived.add(event.message_id);
      if (entry) this.drawFoot(entry);
      return null;
    }
    if (entry && entry.event.seq > event.seq) return null; // it has left since
    if (entry) Object.assign(entry.event.message, { state: event.state, error: event.error });
    if (event.state !== "failed") {
      if (entry) this.drawFoot(entry);
      const known = this.failures.get(event.message_id);
      known?.classList.replace("msg--failed", "msg--pending");
      known?.querySelector(".msg__foot").replaceChildren(...this.stateNodes({ state: "pending" }));
      return null;
    }
    if (entry) {
      entry.node.classList.add("msg--failed");
      entry.foot.replaceChildren(...this.failure(event));
      return null;
    }
    return this.failedNode(event);
  }

  failure(event) {
    const again = el("button", { class: "button button--small", type: "button" }, icon("undo"), t("inbox.send_again"));
    again.addEventListener("click", () => this.onResend(event.message_id, again));
    return [el("span", { class: "is-bad" }, icon("alert"), " ", t("inbox.not_delivered", { reason: event.error })), again];
  }

  failedNode(event) {
    for (const [clientId, { id, node }] of this.pending) {
      if (id === event.message_id) {
        node.remove();
        this.pending.delete(clientId);
      }
    }
    this.failures.get(event.message_id)?.remove();
    const node = el(
      "article",
      { class: "msg msg--agent msg--out msg--failed", dataset: { failed: event.message_id } },
      el("div", { class: "bubble" }, event.text || t("inbox.rich_message")),
      el("div", { class: "msg__foot" }, this.failure(event)),
    );
    this.failures.set(event.message_id, node);
    return node;
  }

  /** A message of ours that waits in the outbox (seen after a reload). */
  addWaiting(message) {
    const node = el("article", { class: `msg msg--${message.author} msg--out msg--pending` }, el("div", { class: "bubble" }, message.text || t("inbox.rich_message")), el("div", { class: "msg__foot" }, this.stateNodes({ state: "pending" }), message.error ? el("span", { class: "is-bad" }, message.error) : null));
    this.pending.set(`row-${message.id}`, { item: message, node, id: message.id });
    this.place(node, message.at);
  }

  /** Draw what was just written, before the server has it. */
  addPending(item) {
    const isNote = item.kind === "note";
    const foot = el("div", { class: "msg__foot" }, this.stateNodes({ state: "pending" }));
    const node = el("article", { class: `msg ${isNote ? "msg--note" : "msg--agent msg--out"} msg--pending` }, el("div", { class: "bubble" }, item.text || t("inbox.rich_message")), foot);
    this.pending.set(item.client_id, { item, node, foot, id: null });
    this.place(node, item.at);
    this.toEnd();
  }

  /** The server has it: the bubble goes when its event comes, or came already. */
  acknowledged(clientId, id) {
    const waiting = this.pending.get(clientId);
    if (!waiting) return;
    if (this.messages.has(id)) this.drop(clientId);
    else waiting.id = id;
  }

  /** The server refused or was not reached. */
  refused(clientId, error, { retry, discard }) {
    const waiting = this.pending.get(clientId);
    if (!waiting) return;
    waiting.node.classList.add("msg--failed");
    waiting.node.classList.remove("msg--pending");
    waiting.foot.replaceChildren(
      el("span", { class: "is-bad", role: "alert" }, error.message),
      el("button", { class: "button button--small", type: "button", onclick: () => { waiting.node.classList.replace("msg--failed", "msg--pending"); waiting.foot.replaceChildren(...this.stateNodes({ state: "pending" })); retry(); } }, t("common.retry")),
      el("button", { class: "button button--small button--bare", type: "button", onclick: discard }, t("inbox.to_draft")),
    );
  }

  drop(clientId) {
    this.pending.get(clientId)?.node.remove();
    this.pending.delete(clientId);
  }

  settle(message) {
    for (const [clientId, { id, item }] of this.pending) {
      const isIt = id ? id === message.id : message.user_id === this.me && item.text && item.text.trim() === message.text;
      if (isIt) return this.drop(clientId);
    }
  }

  setTyping(name) {
    if (!this.typing) return;
    clearTimeout(this.typingOver);
    this.typing.replaceChildren(...(name ? [el("i", { "aria-hidden": "true" }), el("span", {}, t("inbox.typing", { name }))] : []));
    if (name) this.typingOver = setTimeout(() => this.setTyping(null), 6000);
  }
}
