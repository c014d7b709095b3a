/* Making elements, finding words, calling the stand-in. Text only ever goes in as text. */

const data = JSON.parse(document.getElementById("data").textContent);
export const accounts = data.accounts;

export function t(key, values = {}) {
  let words = data.texts[key] ?? key;
  for (const [name, value] of Object.entries(values)) words = words.replaceAll(`{${name}}`, value);
  return words;
}

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function tell(words) {
  document.getElementById("told").textContent = words;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { document.getElementById("told").textContent = ""; }, 8000);
}

export async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const found = await answer.json();
  if (!answer.ok) {
    tell(found.message ?? String(answer.status));
    throw new Error(found.message);
  }
  return found;
}

export function ask(label, sample) {
  const dialog = document.getElementById("ask");
  const text = document.getElementById("ask-text");
  document.getElementById("ask-label").textContent = label;
  text.value = sample;
  dialog.returnValue = "no";
  dialog.showModal();
  text.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? text.value.trim() : ""), { once: true });
  });
}
