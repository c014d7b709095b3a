// The thread: rows in the order of their numbers, day lines, what is still being sent, scrolling and older messages.
import { button, h, icon } from './dom.js';
import { messageRow, outboxRow, ownerRow, ownerText, spoken } from './rows.js';
import { dayKey, dayName, t } from './texts.js';

const GROUP_MS = 5 * 60_000;
const NEAR_END = 60;

/** `actions`: choose, retry, drop, loadOlder, onRate, focusComposer, onSeen; `names`: {bot, shop}. */
export function createThread({ names, actions, announce }) {
  const rows = new Map(); // seq -> row
  const owners = new Map(); // seq -> owner, also of events that show no row
  const cards = new Map(); // survey id -> rating cards
  const surveys = new Map(); // survey id -> {state, score}
  const older = button('link older', t('thread.older'), () => loadOlder());
  older.hidden = true;
  const start = h('div', { className: 'start' });
  const list = h('div', { className: 'list' });
  const sending = h('div', { className: 'list outbox' });
  // New messages are read out by `announce` with their sender; a live log would read whole cards, and history too.
  const log = h('div', { id: 'log', role: 'log', aria: { label: t('thread.label'), live: 'off' }, tabIndex: 0 }, list, sending);
  const typing = h('div', { className: 'row row-bot typing', hidden: true }, h('span', { className: 'dots', aria: { hidden: 'true' } }, h('i'), h('i'), h('i')), h('span', { className: 'typing-name' }));
  const scroller = h('div', { className: 'scroller' }, start, older, log, typing);
  const pill = button('pill', '', () => toEnd(true), icon('down'), h('span'));
  pill.hidden = true;
  let unseen = 0;
  let oldest = Infinity; // also of events that show nothing
  let isLoading = false;
  let wasAtEnd = true;
  let measured = 0; // height of the thread when we last looked

  const isEmpty = () => !rows.size && !sending.children.length;
  const isAtEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
  function toEnd(isSmooth = false) {
    const reduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
    measured = scroller.scrollHeight;
    scroller.scrollTo({ top: measured, behavior: isSmooth && !reduced ? 'smooth' : 'auto' });
    wasAtEnd = true;
    unseen = 0;
    pill.hidden = true;
  }
  scroller.addEventListener('scroll', () => {
    // Grown since: this event is of our own scrolling, and the observer below follows the growth.
    if (!wasAtEnd || scroller.scrollHeight === measured) wasAtEnd = isAtEnd();
    if (wasAtEnd && unseen) {
      unseen = 0;
      pill.hidden = true;
      actions.onSeen();
    }
    if (scroller.scrollTop < 80 && !older.hidden) loadOlder();
  }, { passive: true });
  const grown = new ResizeObserver(() => { // a card unfolds, the keyboard opens
    if (wasAtEnd && !isEmpty()) toEnd();
    measured = scroller.scrollHeight;
  });
  for (const part of [scroller, start, older, log, typing]) grown.observe(part);

  async function loadOlder() {
    if (isLoading) return;
    isLoading = true;
    older.setAttribute('aria-busy', 'true');
    try {
      const answer = await actions.loadOlder(oldest);
      const height = scroller.scrollHeight - scroller.scrollTop;
      place(answer.events);
      older.hidden = !answer.has_more;
      start.hidden = answer.has_more;
      scroller.scrollTop = scroller.scrollHeight - height;
    } catch {
      announce(t('thread.older_failed'));
    } finally {
      isLoading = false;
      older.removeAttribute('aria-busy');
    }
  }

  function ownerBefore(seq) {
    let before = null;
    for (const [key, owner] of owners) if (key < seq && (!before || key > before[0])) before = [key, owner];
    return before?.[1];
  }

  const rowActions = {
    ...actions,
    onSurvey(id, card) {
      cards.set(id, [...(cards.get(id) || []), card]);
      if (surveys.has(id)) card.update(surveys.get(id));
    },
  };

  /** Puts events in their places; returns the rows that are new. */
  function place(events) {
    const added = [];
    for (const event of events) {
      oldest = Math.min(oldest, event.seq);
      if (event.kind === 'survey') {
        surveys.set(event.survey_id, event);
        for (const card of cards.get(event.survey_id) || []) card.update(event);
      }
      if (rows.has(event.seq) || owners.has(event.seq)) continue;
      let row = null;
      if (event.kind === 'episode') {
        owners.set(event.seq, 'bot');
      } else if (event.kind === 'owner') {
        row = ownerRow(event, { names, before: ownerBefore(event.seq) });
        owners.set(event.seq, event.owner);
      } else if (event.kind === 'message') {
        row = messageRow(event, { names, actions: rowActions });
        const sent = sending.querySelector(`[data-client-id="${CSS.escape(event.message.client_id || '')}"]`);
        if (sent) row.classList.add('still'); // it was already in view
        sent?.remove();
      }
      if (!row) continue;
      rows.set(event.seq, row);
      const after = [...list.children].reverse().find((other) => other.dataset.seq && Number(other.dataset.seq) < event.seq);
      if (after) after.after(row);
      else list.prepend(row);
      added.push([event, row]);
    }
    layout();
    return added;
  }

  /** Day lines, grouping of one sender's messages, the last delivery state, and which quick replies still count. */
  function layout() {
    for (const line of log.querySelectorAll('.day')) line.remove();
    let last = null;
    let ownLast = null;
    for (const row of [...list.children, ...sending.children]) {
      const { at, author, name } = row.dataset;
      const isNewDay = !last || dayKey(last.dataset.at) !== dayKey(at);
      if (isNewDay) row.before(h('p', { className: 'day', data: { day: dayKey(at) } }, h('time', { dateTime: at }, dayName(at))));
      const follows = !isNewDay && last.dataset.author === author && last.dataset.name === name && new Date(at) - new Date(last.dataset.at) < GROUP_MS;
      row.classList.toggle('follows', Boolean(follows) && author !== 'system');
      if (row.dataset.seq && author === 'shopper') ownLast = row;
      last = row;
    }
    for (const state of list.querySelectorAll('.row-shopper .state')) state.textContent = '';
    if (ownLast) ownLast.querySelector('.state').textContent = ` · ${t('state.sent')}`;
    const all = [...list.querySelectorAll('.row')];
    const lastOwn = all.findLastIndex((row) => row.dataset.author === 'shopper');
    const lastChoices = all.findLastIndex((row) => row.querySelector('.choices'));
    for (const [seq, row] of rows) {
      if (row.dataset.owner === 'closed') row.querySelector('span').textContent = t([...owners.keys()].some((key) => key > seq) ? 'owner.ended' : 'owner.closed');
    }
    all.forEach((row, i) => {
      for (const choices of row.querySelectorAll('.choices')) choices.hidden = i !== lastChoices || i < lastOwn || sending.children.length > 0;
    });
  }

  return {
    nodes: [scroller, pill], scroller, start, toEnd,
    get isAtEnd() { return wasAtEnd; },
    setHistory(events, hasMore) {
      place(events);
      older.hidden = !hasMore;
      start.hidden = hasMore;
      if (rows.size) toEnd();
      else scroller.scrollTop = 0;
    },
    /** New events: shown, read out, and scrolled to unless the reader is further up. */
    add(events) {
      const stick = isAtEnd(); // not as of the last scroll event, which may still be on its way
      const added = place(events);
      for (const [event] of added) {
        if (event.kind === 'message' && event.message.author !== 'shopper') announce(spoken(event, names));
        if (event.kind === 'owner') announce(ownerText(event, { names, before: ownerBefore(event.seq) }));
      }
      if (!added.length) return;
      if (stick || added.some(([event]) => event.message?.author === 'shopper')) {
        toEnd();
        return;
      }
      unseen += added.filter(([event]) => event.kind === 'message').length;
      pill.lastChild.textContent = t('thread.new', { n: unseen });
      pill.hidden = unseen === 0;
    },
    setOutbox(entries) {
      const known = new Set([...rows.values()].map((row) => row.dataset.clientId));
      const before = new Map([...sending.querySelectorAll('.row')].map((row) => [row.dataset.clientId, row]));
      const grows = entries.length > before.size;
      sending.replaceChildren(...entries.filter((entry) => !known.has(entry.client_id)).map((entry) => {
        const old = before.get(entry.client_id);
        if (old?.dataset.state === entry.state) return old;
        const row = outboxRow(entry, actions);
        row.classList.toggle('still', Boolean(old));
        return row;
      }));
      layout();
      if (grows) toEnd();
    },
    get isEmpty() { return isEmpty(); },
    setTyping(name) {
      typing.hidden = !name;
      typing.lastChild.textContent = name ? t('typing', { name }) : '';
      if (name && isAtEnd()) toEnd();
    },
  };
}
