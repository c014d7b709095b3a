/* One entry of a thread as a phone shows it. */

import { h, t } from "./dom.js";

const REACTIONS = ["❤️", "👍", "😮"];

/** Show a changed entry in place: where only marks changed, nothing else is touched (or read out again). */
export function refresh(old, before, entry, phone) {
  const kept = ({ view, marks: { seen, delivered, answered, ...others } }) => JSON.stringify([view, others]);
  if (kept(before) === kept(entry) && entry.side !== "note") {
    old.querySelector(":scope > .meta").replaceWith(metaNode(entry, entry.side === "person"));
    return;
  }
  const stops = (node) => [...node.querySelectorAll("button, a, summary")];
  const focused = stops(old).indexOf(document.activeElement);
  const node = entryNode(entry, phone);
  old.replaceWith(node);
  if (focused >= 0) stops(node)[focused]?.focus();
}

export function entryNode(entry, phone) {
  if (entry.side === "note") return noteNode(entry, phone);
  const { view, marks } = entry;
  const isOwn = entry.side === "person";
  const speaker = t(`from.${entry.side}`, { name: isOwn ? phone.personName : phone.account.name });
  const li = h("li", { class: `said said--${isOwn ? "own" : "other"}`, "data-number": entry.number });
  const body = h("div", { class: "said__body" });
  body.append(h("span", { class: "sr" }, `${speaker}: `));
  if (entry.side === "inbox") body.append(h("p", { class: "said__tag" }, t("inbox.tag")));
  if (view.post) body.append(h("p", { class: "said__tag" }, t(`under.${view.post}`)));
  if (entry.side === "shop" && entry.kind === "comment") body.append(h("p", { class: "said__tag" }, t("public")));
  const content = contentNodes(entry, phone);
  body.append(...content);
  if (marks.reaction) body.append(h("span", { class: "said__reaction" }, marks.reaction));
  if (marks.shop_reaction) body.append(h("span", { class: "said__reaction" }, marks.shop_reaction));
  const line = h("div", { class: "said__line" }, body);
  if (entry.platform_id && content.length && !marks.unsent && !view.is_tap) line.append(menuNode(entry, phone, isOwn));
  li.append(line);
  if (view.buttons?.length) li.append(buttonsNode(view.buttons, entry, phone));
  if (view.list) li.append(listNode(view.list, entry, phone));
  if (view.cards?.length) li.append(cardsNode(view.cards, entry, phone));
  li.append(metaNode(entry, isOwn));
  return li;
}

function noteNode(entry, phone) {
  const hours = Math.round((entry.view.seconds ?? 0) / 3600);
  const words = t(`note.${entry.kind}`, { hours, name: phone.personName, text: entry.view.text ?? "" });
  return h("li", { class: "note", "data-number": entry.number }, words);
}

function contentNodes({ view, marks, side, kind }, phone) {
  if (marks.unsent) return [h("p", { class: "bubble bubble--gone" }, t("unsent"))];
  const nodes = [];
  if (view.story) {
    nodes.push(h("figure", { class: "story" }, h("img", { src: view.story, alt: t("story"), width: 96, height: 128 }), h("figcaption", {}, t("story"))));
  }
  const quoted = view.reply_to ? phone.textOf(view.reply_to) : "";
  if (quoted) nodes.push(h("p", { class: "quote" }, quoted));
  const images = (view.images ?? []).map((image) =>
    h("img", { class: "picture", src: image.url || "/sandbox/static/mark.svg", alt: t("picture") }));
  const files = (view.files ?? []).map((file) => h("p", { class: "file" }, `📎 ${file.title}`));
  const words = [];
  if (view.header) words.push(h("strong", {}, view.header));
  if (view.text) words.push(h("span", { class: "words" }, view.text));
  if (view.footer) words.push(h("small", { class: "footer" }, view.footer));
  if (view.sticker) nodes.push(h("p", { class: "sticker" }, view.sticker));
  if (images.length || files.length || words.length) {
    const isTap = view.is_tap && side === "person";
    nodes.push(h("div", { class: `bubble${isTap ? " bubble--tap" : ""}${images.length ? " bubble--picture" : ""}`, "data-kind": kind }, images, files, words));
  }
  return nodes;
}

