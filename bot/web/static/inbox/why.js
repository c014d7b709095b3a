// Why the bot said something: in short what the turn left, and in a dialog what the brain says of the message now.

import { call, el, icon, languageName, list, number, percent as share, t } from "../desk.js";
import { titled } from "./format.js";
import { titles } from "./wordings.js";

const percent = (value) => share(value ?? 0, { maximumFractionDigits: 1 });
const decimal = (value, sign = "auto") => number(value, { maximumFractionDigits: 2, minimumFractionDigits: 2, signDisplay: sign });
const REASONS = new Set(["low_confidence", "ambiguous", "other_language", "search_by_catalogue"]);
const ROLES = new Set(["wanted", "given", "from", "to"]);
const VIEWS = { "n-grams": "inbox.view_letters", "n-grams and embedding": "inbox.view_meaning", "likeness to the examples": "inbox.view_likeness" };

const languageOf = (code) => (code === "other" ? t("inbox.why_other") : languageName(code));
const entity = ({ entity: name, value, role }) => [el("dt", {}, titled(`inbox.entity_${name}`, String(name).replaceAll("_", " "))), el("dd", {}, String(value), ROLES.has(role) ? ` (${t(`inbox.role_${role}`)})` : "")];

/** A bar from 0 to 1, drawn as SVG because a strict CSP allows no style attributes. */
function meter(value) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 100 6");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const bar = document.createElementNS(space, "rect");
  bar.setAttribute("width", String(Math.round(Math.min(1, Math.max(0, value)) * 100)));
  bar.setAttribute("height", "6");
  svg.append(bar);
  return el("div", { class: "meter" }, svg);
}

/** A reading by its title in the reader's language, with its own name beside it. */
const reading = (name, known) => (known[name] ? [known[name], " ", el("small", { class: "mono" }, name)] : [name]);

const ranked = (leaves, known) =>
  el("ol", { class: "intents", role: "list" }, leaves.map((one, index) => el("li", {}, el("span", { class: index ? "quiet" : "" }, index ? el("span", { class: "sr" }, t("inbox.why_runner_up"), " ") : "", reading(one.intent ?? one.leaf, known)), el("span", { class: "num" }, percent(one.confidence)), meter(one.confidence ?? 0))));

/** What one reading says: why the bot asked back, what came first and second, what was found in it. */
function told(data, quoted, language) {
  const leaves = data.leaves?.length ? data.leaves : data.ranking?.length ? data.ranking : data.intent ? [{ intent: data.intent, confidence: data.confidence }] : [];
  const reason = REASONS.has(data.why) ? `inbox.why_${data.why}` : data.is_fallback ? "inbox.why_fallback" : "";
  const children = quoted ? [el("p", {}, el("q", { lang: language }, quoted))] : [];
  if (reason) children.push(el("p", { class: "banner banner--warn" }, icon("alert"), t(reason)));
  if (leaves.length) {
    const place = el("div", {}, ranked(leaves.slice(0, 3), {}));
    titles().then((known) => place.replaceChildren(ranked(leaves.slice(0, 3), known)), () => {}); // the names alone say it too
    children.push(place);
  } else children.push(el("p", { class: "quiet" }, t("inbox.why_nothing")));
  if (typeof data.scope === "number") children.push(el("p", { class: "quiet" }, t(data.scope >= 1 ? "inbox.why_in_scope" : "inbox.why_out_of_scope", { share: percent(data.scope) })));
  if (data.entities?.length) children.push(el("dl", { class: "pairs" }, data.entities.flatMap(entity)));
  return children;
}

/** All readings of a message: one for each request in it. */
export const readings = (understood) => [understood, ...(understood.also ?? [])];

/** The section of the right column about one message; `cause` is the shopper's message it was about. */
export function whySection({ message, cause, language, onClose, onMore }) {
  const data = cause?.understood ?? {};
  const heard = data.language ?? {};
  const spoken = heard.message && heard.message !== "other" ? heard.message : language;
  const slots = Object.entries(data.slots ?? {}).filter(([, value]) => value !== null && value !== "" && typeof value !== "object");
  const children = [el("h3", { id: "why" }, t("inbox.why_title"), el("button", { class: "button button--bare button--icon", type: "button", "aria-label": t("common.close"), onclick: onClose }, icon("close")))];
  if (cause) children.push(el("p", {}, el("q", { lang: spoken }, cause.text)));
  if (heard.message) children.push(el("p", { class: "quiet" }, icon("globe"), " ", t("inbox.why_language", { language: languageOf(heard.message) }), heard.confidence ? ` · ${percent(heard.confidence)}` : ""));
  if (message.response) children.push(el("p", {}, t("inbox.why_response"), " ", el("span", { class: "mono" }, message.response)));
  if (data.failed_action) children.push(el("p", { class: "banner banner--bad" }, icon("alert"), t("inbox.why_failed", { action: data.failed_action })));
  if (data.also?.length) children.push(el("p", { class: "quiet" }, t("inbox.why_several")));
  for (const one of readings(data)) children.push(...told(one, data.also?.length ? one.text : "", spoken));
  if (slots.length) children.push(el("details", {}, el("summary", {}, t("inbox.why_slots", { n: slots.length })), el("dl", { class: "pairs" }, slots.flatMap(([key, value]) => [el("dt", { class: "mono" }, key), el("dd", {}, String(value))]))));
  if (cause?.text) children.push(el("button", { class: "button button--small", type: "button", "aria-haspopup": "dialog", onclick: () => onMore(cause) }, icon("eye"), t("inbox.why_more")));
  return el("section", { "aria-live": "polite" }, children);
}

