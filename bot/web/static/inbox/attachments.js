// What shoppers send besides words: pictures, recordings, files, places, products.

import { el, icon, t } from "../desk.js";

const ICONS = { image: "picture", sticker: "picture", video: "play", audio: "sound", file: "clip", location: "pin", contact: "user", share: "link", story: "picture", product: "box", order: "box" };
const KEPT_BY_CHANNEL = new Set(["image", "sticker", "video", "audio", "file"]); // by the channel's own id
const SEEN = new Set(["image", "sticker", "story", "product"]);

export const kindName = (kind) => t(`inbox.file_${kind in ICONS ? kind : "other"}`);

const label = (data) => el("span", { class: "file" }, icon(ICONS[data.kind] ?? "clip"), el("span", {}, kindName(data.kind), data.title ? `: ${data.title}` : ""));

function linkTo(data, address) {
  return el("a", { class: "file", href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, icon(ICONS[data.kind] ?? "clip"), el("span", {}, kindName(data.kind), data.title ? `: ${data.title}` : ""));
}

/** One attachment. `ours` is where this desk gives out files the channel keeps for the shop, else null. */
export function attachment(data, ours) {
  const isOurs = Boolean(ours && data.platform_id && !data.url && KEPT_BY_CHANNEL.has(data.kind));
  const address = isOurs ? ours : /^https?:\/\//.test(data.url || "") ? data.url : "";
  if (!address) return label(data);
  const mayLoad = isOurs || address.startsWith("https://"); // the page's policy lets nothing else in
  if (SEEN.has(data.kind) && mayLoad) {
    const name = data.title ? `${kindName(data.kind)}: ${data.title}` : t("inbox.file_open", { kind: kindName(data.kind) });
    const picture = el("img", { class: data.kind === "sticker" ? "picture picture--sticker" : "picture", src: address, alt: name, loading: "lazy", referrerpolicy: "no-referrer" });
    const link = el("a", { class: "file__picture", href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, picture);
    picture.addEventListener("error", () => link.replaceWith(el("span", { class: "file" }, icon("picture"), el("span", {}, kindName(data.kind), data.title ? `: ${data.title}` : "", ` · ${t("inbox.file_gone")}`))));
    return link;
  }
  if (isOurs && (data.kind === "audio" || data.kind === "video")) {
    return el("figure", { class: "file__player" }, el("figcaption", { class: "sr" }, kindName(data.kind)), el(data.kind, { controls: true, preload: "none", src: address, "aria-label": kindName(data.kind) }), linkTo(data, address));
  }
  return linkTo(data, address);
}
