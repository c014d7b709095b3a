// Keys of the inbox; `?` shows them. None works while something is being typed.

import { el, t } from "../desk.js";

const VIEWS = ["waiting", "mine", "bot", "people", "all", "closed"];
const KEYS = { j: "next", k: "previous", t: "take", r: "reply", n: "note", b: "hand_back", u: "release", e: "close", i: "side", "/": "search" };
const SHOWN = [["J", "next"], ["K", "previous"], ["T", "take"], ["R", "reply"], ["N", "note"], ["B", "hand_back"], ["U", "release"], ["E", "close"], ["I", "side"], ["/", "search"], ["1–6", "view"], ["Esc", "leave"], ["?", "help"]];
const TYPED = [["Enter", "send"], ["Shift Enter", "newline"], ["/", "canned"], ["#", "product"]];

export function shortcuts({ actions }) {
  const dialog = document.getElementById("help");
  const line = ([keys, name]) => el("div", {}, el("span", {}, t(`inbox.key_${name}`)), el("span", {}, keys.split(" ").flatMap((key, index) => [index ? " + " : "", el("kbd", {}, key)])));
  document.getElementById("help-keys").append(...SHOWN.map(line), el("div", {}, el("strong", {}, t("inbox.key_while_typing"))), ...TYPED.map(line));
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.getElementById("help-button").addEventListener("click", () => dialog.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || dialog.open) return;
    const at = event.target;
    if (at.matches?.("input, textarea, select, [contenteditable]")) {
      if (event.key === "Escape" && at.id === "search") at.blur();
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      dialog.showModal();
    } else if (event.key === "Escape") {
      if (!document.querySelector("details.menu[open]")) actions.leave();
    } else if (/^[1-6]$/.test(event.key)) actions.view(VIEWS[Number(event.key) - 1]);
    else if (KEYS[event.key.toLowerCase()]) {
      event.preventDefault();
      actions[KEYS[event.key.toLowerCase()]]();
    }
  });
}
