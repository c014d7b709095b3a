// The bot's answers: find one, write the shop's own words, see how shoppers see it.

import { call, day, el, icon, languageName, number, t, toast } from "../desk.js";

const MOST = 4000;
const data = JSON.parse(document.getElementById("answers").textContent);
const columns = document.getElementById("columns");
const rows = document.getElementById("rows");
const edit = document.getElementById("edit");
const search = document.getElementById("search");
const localeField = document.getElementById("locale");
const onlyEdited = document.getElementById("edited-only");

let answers = new Map();
let teach = taught(location.hash); // {question, topic} of a question the bot could not answer
let open = teach ? `utter_${teach.topic}` : decodeURIComponent(location.hash.slice(1));
let unsaved = null; // {name, locale, text} typed but not saved

/** The question in an address the dashboard made, null when it names none. */
function taught(hash) {
  const given = new URLSearchParams(hash.slice(1));
  return given.get("teach") ? { question: given.get("teach"), topic: given.get("topic") ?? "" } : null;
}

/** A line of training examples; Rasa reads [words](entity) and {…} as markup, so a shopper's brackets go. */
const example = (question) => `    - ${question.replace(/[[\](){}|\\]/g, " ").replace(/\s+/g, " ").trim().toLowerCase()}`;

function lesson() {
  if (!teach) return null;
  const answer = answers.get(open);
  const isTopic = answer?.name.includes("/");
  const line = example(teach.question);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(`${line}\n`);
      toast(t("answers.teach_copied", { file: answer.file }));
    } catch {
      toast(t("answers.teach_copy_failed"));
    }
  };
  const done = () => {
    teach = null;
    search.value = "";
    history.replaceState(null, "", answer ? `#${encodeURIComponent(answer.name)}` : location.pathname);
    drawRows();
    edit.querySelector(".lesson")?.remove();
  };
  return el("section", { class: "lesson", "aria-labelledby": "lesson-title" },
    el("h2", { id: "lesson-title" }, t("answers.teach")),
    el("blockquote", {}, teach.question),
    answer?.name === `utter_${teach.topic}` ? el("p", {}, t("answers.teach_closest")) : answer ? null : el("p", {}, t("answers.teach_choose")),
    isTopic ? el("p", { class: "hint" }, t("answers.teach_wording", { intent: answer.name.replace(/^utter_/, ""), file: answer.file })) : null,
    isTopic ? el("pre", { class: "lesson__line", tabindex: 0 }, line) : null,
    el("div", { class: "editor__foot" },
      isTopic ? el("button", { class: "button button--small", type: "button", onclick: copy }, t("answers.teach_copy")) : null,
      el("button", { class: "button button--small button--bare", type: "button", onclick: done }, t("answers.teach_done"))));
}

const ownTexts = (answer, locale) => answer.texts[locale] ?? answer.texts[locale.split("-")[0]] ?? [];
const defaultText = (answer, locale) => ownTexts(answer, locale)[0] ?? answer.texts.en?.[0] ?? "";
const shownText = (answer, locale) => answer.edited[locale]?.text ?? (ownTexts(answer, locale).length ? defaultText(answer, locale) : answer.edited.en?.text ?? defaultText(answer, locale));
const title = (answer) => data.titles[answer.name.replace(/^utter_/, "")] ?? (answer.name.replace(/^utter_/, "").split("/")[1] ?? answer.name.replace(/^utter_/, "")).replaceAll("_", " ");
const topicName = (topic) => {
  const text = t(`answers.topic_${topic}`);
  return text.startsWith("answers.") ? topic.toUpperCase() : text;
};

function fits(answer) {
  const wanted = search.value.trim().toLowerCase();
  if (onlyEdited.checked && !answer.edited[localeField.value]) return false;
  return !wanted || `${answer.name} ${title(answer)} ${shownText(answer, localeField.value)}`.toLowerCase().includes(wanted);
}

function drawRows() {
  rows.setAttribute("aria-busy", "false");
  const locale = localeField.value;
  const topics = new Map();
  for (const answer of answers.values()) if (fits(answer)) topics.set(answer.topic, [...(topics.get(answer.topic) ?? []), answer]);
  const nodes = [...topics].sort((a, b) => (a[0] === "general") - (b[0] === "general") || a[0].localeCompare(b[0])).flatMap(([topic, list]) => [
    el("h2", {}, topicName(topic), el("span", { class: "num" }, number(list.length))),
    el("ul", { role: "list" }, list.map((answer) =>
      el("li", {}, el("button", { class: "answer", type: "button", "aria-current": answer.name === open ? "true" : null, dataset: { name: answer.name }, onclick: () => choose(answer.name) },
        el("strong", {}, title(answer)),
        answer.edited[locale] ? el("span", { class: "chip chip--accent" }, t("answers.edited")) : answer.is_editable ? null : icon("shield"),
        el("span", { class: "text", lang: locale }, shownText(answer, locale) || t("answers.no_text")))))),
  ]);
  rows.replaceChildren(...(nodes.length ? nodes : [el("div", { class: "empty" }, icon("search"), el("strong", {}, t("answers.empty")), el("p", {}, t("answers.empty_hint")))]));
}

const mayLeave = () => !unsaved || confirm(t("answers.leave"));

