// New events of the conversation: one tab holds the connection, the others of this origin listen to it.
import * as api from './api.js';
import { channel, exclusively } from './storage.js';

const SILENCE = 40_000; // the desk pings each 15 s
const FIRST_BYTE = 20_000; // a proxy that holds back a stream shows no ping either
const MAX_DELAY = 30_000;

/** Seconds of back-off before try `n`, half of it by chance, so that not all pages come back at once. */
export const backOff = (n) => Math.min(MAX_DELAY, 1000 * 2 ** n) * (0.5 + Math.random() / 2);

const sleep = (ms, signal) => new Promise((done) => {
  const timer = setTimeout(done, ms);
  signal?.addEventListener('abort', () => { clearTimeout(timer); done(); }, { once: true });
});

/** Splits server-sent events; calls `onEvent({event, data})` and `onBytes()`. */
export async function readEvents(body, onEvent, onBytes) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    const blocks = (rest + value).replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const found = { event: 'message', data: '' };
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        if (colon < 1) continue;
        const value_ = line.slice(colon + 1).replace(/^ /, '');
        if (line.slice(0, colon) === 'event') found.event = value_;
        if (line.slice(0, colon) === 'data') found.data += found.data ? `\n${value_}` : value_;
      }
      if (found.data) onEvent(found);
    }
  }
}

/**
 * Keeps reading. `cursor()` is the last event seen; `onEvents(list)`, `onTyping(data)`, `onState(isLive)` are told;
 * `onWait(wait)` hears the place in line as it changes; `renew()` gets a new token. Returns a function that makes it try again now.
 */
export function follow({ cursor, onEvents, onTyping, onWait, onState, renew }) {
  const others = channel('events');
  let wake = new AbortController();
  let failures = 0;
  let canStream = 'TextDecoderStream' in window;
  let silentStreams = 0;
  let isLeader = false;

  const tell = (data) => others.postMessage?.({ ...data, token: api.token() });
  const setState = (isLive) => {
    onState(isLive);
    tell({ isLive });
  };
  const take = (list) => {
    onEvents(list);
    tell({ list });
  };

  others.addEventListener('message', async ({ data }) => {
    if (isLeader || data.token !== api.token()) return; // another visitor's tab
    if (data.typing) onTyping(data.typing);
    if (data.wait) onWait(data.wait);
    if (data.isLive !== undefined) onState(data.isLive);
    if (!data.list) return;
    if (data.list[0].seq > cursor() + 1) {
      await api.newer(cursor(), 0).then((answer) => onEvents(answer.events), () => {});
    }
    onEvents(data.list);
  });

  async function stream(signal) {
    const stop = new AbortController();
    const end = () => stop.abort();
    signal.addEventListener('abort', end, { once: true });
    let isFed = false;
    let timer = setTimeout(end, FIRST_BYTE);
    try {
      const response = await fetch(`/api/chat/events?after=${cursor()}`, {
        signal: stop.signal, cache: 'no-store', credentials: 'omit',
        headers: { Accept: 'text/event-stream', Authorization: `Bearer ${api.token()}` },
      });
      if (!response.ok) throw await api.refusal(response);
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
        canStream = false;
        return;
      }
      setState(true);
      await readEvents(response.body, ({ event, data }) => {
        failures = 0;
        const value = JSON.parse(data);
        if (event === 'typing') {
          onTyping(value);
          return tell({ typing: value });
        }
        if (event !== 'wait') return take([value]);
        onWait(value.wait);
        tell({ wait: value.wait });
      }, () => {
        isFed = true;
        clearTimeout(timer);
        timer = setTimeout(end, SILENCE);
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      silentStreams = isFed ? 0 : silentStreams + (stop.signal.aborted && !signal.aborted ? 1 : 0);
      if (silentStreams >= 2) canStream = false;
    }
  }

  async function poll(signal) {
    const answer = await api.newer(cursor(), 25, signal);
    failures = 0;
    setState(true);
    if (answer.events.length) take(answer.events);
    if (!answer.wait) return;
    onWait(answer.wait);
    tell({ wait: answer.wait });
  }

  async function run() {
    isLeader = true;
    for (;;) {
      wake = new AbortController();
      const { signal } = wake;
      try {
        await (canStream ? stream(signal) : poll(signal));
        if (canStream) await sleep(300 + Math.random() * 700, signal); // the desk ended it, e.g. to restart
      } catch (error) {
        if (signal.aborted) continue;
        if (error.status === 401) await renew().catch(() => {});
        else if (error.name !== 'AbortError' || !navigator.onLine) setState(false);
        failures += 1;
        await sleep(Math.max(backOff(failures), (error.retryAfter || 0) * 1000), signal);
      }
    }
  }

  exclusively('stream', run);
  window.addEventListener('online', () => wake.abort());
  window.addEventListener('offline', () => { onState(false); wake.abort(); });
  return () => wake.abort();
}
