// The inbox: wires list, thread, composer, shopper and the live stream together.

import { CallFailed, call, el, icon, t, toast } from "../desk.js";
import { Alerts } from "./alerts.js";
import { Composer } from "./composer.js";
import { shopperName } from "./format.js";
import { layout } from "./layout.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { Merge } from "./merge.js";
import { Presence } from "./presence.js";
import { shortcuts } from "./shortcuts.js";
import { Side } from "./side.js";
import { Thread } from "./thread.js";
import { Explained } from "./why.js";

const data = JSON.parse(document.getElementById("inbox").textContent);
const me = data.me.id;
const columns = document.getElementById("columns");
const announcer = document.getElementById("announcer");
const announce = (text) => {
  announcer.textContent = text;
};

let open = null; // the open conversation
let opening = 0;
let waiting = null; // ids that wait, to ring only for new ones
const alerts = new Alerts();
const presence = new Presence({ me });

const list = new List({
  me,
  slaSeconds: data.sla_seconds,
  onOpen: (id) => show(id),
  onView: (view) => setView(view),
  onChannel: (channel) => {
    list.setChannel(channel);
    history.replaceState(null, "", address(open?.id));
    list.load();
  },
  onCounts: (counts) => alerts.count(counts.waiting),
});
const merge = new Merge({
  onMerged: (id, row) => {
    list.merge([row], list.counts);
    reread(id);
    announce(t("inbox.done_merge"));
    toast(t("inbox.done_merge"));
  },
});
const explained = new Explained();
const side = new Side({ onOpen: (id) => show(id), onClose: () => columns.classList.remove("shows-side"), onMerge: (id, data) => merge.open(id, data), onMore: (id, message) => explained.open(id, message) });
const thread = new Thread({
  me,
  botName: data.bot_name,
  slaSeconds: data.sla_seconds,
  live: data.live_channels,
  media: data.media_channels,
  onAct: (name) => act(name),
  onWhy: (message, cause) => {
    columns.classList.add("shows-side");
    side.explain(message, cause);
  },
  onOlder: (before) => older(before),
  onBack: () => leave(),
  onSide: () => columns.classList.toggle("shows-side"),
  onResend: (messageId, button) => resend(messageId, button),
  announce,
});
const composer = new Composer({ me, thread, onTake: () => act("take"), onHandBack: () => act("hand_back"), onStale: (id) => reread(id) });
composer.myName = data.me.name;

const live = new Live({
  onRows: ({ rows, counts, is_all: isAll }) => {
    if (isAll) list.merge(rows, counts);
    else list.load();
    ring(rows);
    for (const row of rows) if (open && row.id === open.id) refreshed(row);
  },
  onTeam: (team) => presence.team(team),
  onEvent: (id, event) => {
    if (open?.id !== id) return;
    thread.add(event);
    // who may write, until when, and with whom the conversation is
    const isTheirs = event.kind === "message" && event.message.author === "shopper" && !data.live_channels.includes(open.channel);
    if (["owner", "note"].includes(event.kind) || (event.kind === "delivery" && event.state === "failed") || isTheirs) reread(id);
  },
  onTyping: (id, signal) => {
    if (open?.id === id) thread.setTyping(signal.author === "shopper" ? shopperName(open) : signal.name);
  },
  onLooking: (id, people) => open?.id === id && thread.setLooking(people),
  onState: (isLive) => {
    document.getElementById("offline").hidden = isLive;
  },
  onLost: () => {
    list.load();
    if (open) reread(open.id);
  },
});

const view = () => new URLSearchParams(location.search).get("view") || (list.ids ? "all" : "waiting");

function address(id, viewName = list.view) {
  const query = new URLSearchParams();
  if (viewName !== "waiting" || list.ids) query.set("view", viewName);
  if (list.ids) query.set("ids", list.ids);
  if (list.channel) query.set("channel", list.channel);
  const text = query.toString();
  return `/inbox${id ? `/${id}` : ""}${text ? `?${text}` : ""}`;
}

function setView(name, ids = "") {
  list.ids = ids;
  history.replaceState(null, "", address(open?.id, name));
  list.setView(name, ids);
}

/** Open a conversation; the address bar follows. */
async function show(id, { isPushed = true, isFocused = true } = {}) {
  const turn = ++opening;
  if (isPushed && location.pathname !== `/inbox/${id}`) history.pushState(null, "", address(id));
  columns.classList.add("shows-thread");
  columns.classList.remove("shows-side");
  list.setOpen(id);
  open = null;
  thread.loading();
  try {
    const found = await call("GET", `/api/inbox/conversations/${id}`);
    if (turn !== opening) return;
    open = found.conversation;
    thread.show(found, composer.root);
    composer.open(open);
    side.show(open);
    live.open(id, found.events.at(-1)?.seq ?? 0);
    if (isFocused) document.getElementById("thread-title").focus({ preventScroll: true });
  } catch (error) {
    if (turn !== opening) return;
    if (!(error instanceof CallFailed)) throw error;
    side.empty();
    thread.failed(error, () => show(id));
  }
}

function leave({ isPushed = true } = {}) {
  opening++;
  const was = open?.id;
  open = null;
  if (isPushed) history.pushState(null, "", address(""));
  columns.classList.remove("shows-thread", "shows-side");
  list.setOpen("");
  thread.welcome();
  side.empty();
  live.open();
  list.nodes.get(was)?.firstChild.focus();
}

