/* The page: four phones kept up to date by server-sent events. */

import { accounts, call, t } from "./dom.js";
import { Phone } from "./phone.js";
import { troubleNode } from "./trouble.js";

const phones = accounts.map((account) => new Phone(account));
const troubles = accounts.map(troubleNode);
document.getElementById("phones").append(...phones.map((phone) => phone.node));
document.getElementById("trouble").append(...troubles.map((trouble) => trouble.node));

const live = document.getElementById("live");
let reading = null;

async function read() {
  const { threads, calls } = await call("GET", "/sandbox/threads");
  for (const phone of phones) phone.load(threads.filter((thread) => thread.account === phone.account.key));
  for (const trouble of troubles) trouble.count(calls);
}

function readSoon() {
  reading ??= setTimeout(() => { reading = null; read().catch(() => {}); }, 50);
}

let counting = null;

function countSoon() {
  counting ??= setTimeout(async () => {
    counting = null;
    const { calls } = await call("GET", "/sandbox/threads?account=none").catch(() => ({ calls: {} }));
    for (const trouble of troubles) trouble.count(calls);
  }, 500);
}

function state(name) {
  live.textContent = t(name);
  live.dataset.state = name;
}

const events = new EventSource("/sandbox/events");
events.addEventListener("open", () => { state("live"); readSoon(); });
events.addEventListener("error", () => state("offline"));
events.addEventListener("message", (event) => {
  const news = JSON.parse(event.data);
  countSoon();
  if (news.event === "thread") readSoon();
  else if (news.thread && !phones.some((phone) => phone.heard(news))) readSoon();
});
document.addEventListener("visibilitychange", () => phones.forEach((phone) => phone.look()));

function clock() {
  const now = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  for (const node of document.querySelectorAll(".phone__time")) node.textContent = now;
  for (const phone of phones) phone.drawWindow();
}
clock();
setInterval(clock, 15000);
