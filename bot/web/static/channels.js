// The band about channels that do not fare well; nothing at all is shown while they do.

import { call, el, icon, t } from "./desk.js";

const LOOK_AGAIN = 60_000;
const band = document.getElementById("channels");
let shown = "[]";

function line(one) {
  const banner = one.state === "broken" ? "banner banner--bad" : "banner banner--warn";
  return el("div", { class: banner, dataset: { channel: one.channel, state: one.state } },
    icon("alert"),
    el("span", {}, el("strong", {}, one.headline), ` ${one.meaning} `, one.reason ? el("q", { lang: "en" }, one.reason) : null, one.reason ? " " : null, one.advice),
    one.guide ? el("a", { class: "button button--small", href: one.guide }, t("channels.guide_link")) : null);
}

async function look() {
  if (document.hidden) return;
  try {
    const { channels } = await call("GET", "/api/channels");
    const now = JSON.stringify(channels);
    if (now === shown) return; // a screen reader is told of a change only
    shown = now;
    band.replaceChildren(...channels.map(line));
  } catch {
    // What is shown stays; the page itself says when the desk cannot be reached.
  }
}

look();
setInterval(look, LOOK_AGAIN);
document.addEventListener("visibilitychange", look);