function buttonNode(button, entry, phone) {
  if (button.url) {
    return h("a", { class: "tap", href: button.url, target: "_blank", rel: "noreferrer", title: t("open", { url: button.url }) }, button.title, " ↗");
  }
  return h("button", { class: "tap", type: "button", onclick: () => phone.tap(button.title, button.payload, entry) }, button.title);
}

function buttonsNode(buttons, entry, phone) {
  const rows = new Map();
  buttons.forEach((button, number) => {
    const row = button.row ?? number;
    rows.set(row, [...(rows.get(row) ?? []), buttonNode(button, entry, phone)]);
  });
  return h("div", { class: "taps", role: "group", "aria-label": t("answers") },
    [...rows.values()].map((row) => h("div", { class: "taps__row" }, row)));
}

function listNode(list, entry, phone) {
  const rows = list.sections.flatMap((section) => [
    section.title ? h("p", { class: "list__title" }, section.title) : null,
    ...section.rows.map((row) => h("button", { class: "list__row", type: "button", onclick: () => phone.tap(row.title, row.id, entry) },
      h("span", {}, row.title), row.description ? h("small", {}, row.description) : null)),
  ]);
  return h("details", { class: "list" }, h("summary", { class: "tap" }, `☰ ${list.button}`), h("div", { class: "list__rows" }, rows));
}

function cardsNode(cards, entry, phone) {
  return h("ul", { class: "cards", "aria-label": t("cards"), tabindex: "0" }, cards.map((card, number) =>
    h("li", { class: "card" },
      card.image ? h("img", { src: card.image, alt: "" }) : null,
      h("div", { class: "card__words" },
        card.url
          ? h("a", { class: "card__title", href: card.url, target: "_blank", rel: "noreferrer" }, card.title)
          : h("span", { class: "card__title" }, card.title),
        card.subtitle ? h("span", { class: "card__about" }, card.subtitle) : null,
        h("span", { class: "sr" }, t("card.number", { number: number + 1, count: cards.length }))),
      card.buttons.map((button) => buttonNode(button, entry, phone)))));
}

function menuNode(entry, phone, isOwn) {
  const { marks, platform_id: target } = entry;
  const items = [];
  const item = (label, words, run) => items.push(h("button", { type: "button", "aria-label": label, onclick: () => { menu.open = false; run(); } }, words));
  if (phone.can("reaction")) {
    for (const emoji of REACTIONS) item(t("react", { emoji }), emoji, () => phone.act("reaction", { target, emoji }));
    if (marks.reaction) item(t("unreact"), "✕", () => phone.act("reaction", { target, emoji: "" }));
  }
  item(t("reply"), t("reply"), () => phone.replyTo(entry));
  if (isOwn && phone.can("edit") && entry.view.text) item(t("edit"), t("edit"), () => phone.edit(entry));
  if (isOwn && phone.can("unsend")) item(t("unsend"), t("unsend"), () => phone.act("unsend", { target }));
  const menu = h("details", { class: "more", onkeydown: (event) => { if (event.key === "Escape") { menu.open = false; menu.firstChild.focus(); } } },
    h("summary", { "aria-label": t("more") }, "⋯"), h("div", { class: "more__items" }, items));
  return menu;
}

function metaNode(entry, isOwn) {
  const { marks } = entry;
  const time = new Date(entry.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  const parts = [h("time", { datetime: entry.at }, time)];
  if (marks.edited) parts.push(h("span", {}, t("edited")));
  if (marks.failed) parts.push(h("span", { class: "bad" }, t("failed", { code: marks.failed })));
  else if (isOwn && entry.platform_id) {
    const state = marks.seen ? "seen" : "delivered";
    parts.push(h("span", { class: `ticks ticks--${state}`, role: "img", "aria-label": t(state) }, marks.seen ? "✓✓" : "✓"));
  }
  if (entry.warnings.length) parts.push(h("span", { class: "warned", title: entry.warnings.join("\n"), role: "img", "aria-label": `${t("warning")}: ${entry.warnings.join("; ")}` }, "⚠"));
  return h("div", { class: "meta", "aria-live": "off" }, parts);
}