function choose(name) {
  if (name !== open && !mayLeave()) return;
  if (name !== open) unsaved = null;
  open = name;
  history.replaceState(null, "", teach ? `#${new URLSearchParams({ teach: teach.question, topic: teach.topic })}` : `#${encodeURIComponent(name)}`);
  columns.classList.add("shows-edit");
  for (const button of rows.querySelectorAll(".answer")) {
    if (button.dataset.name === name) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  drawEditor();
  edit.querySelector("textarea, h2")?.focus();
}

function drawEditor() {
  const answer = answers.get(open);
  if (!answer) {
    edit.replaceChildren(...[lesson(), el("div", { class: "empty" }, icon("edit"), el("strong", {}, t("answers.choose")), el("p", {}, t("answers.choose_hint")))].filter(Boolean));
    return;
  }
  const locale = localeField.value;
  const mine = answer.edited[locale];
  const own = ownTexts(answer, locale);
  const back = el("button", { class: "button button--bare editor__back", type: "button", onclick: () => columns.classList.remove("shows-edit") }, icon("left"), t("answers.title"));
  const head = el("header", { class: "editor__head" }, el("h2", { tabindex: -1 }, title(answer)), el("span", { class: "mono" }, answer.name), el("span", { class: "chip" }, languageName(locale)));
  const defaults = el("section", {}, el("h3", {}, t("answers.default")),
    own.length === 0 ? el("p", { class: "hint" }, t("answers.none_in_language")) : own.length > 1 ? el("p", { class: "hint" }, t("answers.variations", { n: own.length })) : null,
    (own.length ? own : [defaultText(answer, locale) || t("answers.no_text")]).map((text) => el("blockquote", { lang: locale }, text)));
  if (!answer.is_editable) {
    const why = el("p", { class: "banner" }, icon("shield"), t("answers.locked", { variables: answer.variables.join(", ") || "…", file: answer.file }));
    edit.replaceChildren(el("div", { class: "editor" }, back, lesson(), head, why, defaults));
    return;
  }
  const bubble = el("div", { class: "preview__bubble", lang: locale });
  const count = el("span", { class: "hint num" });
  const problem = el("p", { class: "wrong", role: "alert", id: "problem" });
  const field = el("textarea", { class: "input", id: "text", lang: locale, maxlength: MOST, "aria-describedby": "problem" });
  const save = el("button", { class: "button button--main", type: "button", "aria-keyshortcuts": "Control+Enter" }, t("answers.save"));
  const reset = el("button", { class: "button", type: "button", hidden: !mine }, icon("undo"), t("answers.reset"));
  const saved = mine?.text ?? defaultText(answer, locale);
  field.value = unsaved && unsaved.name === open && unsaved.locale === locale ? unsaved.text : saved;
  const changed = () => {
    const text = field.value;
    unsaved = text === saved ? null : { name: answer.name, locale, text };
    bubble.textContent = text.trim() || "…";
    count.textContent = `${t("answers.characters", { n: text.length, most: MOST })}${unsaved ? ` · ${t("answers.unsaved")}` : ""}`;
    save.disabled = !unsaved || !text.trim();
  };
  field.addEventListener("input", changed);
  const send = async (path, body, words) => {
    problem.textContent = "";
    save.disabled = true;
    try {
      const found = await call("POST", path, { name: answer.name, locale, base_version: mine?.version ?? 0, ...body });
      unsaved = null;
      answers.set(found.answer.name, found.answer);
      toast(words);
      drawRows();
      if (open === answer.name) drawEditor();
    } catch (error) {
      problem.textContent = error.message;
      save.disabled = false;
    }
  };
  const store = () => !save.disabled && send("/api/answers", { text: field.value }, t("answers.saved"));
  save.addEventListener("click", store);
  reset.addEventListener("click", () => send("/api/answers/reset", {}, t("answers.was_reset")));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      store();
    }
  });
  edit.replaceChildren(
    el("div", { class: "editor" }, back, lesson(), head,
      el("section", {}, el("h3", {}, el("label", { for: "text" }, t("answers.yours"))), field, problem, el("div", { class: "editor__foot" }, count, reset, save),
        mine ? el("p", { class: "hint" }, t("answers.by", { name: mine.by || "?", at: day(mine.at), n: mine.version })) : null),
      el("section", {}, el("h3", {}, t("answers.preview")), el("div", { class: "preview" }, el("span", { class: "preview__name" }, data.bot_name), bubble, answer.buttons.length ? el("div", { class: "preview__buttons" }, answer.buttons.map((one) => el("span", {}, one))) : null),
        answer.buttons.length ? el("p", { class: "hint" }, t("answers.buttons", { buttons: answer.buttons.join(" · ") })) : null),
      mine || own.length !== 1 ? defaults : null),
  );
  changed();
}

async function load() {
  rows.replaceChildren(el("div", { class: "empty" }, el("span", { class: "skeleton" }, "····················")));
  try {
    const found = await call("GET", "/api/answers");
    answers = new Map(found.answers.map((answer) => [answer.name, answer]));
    if (teach && answers.has(open)) search.value = teach.topic;
    drawRows();
    if (answers.has(open)) columns.classList.add("shows-edit");
    drawEditor();
    rows.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  } catch (error) {
    rows.replaceChildren(el("div", { class: "empty" }, icon("alert"), el("strong", {}, t("answers.failed")), el("p", {}, error.message), el("button", { class: "button", type: "button", onclick: load }, t("common.retry"))));
  }
}

localeField.append(...data.locales.map((code) => el("option", { value: code }, languageName(code))));
localeField.value = data.locale;
localeField.hidden = data.locales.length < 2;
let before = localeField.value;
localeField.addEventListener("change", () => {
  if (!mayLeave()) {
    localeField.value = before;
    return;
  }
  unsaved = null;
  before = localeField.value;
  drawRows();
  drawEditor();
});
search.addEventListener("input", drawRows);
onlyEdited.addEventListener("change", drawRows);
window.addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
load();