function table(title, heads, rows) {
  if (!rows.length) return null;
  return el(
    "table",
    { class: "told" },
    el("caption", {}, title),
    el("thead", {}, el("tr", {}, heads.map((head, index) => el("th", { scope: "col", class: index ? "num" : null }, head)))),
    el("tbody", {}, rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), rest.map((cell) => el("td", { class: "num" }, cell))))),
  );
}

/** The dialog with the brain's whole explanation of a message. */
export class Explained {
  constructor() {
    this.dialog = document.getElementById("explained");
    this.body = document.getElementById("explained-body");
    for (const shut of this.dialog.querySelectorAll("[data-close]")) shut.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.turn = 0;
  }

  async open(conversationId, message) {
    const turn = ++this.turn;
    this.body.setAttribute("aria-busy", "true");
    this.body.replaceChildren(el("p", { class: "quiet" }, t("inbox.more_asking")));
    if (!this.dialog.open) this.dialog.showModal();
    let children;
    try {
      const [{ explanation }, known] = await Promise.all([call("POST", `/api/inbox/conversations/${conversationId}/messages/${message.id}/explain`), titles()]);
      children = this.told(explanation, known);
    } catch (error) {
      children = [el("p", { class: "banner banner--bad" }, icon("alert"), error.message), el("button", { class: "button button--small", type: "button", onclick: () => this.open(conversationId, message) }, t("common.retry"))];
    }
    if (turn !== this.turn) return;
    this.body.removeAttribute("aria-busy");
    this.body.replaceChildren(...children.filter(Boolean));
  }

  told(found, known) {
    const { language, decision, scope } = found;
    const sides = { out_of_scope: t("inbox.more_outside"), inside: t("inbox.more_inside") };
    const title = (leaf) => known[leaf] ?? sides[leaf] ?? leaf;
    const [best, second] = found.compared.map(title);
    return [
      el("p", {}, el("q", { lang: language.message === "other" ? null : language.message }, found.text)),
      found.requests?.length
        ? el("div", {}, el("p", {}, t("inbox.why_several")), el("dl", { class: "pairs" }, found.requests.map((one) => [el("dt", {}, title(one.leaf)), el("dd", {}, el("q", {}, one.text), ` ${percent(one.confidence)}`)])))
        : el("p", {}, t(REASONS.has(decision.why) ? `inbox.why_${decision.why}` : "inbox.more_sure"), decision.offers.length ? ` ${t("inbox.more_offers", { names: list(decision.offers.map(title)) })}` : ""),
      el(
        "dl",
        { class: "pairs" },
        language.ranking.length ? [el("dt", {}, t("inbox.more_languages")), el("dd", {}, language.ranking.filter((one, index) => index === 0 || one.share >= 0.005).map((one) => `${languageOf(one.language.replace("other:", ""))} ${percent(one.share)}`).join(", "))] : null,
        found.read_as.map((one) => [el("dt", {}, t("inbox.more_read_as")), el("dd", { class: "mono" }, one.text)]),
        scope ? [el("dt", {}, t("inbox.more_scope")), el("dd", {}, t("inbox.more_scope_of", { value: decimal(scope.value), threshold: decimal(scope.threshold) })), el("dt", {}, t("inbox.more_outside")), el("dd", {}, percent(scope.outside))] : null,
        found.entities.map(entity),
      ),
      ranked(found.leaves, known),
      table(t("inbox.more_words"), [t("inbox.more_word"), best, second], found.words.map((one) => [one.word, decimal(one.for_best, "exceptZero"), decimal(one.for_second, "exceptZero")])),
      table(t("inbox.more_views"), [t("inbox.more_view"), t("inbox.more_reading"), ""], found.views.map((one) => [VIEWS[one.view] ? t(VIEWS[one.view]) : one.view, title(one.leaves[0].leaf), percent(one.leaves[0].confidence)])),
      table(t("inbox.more_nearest"), [t("inbox.more_example"), t("inbox.more_reading"), t("inbox.more_likeness")], found.nearest.map((one) => [one.text, title(one.leaf), decimal(one.likeness)])),
      el("p", { class: "quiet" }, t("inbox.more_now")),
    ];
  }
}