/** The open conversation's row changed. */
function refreshed(row) {
  const isSame = open.owner === row.owner && open.name === row.name;
  Object.assign(open, row);
  thread.update(row);
  composer.update(open);
  if (!isSame) side.show(open);
}

/** Read the open conversation again: summary, page and owner may have changed. */
async function reread(id) {
  try {
    const found = await call("GET", `/api/inbox/conversations/${id}`);
    if (open?.id !== id) return;
    for (const event of found.events) thread.add(event);
    refreshed(found.conversation);
    side.show(open);
  } catch {
    // the stream tells us again
  }
}

/** Let a message that failed leave once more. */
async function resend(messageId, button) {
  if (!open) return;
  if (!isMine(open)) return toast(t("inbox.take_to_resend"));
  button.disabled = true;
  try {
    await call("POST", `/api/inbox/conversations/${open.id}/messages/${messageId}/retry`);
  } catch (error) {
    button.disabled = false;
    toast(error.message);
  }
}

async function older(before) {
  try {
    const found = await call("GET", `/api/inbox/conversations/${open.id}/events?before=${before}`);
    thread.prepend(found.events, found.has_more);
  } catch (error) {
    toast(error.message);
  }
}

const NEEDS = {
  take: (row) => ["queue", "bot", "closed"].includes(row.owner) || isElsewhere(row),
  reopen: (row) => row.owner === "closed",
  hand_back: (row) => row.owner === "queue" || isMine(row) || isElsewhere(row),
  release: (row) => isMine(row),
  close: (row) => row.owner !== "closed" && (row.owner !== "agent" || isMine(row) || isElsewhere(row)),
};
const isElsewhere = (row) => row.owner === "agent" && !row.agent; // somebody answered in another inbox
const isMine = (row) => row.owner === "agent" && row.agent?.id === me;
const isTaken = (row) => row.owner === "agent" && Boolean(row.agent) && !isMine(row);
const tellWhoWasFaster = () => toast(t("inbox.faster", { name: open.agent.name }));
let isActing = false;

/** Take, hand back, release, close or re-open the open conversation. */
async function act(name) {
  if (!open || isActing) return;
  if (!NEEDS[name](open)) return name === "take" && isTaken(open) ? tellWhoWasFaster() : undefined;
  const { id } = open;
  isActing = true;
  try {
    const step = name === "reopen" ? "take" : name;
    const found = await call("POST", `/api/inbox/conversations/${id}/${step}`, { version: open.version });
    list.merge([found.conversation], list.counts);
    if (open?.id === id) {
      refreshed(found.conversation);
      if (step === "take") composer.setMode("reply", true);
    }
    announce(t(`inbox.done_${name}`));
    if (name === "close") toast(t("inbox.done_close"), { label: t("common.undo"), run: () => undoClose(id) });
    else if (name !== "take") toast(t(`inbox.done_${name}`));
  } catch (error) {
    if (open?.id === id) await reread(id);
    if (error.code === "conflict" && open?.id === id && isTaken(open)) tellWhoWasFaster();
    else toast(error.message);
  } finally {
    isActing = false;
  }
}

async function undoClose(id) {
  if (open?.id !== id) await show(id);
  if (open?.owner === "closed") act("reopen");
}

function ring(rows) {
  if (!waiting) return;
  for (const row of rows) {
    if (row.owner !== "queue") waiting.delete(row.id);
    else if (!waiting.has(row.id)) {
      waiting.add(row.id);
      announce(t("inbox.new_waiting", { name: shopperName(row) }));
      alerts.ring({ title: t("inbox.new_waiting", { name: shopperName(row) }), body: row.wants || row.last_text, id: row.id, onOpen: show });
    }
  }
}

shortcuts({
  field: composer,
  actions: {
    take: () => act(open?.owner === "closed" ? "reopen" : "take"),
    hand_back: () => act("hand_back"),
    release: () => act("release"),
    close: () => act("close"),
    reply: () => open && composer.setMode("reply", true),
    note: () => open && composer.setMode("note", true),
    next: () => step(1),
    previous: () => step(-1),
    search: () => list.search.focus(),
    side: () => columns.classList.toggle("shows-side"),
    leave: () => open && leave(),
    view: (name) => setView(name),
  },
});

function step(by) {
  const id = list.neighbour(by);
  if (id) show(id);
}

layout(columns);
window.addEventListener("popstate", () => {
  const id = location.pathname.split("/")[2] || "";
  list.setChannel(new URLSearchParams(location.search).get("channel") || "");
  if (list.view !== view()) list.setView(view());
  if (id) show(id, { isPushed: false });
  else leave({ isPushed: false });
});

// Start.
const query = new URLSearchParams(location.search);
const ids = query.get("ids") || "";
const first = query.get("view") || (ids ? "all" : data.conversation_id ? "all" : "waiting");
list.setChannel(query.get("channel") || "");
await list.setView(first, ids);
waiting = new Set([...list.rows.values()].filter((row) => row.owner === "queue").map((row) => row.id));
if (data.conversation_id) show(data.conversation_id, { isPushed: false, isFocused: false });
else live.open();
