// Rich parts of a message as agents see them.

import { attachment } from "./attachments.js";
import { day, el, exact, icon, money, page, t } from "../desk.js";

const titled = (key, otherwise) => {
  const text = t(key);
  return text === key ? otherwise : text;
};

export const orderState = (state) => titled(`inbox.order_${state}`, state.replaceAll("_", " "));

export function picture(address, className) {
  if (!/^(https:\/\/|\/(?!\/))/.test(address || "")) return el("span", { class: "product__none", "aria-hidden": "true" });
  return el("img", { class: className, src: address, alt: "", loading: "lazy", width: 48, height: 48 });
}

export function price(item) {
  const from = money(item.price_minor, item.currency);
  return item.price_to_minor && item.price_to_minor !== item.price_minor ? `${from} – ${money(item.price_to_minor, item.currency)}` : from;
}

export function stock(item) {
  const words = titled(`inbox.stock_${item.availability}`, item.availability.replaceAll("_", " "));
  return item.stock === null || item.stock === undefined ? words : `${words} (${item.stock})`;
}

function product(item) {
  const title = /^(https?:\/\/|\/(?!\/))/.test(item.url || "")
    ? el("a", { href: item.url, target: "_blank", rel: "noopener noreferrer" }, item.title)
    : item.title;
  return el(
    "div",
    { class: "product" },
    picture(item.image, ""),
    el("div", { class: "product__title" }, title),
    el("div", { class: "product__foot num" }, el("span", {}, price(item)), el("span", {}, stock(item))),
  );
}

/** An order as a foldable card. */
export function order(item, isOpen = false) {
  const lines = item.lines.map((line) =>
    el("li", {}, el("span", {}, `${line.quantity} × ${line.title}${line.options ? ` · ${line.options}` : ""}`), el("span", { class: "num" }, money(line.total_minor, item.currency))),
  );
  const steps = item.timeline.map((step) =>
    el("li", { class: step.is_done ? "is-done" : "" }, icon(step.is_done ? "check" : "clock"), el("span", {}, step.text, step.at ? ` · ${exact(step.at)}` : "")),
  );
  const track = /^https?:\/\//.test(item.tracking_url || "")
    ? el("a", { href: item.tracking_url, target: "_blank", rel: "noopener noreferrer" }, `${item.carrier} ${item.tracking_number}`)
    : item.tracking_number ? el("span", {}, `${item.carrier} ${item.tracking_number}`) : null;
  const body = el(
    "div",
    { class: "order__body" },
    el("p", { class: "quiet" }, t("inbox.placed_at", { at: day(item.placed_at) })),
    el("ul", { class: "order__lines", role: "list" }, lines),
    steps.length ? el("ol", { class: "steps", role: "list" }, steps) : null,
    track,
  );
  return el(
    "details",
    { class: "order", open: isOpen },
    el("summary", {}, icon("right"), el("strong", { class: "mono" }, item.number), el("span", { class: `chip ${tone(item.state)}` }, orderState(item.state)), el("span", { class: "order__total num" }, money(item.total_minor, item.currency))),
    body,
  );
}

const TONES = { delivered: "chip--good", shipped: "chip--info", in_transit: "chip--info", out_for_delivery: "chip--info", cancelled: "chip--bad", failed: "chip--bad", returned: "chip--warn", refunded: "chip--warn", delayed: "chip--warn" };
const tone = (state) => TONES[state] || "";

/** The nodes of one part; unknown parts say what they are instead of vanishing. `ours` as of `attachment`. */
export function part(data, ours = null) {
  if (data.type === "file") return attachment(data, ours);
  if (data.type === "quick_replies") return el("div", { class: "choices", role: "group", "aria-label": t("inbox.offered") }, data.items.map((item) => el("span", {}, item.title)));
  if (data.type === "products") return el("div", { class: "cards" }, data.items.map(product));
  if (data.type === "order") return order(data);
  if (data.type === "image") {
    return /^(https:\/\/|\/(?!\/))/.test(data.url) ? el("img", { class: "picture", src: data.url, alt: data.alt || "", loading: "lazy" }) : null;
  }
  if (data.type === "survey") return el("div", { class: "choices" }, el("span", {}, icon("star"), ` ${t("inbox.rating_asked", { scale: data.scale })}`));
  return el("div", { class: "choices" }, el("span", { lang: page.locale }, data.type));
}
