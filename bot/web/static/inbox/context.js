// What stands around a message of another house's channel: where it came from, what it answers, what became of it.

import { el, exact, icon, t } from "../desk.js";

const isWeb = (url) => /^https?:\/\//.test(url || "");
const outside = (url, text) => el("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
const line = (name, ...children) => el("div", { class: "msg__context" }, icon(name), el("span", {}, children));

/** Where a shopper came from: an advertisement or a link. */
export function referral(data) {
  const title = data.ad_title || data.title || "";
  const isAd = Boolean(data.ad_id || data.ad_title) || String(data.source || "").toUpperCase().includes("AD");
  const words = title || data.ref || data.source || "";
  return line(isAd ? "horn" : "link", t(isAd ? "inbox.from_ad" : "inbox.from_link", { name: words }), data.ref && data.ref !== words ? ` (${data.ref})` : "");
}

/** Above the bubble. */
export function before(message) {
  const extra = message.extra ?? {};
  const found = [];
  if (extra.referral && typeof extra.referral === "object") found.push(referral(extra.referral));
  if (extra.story) {
    const url = typeof extra.story === "object" ? extra.story.url : extra.story;
    found.push(line("reply", t("inbox.about_story"), isWeb(url) ? [" · ", outside(url, t("inbox.open_story"))] : null));
  } else if (extra.quote) found.push(line("reply", t("inbox.in_reply_to"), " ", el("q", {}, String(extra.quote))));
  else if (extra.reply_to) found.push(line("reply", t("inbox.in_reply")));
  if (extra.way === "private_reply" || extra.comment) found.push(line("comment", t("inbox.private_reply"), " · ", el("a", { href: "/inbox/touches" }, t("touches.title"))));
  if (extra.way === "human_agent") found.push(line("user", t("inbox.as_person")));
  if (extra.way === "template") found.push(line("note", t("inbox.as_template")));
  if (extra.standby) found.push(line("off", t("inbox.standby")));
  return found;
}

/** Rows a shopper filled in or put together: forms, orders and products the channel knows. */
export function filled(message) {
  const { answers, products } = message.extra ?? {};
  const rows = answers && typeof answers === "object" ? Object.entries(answers) : [];
  const titles = Array.isArray(products) ? products.map((one) => one?.title).filter(Boolean) : [];
  return [
    rows.length ? el("dl", { class: "pairs msg__filled" }, rows.flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, String(value))])) : null,
    titles.length && !message.parts.length ? el("p", { class: "file" }, icon("box"), titles.join(", ")) : null,
  ];
}

/** Below the bubble: edited, reactions. */
export function after(message) {
  const { reaction, edited_at: editedAt, unsupported, deleted_at: deletedAt } = message.extra ?? {};
  return [
    unsupported && !message.text && !message.parts.length ? el("span", {}, t("inbox.unsupported")) : null,
    editedAt && !deletedAt ? el("span", { title: exact(editedAt) }, t("inbox.edited")) : null,
    reaction?.emoji ? el("span", { class: "reaction", title: exact(reaction.at) }, el("span", { class: "sr" }, t("inbox.reaction")), reaction.emoji) : null,
  ].filter(Boolean);
}

/** In place of words the shopper took back. */
export const removed = (message) => el("div", { class: "bubble bubble--gone" }, icon("bin"), t("inbox.removed_by_shopper", { at: exact(message.extra.deleted_at) }));

/** [icon, text key] of how a message of ours fares; `isLive`: on this channel sent is delivered. */
export function fate({ state, error, read, delivered }, isLive) {
  if (read) return ["checks", "inbox.state_read"];
  if (state === "sent" && error === "unconfirmed") return ["help", "inbox.state_unconfirmed"];
  if (state === "sent") return delivered || isLive ? ["check", "inbox.state_delivered"] : ["out", "inbox.state_sent"];
  if (state === "failed" || state === "dropped") return ["alert", `inbox.state_${state}`];
  return ["clock", "inbox.state_pending"];
}
