/* The switches for trouble, one card an account. */

import { call, h, t } from "./dom.js";

const CALLS = ["none", "drop", "error", "throttle", "lost", "hang", "garbled", "slow"];
const HOW = ["once", "some", "all"];
const HOOKS = { twice: { on: 1, off: 0 }, batch: { on: 5, off: 1 }, shuffle: { on: 1, off: 0 }, late: { on: 0.3, off: 0 } };

function noCalls() {
  return Object.fromEntries(CALLS.slice(1).map((name) => [name, 0]));
}

export function troubleNode(account) {
  const channel = t(`channel.${account.channel}`);
  const set = (values) => call("POST", "/sandbox/faults", { account: account.key, ...values }).catch(() => {});
  const what = h("select", {}, CALLS.map((name) => h("option", { value: name }, t(`call.${name}`))));
  const how = h("select", {}, HOW.map((name) => h("option", { value: name }, t(`how.${name}`))));
  const change = () => {
    const name = what.value;
    const values = { ...noCalls(), script: [] };
    if (name !== "none" && how.value === "once") values.script = [name];
    else if (name !== "none") values[name] = how.value === "all" ? 1 : 0.34;
    set(values);
  };
  what.addEventListener("change", change);
  how.addEventListener("change", change);
  const box = (label, run) => h("label", { class: "box" }, h("input", { type: "checkbox", onchange: (event) => run(event.target.checked) }), label);
  const log = h("p", { class: "hint", "aria-live": "off" });
  const node = h("fieldset", { class: "trouble__card", "data-channel": account.channel },
    h("legend", {}, h("span", { class: "sr" }, t("trouble.of", { channel }).replace(channel, "")), channel),
    h("label", { class: "pick" }, h("span", {}, t("trouble.call")), what),
    h("label", { class: "pick" }, h("span", {}, t("trouble.how")), how),
    box(t("trouble.dead"), (isOn) => set({ dead_token: isOn ? "expired" : "" })),
    h("p", { class: "trouble__label" }, t("trouble.hooks")),
    h("div", { class: "row" }, Object.entries(HOOKS).map(([name, { on, off }]) => box(t(`hook.${name}`), (isOn) => set({ [name]: isOn ? on : off })))),
    log);
  return {
    node,
    count(calls) {
      const own = Object.entries(calls).filter(([name]) => name.startsWith(`${account.key} `));
      const of = (chosen) => chosen.reduce((sum, [, number]) => sum + number, 0);
      const isTaken = ([name]) => name.endsWith(" accepted");
      log.textContent = t("log", { accepted: of(own.filter(isTaken)), other: of(own.filter((one) => !isTaken(one))) });
    },
  };
}
