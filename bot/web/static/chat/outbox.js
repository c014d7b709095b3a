// What the shopper wrote, kept until the desk has it: survives reload and loss of the net, and goes once
// (the desk knows each entry by its client_id, so sending twice changes nothing).
import * as api from './api.js';
import { exclusively, read, watch, write } from './storage.js';
import { backOff } from './stream.js';

const TRIES = 4;
const KEPT = 50;

/** `onChange(entries)` is told; `renew()` gets a new token. Entries: {client_id, text|choice, title, at, state, error}. */
export function outbox({ onChange, onSent, renew }) {
  let entries = read('outbox', []);
  let isRunning = false;
  let wakeUp = () => {};

  const changed = () => onChange(entries);
  const reload = () => { entries = read('outbox', []); };
  const save = (change) => {
    reload(); // another tab may have written
    change();
    write('outbox', entries);
    changed();
  };
  const mark = (id, values) => save(() => {
    entries = entries.map((entry) => (entry.client_id === id ? { ...entry, ...values } : entry));
  });
  const hold = () => save(() => {
    entries = entries.map((entry) => (entry.state === 'sending' ? { ...entry, state: 'waiting' } : entry));
  });
  const drop = (id) => save(() => { entries = entries.filter((entry) => entry.client_id !== id); });
  const next = () => entries.find((entry) => entry.state !== 'failed');

  async function flush() {
    if (isRunning) return;
    isRunning = true;
    try {
      await exclusively('outbox', async () => {
        reload();
        let tries = 0;
        for (let entry = next(); entry; entry = next()) {
          if (!navigator.onLine) {
            hold();
            return;
          }
          if (await deliver(entry, ++tries)) tries = 0;
        }
      });
    } finally {
      isRunning = false;
    }
  }

  /** True when the entry is off the queue, for better or worse. */
  async function deliver(entry, tries) {
    const { client_id, text, choice, page } = entry;
    if (entry.state !== 'sending') mark(client_id, { state: 'sending', error: undefined });
    try {
      const answer = await api.withToken(() => api.send({ client_id, text, choice, page }), renew);
      onSent(entry, answer.message);
      drop(client_id);
      return true;
    } catch (error) {
      if (!error.heals) {
        mark(client_id, { state: 'failed', isRefused: true, error: error.message });
        return true;
      }
      if (tries >= TRIES) {
        save(() => { entries = entries.map((item) => (item.state === 'failed' ? item : { ...item, state: 'failed' })); });
        return false;
      }
      hold();
      await new Promise((done) => {
        wakeUp = done;
        setTimeout(done, Math.max(backOff(tries - 1), error.retryAfter * 1000));
      });
      return false;
    }
  }

  watch('outbox', () => { reload(); changed(); });

  return {
    get entries() { return entries; },
    add(values) {
      const entry = { client_id: crypto.randomUUID?.() ?? uuid(), at: new Date().toISOString(), state: 'sending', ...values };
      save(() => { entries = [...entries, entry].slice(-KEPT); });
      flush();
      return entry;
    },
    /** Send again: one entry, or all that only failed because the desk could not be reached. */
    retry(id) {
      const isMeant = (entry) => entry.state === 'failed' && (id ? entry.client_id === id : !entry.isRefused);
      save(() => { entries = entries.map((entry) => (isMeant(entry) ? { ...entry, state: 'sending', isRefused: false } : entry)); });
      wakeUp();
      flush();
    },
    drop,
    flush,
  };
}

/** A random UUID where the page is not a secure context (a desk on a local network without TLS). */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
