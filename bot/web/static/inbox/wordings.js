// Titles of what the bot understands, and the English of its answers; read once per language.

import { call, el, page } from "../desk.js";

const known = new Map(); // language -> promise of {titles, answers}
const PLACE = /\{(\w+)\}/g;

function words(language) {
  if (!known.has(language)) {
    const asked = call("GET", `/api/inbox/wordings?${new URLSearchParams({ language })}`);
    asked.catch(() => known.delete(language)); // the next to ask tries again
    known.set(language, asked);
  }
  return known.get(language);
}

export const titles = async () => (await words("en")).titles;

/** What a message was understood as: its title as soon as titles are known, until then its own name. */
export function understoodAs(name) {
  const node = el("span", {}, name);
  titles().then((found) => found[name] && node.replaceChildren(found[name]), () => {});
  return node;
}

export const baseOf = (language) => (language || "en").split("-")[0];

/** Whether an agent may want to read English beside words in `language`. */
export const isForeign = (language) => ![baseOf(page.locale), "en"].includes(baseOf(language));

/** The values a text has in the places of a template; null when it is not made from it. */
function valuesIn(template, text) {
  const escaped = template.trim().split(PLACE).map((piece, number) => (number % 2 ? "([\\s\\S]*?)" : piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  const found = new RegExp(`^${escaped.join("")}$`, "u").exec(text.trim());
  return found && Object.fromEntries([...template.matchAll(PLACE)].map(([, name], number) => [name, found[number + 1]]));
}

/** The English wording of what the bot said in `language`; empty when it has none. */
export async function inEnglish({ response, text }, language) {
  const { answers } = await words(language);
  const answer = answers[response];
  if (!answer) return "";
  let [values, english] = [{}, answer.english[0]];
  for (const [number, template] of answer.texts.entries()) {
    const found = valuesIn(template, text);
    if (found) {
      [values, english] = [found, answer.english[number % answer.english.length]];
      break;
    }
  }
  return english.replace(PLACE, (_place, name) => values[name] ?? "…");
}
