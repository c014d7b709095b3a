// Telling an agent that somebody waits: title, sound and notification; the last two only when asked for.

import { icon, page, t } from "../desk.js";

const KEY = "aisle.alerts";

export class Alerts {
  constructor() {
    this.button = document.getElementById("bell");
    this.title = document.title;
    this.isOn = localStorage.getItem(KEY) === "on";
    this.button.addEventListener("click", () => this.toggle());
    this.draw();
  }

  draw() {
    const label = t(this.isOn ? "inbox.alerts_off" : "inbox.alerts_on");
    this.button.setAttribute("aria-pressed", String(this.isOn));
    this.button.setAttribute("aria-label", label);
    this.button.title = label;
    this.button.replaceChildren(icon(this.isOn ? "bell" : "bell-off"));
  }

  async toggle() {
    this.isOn = !this.isOn;
    localStorage.setItem(KEY, this.isOn ? "on" : "off");
    this.draw();
    if (!this.isOn) return;
    this.sound();
    if ("Notification" in window && Notification.permission === "default") await Notification.requestPermission();
  }

  count(waiting) {
    document.title = waiting ? `(${waiting}) ${this.title}` : this.title;
  }

  /** A conversation has just begun to wait. */
  ring({ title, body, id, onOpen }) {
    if (!this.isOn) return;
    this.sound();
    if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
    const note = new Notification(title, { body, tag: id, lang: page.locale });
    note.addEventListener("click", () => {
      window.focus();
      onOpen(id);
      note.close();
    });
  }

  sound() {
    try {
      this.audio ??= new AudioContext();
      const at = this.audio.currentTime;
      for (const [pitch, delay] of [[660, 0], [880, 0.12]]) {
        const tone = this.audio.createOscillator();
        const volume = this.audio.createGain();
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0.0001, at + delay);
        volume.gain.exponentialRampToValueAtTime(0.12, at + delay + 0.02);
        volume.gain.exponentialRampToValueAtTime(0.0001, at + delay + 0.25);
        tone.connect(volume).connect(this.audio.destination);
        tone.start(at + delay);
        tone.stop(at + delay + 0.3);
      }
    } catch {
      // no sound device: the title still counts
    }
  }
}
