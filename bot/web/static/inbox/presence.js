// How the agent is present, and who else is.

import { call, el, t, toast } from "../desk.js";

const SEEN_SECONDS = 90;

export class Presence {
  constructor({ me }) {
    this.me = me;
    this.select = document.getElementById("presence");
    this.dot = document.getElementById("presence-dot");
    this.note = document.getElementById("away-note");
    this.before = this.select.value;
    this.select.addEventListener("change", () => this.set(this.select.value));
    document.getElementById("start-work").addEventListener("click", () => this.set("available"));
    this.draw(this.select.value);
  }

  draw(presence) {
    this.select.value = presence;
    this.dot.className = `dot dot--${presence}`;
    this.note.hidden = presence !== "away";
  }

  async set(presence) {
    this.draw(presence);
    try {
      await call("POST", "/api/inbox/presence", { presence });
      this.before = presence;
    } catch (error) {
      this.draw(this.before);
      toast(error.message);
    }
  }

  /** Colleagues whose inbox is open. */
  team(people) {
    const mine = people.find((one) => one.id === this.me);
    if (mine && mine.presence !== this.select.value && document.activeElement !== this.select) {
      this.before = mine.presence;
      this.draw(mine.presence);
    }
    const there = people.filter((one) => one.id !== this.me && one.seen_at && Date.now() - new Date(one.seen_at) < SEEN_SECONDS * 1000);
    document.getElementById("team").replaceChildren(
      ...there.slice(0, 6).map((one) => {
        const words = t("inbox.colleague", { name: one.name, presence: t(`inbox.presence_${one.presence}`), n: one.open });
        return el("span", { class: "team__one", title: words }, el("span", { class: "avatar", "aria-hidden": "true" }, one.name.slice(0, 1)), el("span", { class: `dot dot--${one.presence}` }), el("span", { class: "sr" }, words));
      }),
    );
  }
}
