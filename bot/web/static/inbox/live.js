// One stream: changed rows, the team, and the events of the open conversation. It resumes by the last number seen.

import { call } from "../desk.js";

export class Live {
  constructor({ onRows, onTeam, onEvent, onTyping, onLooking, onState, onLost }) {
    Object.assign(this, { onRows, onTeam, onEvent, onTyping, onLooking, onState, onLost });
    this.conversation = "";
    this.after = 0;
    this.isFirst = true;
    window.addEventListener("online", () => this.start());
    window.addEventListener("offline", () => this.onState(false));
    window.addEventListener("pagehide", () => this.source?.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.start());
  }

  /** Listen to the list and to `conversation` from event `after` on. */
  open(conversation = "", after = 0) {
    this.conversation = conversation;
    this.after = after;
    this.start();
  }

  start() {
    clearTimeout(this.again);
    this.source?.close();
    const query = this.conversation ? `?${new URLSearchParams({ conversation: this.conversation, after: this.after })}` : "";
    const source = new EventSource(`/api/inbox/stream${query}`);
    const mine = this.conversation;
    this.source = source;
    source.addEventListener("open", () => {
      if (!this.isFirst) this.onLost();
      this.isFirst = true;
      this.onState(true);
    });
    source.addEventListener("error", () => {
      if (source !== this.source) return;
      this.isFirst = false;
      this.onState(false);
      source.close(); // we come back ourselves, with the newest number
      this.again = setTimeout(async () => {
        // an ended sign-in looks like a lost connection here: this call leads to the sign-in page
        await call("GET", "/api/inbox/conversations?view=mine").catch(() => {});
        if (source === this.source) this.start();
      }, 2000 + Math.random() * 1000);
    });
    const on = (kind, run) => source.addEventListener(kind, (event) => source === this.source && run(JSON.parse(event.data)));
    on("rows", (data) => this.onRows(data));
    on("team", (data) => this.onTeam(data.team));
    on("looking", (data) => this.onLooking(mine, data.people));
    on("typing", (data) => this.onTyping(mine, data));
    on("event", (data) => {
      this.after = Math.max(this.after, data.seq);
      this.onEvent(mine, data);
    });
    on("bye", () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`));
  }
}
