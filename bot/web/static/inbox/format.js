// Small words of the inbox: channels, reasons, waiting times.

import { el, exact, icon, span, t } from "../desk.js";

const CHANNELS = new Set(["web", "rest", "instagram", "messenger", "whatsapp", "telegram"]);

export const channelIcon = (channel) => icon(CHANNELS.has(channel) ? channel : "web", "row__icon");

/** The text of a key, else other words. */
export const titled = (key, otherwise) => {
  const text = t(key);
  return text === key ? otherwise : text;
};

export const channelName = (channel) => titled(`inbox.channel_${channel}`, channel);
export const reasonName = (reason) => titled(`reason.${reason}`, reason.replaceAll("_", " "));

/** Up to two letters that stand for somebody. */
export const initials = (name) => name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0]).join(""); // the style sheet makes them capitals: fonts lack those of Georgian

/** What a shopper is called when we know no name. */
export const shopperName = (row) => row.name || row.email || t("inbox.visitor", { code: row.id.slice(0, 4) });

/** What the reasons of a mood say: the words that gave them, or what else did. */
export const moodReasons = (mood) =>
  mood.reasons
    .map((reason) => {
      const [code, ...words] = reason.split(": ");
      return words.length ? words.join(": ") : titled(`inbox.mood_why_${code}`, "");
    })
    .filter(Boolean)
    .join(", ");

/** The mood of the last messages with its reasons, for all to read: colour alone says nothing. */
export function moodChip(mood, { isShort = false } = {}) {
  const name = t(`inbox.mood_${mood.label}`);
  const reasons = moodReasons(mood);
  const why = reasons ? `: ${reasons}` : "";
  return el(
    "span",
    { class: `chip mood ${mood.label === "angry" ? "chip--bad" : "chip--warn"}`, title: `${name}${why}` },
    icon("mood"),
    isShort ? name : `${name}${why}`,
    isShort && why ? el("span", { class: "sr" }, why) : null,
  );
}

/** How long somebody has waited, coloured by how much of the promised time is gone. */
export function waitChip(since, slaSeconds) {
  const seconds = Math.max(0, (Date.now() - new Date(since)) / 1000);
  const state = seconds >= slaSeconds ? "late" : seconds >= slaSeconds / 2 ? "soon" : "fine";
  return el(
    "span",
    { class: `wait wait--${state}`, title: t("inbox.waiting_since", { at: exact(since) }), dataset: { since } },
    icon("clock"),
    el("span", { class: "sr" }, t(`inbox.wait_${state}`)),
    span(seconds),
  );
}

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

/** Text with its web addresses as links; everything stays text, nothing is read as HTML. */
export function linked(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    nodes.push(text.slice(from, found.index));
    nodes.push(el("a", { href: found[0], target: "_blank", rel: "noopener noreferrer nofollow" }, found[0]));
    from = found.index + found[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}
