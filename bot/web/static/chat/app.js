// The chat: puts the parts together and keeps what they share.
import * as api from './api.js';
import { bridge } from './bridge.js';
import { setAccent } from './colour.js';
import { createComposer } from './composer.js';
import { h, pageData } from './dom.js';
import { createAnnouncer, createHead } from './head.js';
import { createMenu } from './menu.js';
import { fillOpening } from './opening.js';
import { outbox } from './outbox.js';
import { waitText } from './rows.js';
import { chime } from './sound.js';
import { exclusively, read, watch, write } from './storage.js';
import { backOff, follow } from './stream.js';
import { locale, locales, t } from './texts.js';
import { createThread } from './thread.js';

const query = new URLSearchParams(location.search);
const names = { bot: pageData('chat-data').bot, shop: pageData('chat-data').shop };
const state = {
  cursor: 0, owner: 'bot', agent: null, seen: 0, unread: 0, page: null, isOpen: !bridge.isEmbedded, isStarted: false, isLive: true, conversation: null,
};
const toSay = []; // said by the shop's page before the conversation began

// --- drawing -------------------------------------------------------------------------------------
const { node: live, announce } = createAnnouncer();
const actions = {
  choose: (item, seq) => post({ choice: seq ? { id: item.id, seq } : { id: item.id }, title: item.title }),
  retry(id) {
    box.retry(id);
    composer.focus();
  },
  drop(id) {
    box.drop(id);
    composer.focus();
  },
  loadOlder: (seq) => api.withToken(() => api.older(seq), begin),
  async onRate(rating) {
    await api.withToken(() => api.rate(rating), begin);
    if (!rating.comment) bridge.post('rated', { score: rating.score });
  },
  focusComposer: () => composer.focus(),
  onSeen: () => markSeen(),
};
const thread = createThread({ names, actions, announce });
const composer = createComposer({ onSend: (text) => say(text), onType: tellTyping });
const menu = createMenu(() => [
  ...(state.owner === 'bot' || state.owner === 'closed' ? [{ title: t('menu.person'), run: () => actions.choose({ id: 'person', title: t('menu.person') }) }] : []),
  ...(state.owner === 'queue' ? [{ title: t('menu.keep_bot', { name: names.bot }), run: () => actions.choose({ id: 'keep_bot', title: t('menu.keep_bot', { name: names.bot }) }) }] : []),
  ...(state.owner === 'bot' || state.owner === 'closed' ? [{ title: t('menu.start_over'), run: () => actions.choose({ id: 'start_over', title: t('menu.start_over') }) }] : []),
  { title: t('menu.transcript'), run: saveTranscript },
  { title: read('sound', true) ? t('menu.sound_off') : t('menu.sound_on'), run: () => write('sound', !read('sound', true)) },
  ...(Object.keys(locales).length > 1 ? [null, ...Object.entries(locales).map(([code, name]) => ({ title: name, lang: code, isChecked: code === locale, run: () => speak(code) }))] : []),
]);
const head = createHead({ names, menu });
const skip = h('a', { href: '#composer', className: 'skip', on: { click: (event) => { event.preventDefault(); composer.focus(); } } }, t('skip'));
const app = document.getElementById('app');
app.replaceChildren(skip, ...head.nodes, h('main', { className: 'thread' }, ...thread.nodes), composer.node, live);

// --- the conversation ------------------------------------------------------------------------------
function apply(event) {
  state.cursor = Math.max(state.cursor, event.seq);
  if (event.kind === 'episode') state.owner = 'bot';
  if (event.kind !== 'owner') return;
  state.owner = event.owner;
  state.agent = event.agent;
  state.wait = event.wait;
}

async function begin() {
  const answer = await exclusively('start', () => api.start(state.page ? bare(state.page) : undefined));
  if (state.conversation && answer.conversation.id !== state.conversation) location.reload(); // the token was no longer good
  return answer;
}

const bare = ({ url, title: name, sku }) => ({ url, title: name, sku });

async function start() {
  if (state.isStarted) return;
  state.isStarted = true;
  let answer;
  for (let tries = 0; !answer; tries += 1) {
    try {
      answer = await begin();
    } catch (error) {
      setLive(false);
      app.removeAttribute('aria-busy');
      await new Promise((done) => {
        setTimeout(done, Math.max(backOff(tries), error.retryAfter * 1000 || 0));
        addEventListener('online', done, { once: true });
      });
    }
  }
  setLive(true);
  state.conversation = answer.conversation.id;
  write('conversation', state.conversation);
  Object.assign(names, { bot: answer.shop.bot_name, shop: answer.shop.name });
  state.owner = answer.conversation.owner;
  state.agent = answer.conversation.agent;
  const { owner, agent } = state;
  answer.events.forEach(apply);
  Object.assign(state, { owner, agent, cursor: Math.max(answer.cursor, state.cursor) });
  state.seen = read('seen', {})[state.conversation] ?? (answer.events.length ? 0 : state.cursor);
  state.starters = answer;
  head.draw(state);
  drawOpening(answer.events);
  thread.setHistory(answer.events, answer.has_more);
  thread.setOutbox(box.entries);
  state.unread = answer.events.filter((event) => isNews(event) && event.seq > state.seen).length;
  app.removeAttribute('aria-busy');
  if (answer.events.length) bridge.post('known');
  bridge.post('title', { title: t('launcher.title_of', { shop: names.shop }) });
  reportUnread();
  follow({ cursor: () => state.cursor, onEvents, onTyping, onWait, onState, renew: begin });
  for (const text of toSay.splice(0)) say(text);
  box.flush();
}

function drawOpening(events) {
  const isFresh = !events.some((event) => event.message?.author === 'shopper') && !box.entries.length;
  fillOpening(thread.start, { ...state.starters, page: state.page, isFresh }, { choose: (starter) => actions.choose(starter), say });
}

const isNews = (event) => event.kind === 'message' && event.message.author !== 'shopper';

function onEvents(list) {
  const events = list.filter((event) => event.seq > state.cursor);
  if (!events.length) return;
  const isOwnerNew = events.some((event) => event.kind === 'owner' || event.kind === 'episode');
  events.forEach(apply);
  thread.add(events);
  if (events.some((event) => event.message?.author === 'shopper')) drawOpening(events);
  if (isOwnerNew) {
    head.draw(state);
    bridge.post('owner', { owner: state.owner, agent: state.agent });
  }
  const news = events.filter(isNews);
  if (news.length) {
    clearTimeout(typingTimer);
    thread.setTyping('');
  }
  for (const { message } of news) bridge.post('message', { author: message.author, name: message.name });
  if (isLooking()) {
    markSeen();
  } else if (news.length) {
    state.unread += news.length;
    reportUnread();
    if (read('sound', true)) chime();
  }
}

let typingTimer;
function onTyping(data) {
  if (data.author === 'shopper') return;
  clearTimeout(typingTimer);
  const name = data.author === 'agent' ? data.name || state.agent?.name || names.shop : names.bot;
  const show = () => {
    thread.setTyping(name);
    typingTimer = setTimeout(() => thread.setTyping(''), data.author === 'agent' ? 6000 : 30_000);
  };
  typingTimer = setTimeout(show, data.author === 'agent' ? 0 : 400); // the bot mostly answers before that
}

let waitTimer; // however fast the line moves, a screen reader hears of it now and then
function onWait(wait) {
  if (state.owner !== 'queue') return;
  const isMoved = wait.position !== state.wait?.position;
  state.wait = wait;
  head.draw(state);
  if (!isMoved || waitTimer) return;
  waitTimer = setTimeout(() => {
    waitTimer = undefined;
    if (state.owner === 'queue') announce(waitText(state.wait));
  }, 2000);
}

function setLive(isLive) {
  state.isLive = isLive;
  head.setLive(isLive);
}

function onState(isLive) {
  const isBack = isLive && !state.isLive;
  setLive(isLive);
  if (isBack) box.retry();
}

// --- saying something --------------------------------------------------------------------------------
const box = outbox({
  onChange(entries) {
    thread.setOutbox(entries);
    if (state.starters && entries.length) drawOpening([{ message: { author: 'shopper' } }]);
  },
  onSent: () => bridge.post('known'),
  renew: begin,
});

function post(values) {
  chime.unlock();
  box.add({ ...values, page: state.page ? bare(state.page) : undefined });
  composer.focus();
}

const say = (text) => post({ text });

let typedAt = 0;
function tellTyping() {
  if (!['queue', 'agent'].includes(state.owner) || Date.now() - typedAt < 3000) return;
  typedAt = Date.now();
  api.typing().catch(() => {}); // nobody misses it
}

// --- seen or not -------------------------------------------------------------------------------------
const isLooking = () => state.isOpen && document.visibilityState === 'visible' && thread.isAtEnd;

function reportUnread() {
  bridge.post('unread', { count: state.unread });
  if (!bridge.isEmbedded) document.title = (state.unread ? `(${state.unread}) ` : '') + t('launcher.title_of', { shop: names.shop });
}

let seenTimer;
function markSeen() {
  if (!state.isStarted || !isLooking()) return;
  if (state.unread) {
    state.unread = 0;
    reportUnread();
  }
  if (state.cursor <= state.seen) return;
  state.seen = state.cursor;
  write('seen', { [state.conversation]: state.seen });
  clearTimeout(seenTimer);
  seenTimer = setTimeout(() => api.readUpTo(state.seen).catch(() => {}), 500);
}

async function saveTranscript() {
  try {
    const text = await api.withToken(api.transcript, begin);
    const href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
    h('a', { href, download: `${t('transcript.file')}-${new Date().toISOString().slice(0, 10)}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
    announce(t('transcript.saved'));
  } catch {
    announce(t('transcript.failed'));
    head.flash(t('transcript.failed'));
  }
}

async function speak(code) {
  write('locale', code);
  await api.speak(code).catch(() => {}); // the next message says it too
  query.set('locale', code);
  location.replace(`?${query}`);
}

// --- the world around ----------------------------------------------------------------------------------
function setPage(page) {
  state.page = page;
  if (state.starters) drawOpening(thread.scroller.querySelector('.row-shopper') ? [{ message: { author: 'shopper' } }] : []);
}

function setOpen(isOpen, takesFocus) {
  state.isOpen = isOpen;
  if (!isOpen) return;
  start();
  if (!thread.isEmpty) thread.toEnd();
  markSeen();
  if (!takesFocus) return;
  if (matchMedia('(pointer: coarse)').matches) head.focus(); // the keyboard would cover the starters
  else composer.focus();
}

bridge.on('hello', (message) => {
  setPage(message.page);
  if (message.isOpen) setOpen(true, false);
  else if (api.token() && read('seen')) start(); // a running conversation: its badge
});
bridge.on('open', (message) => {
  setPage(message.page);
  setOpen(true, message.takesFocus);
});
bridge.on('close', () => setOpen(false));
bridge.on('page', (message) => setPage(message.page));
bridge.on('send', (message) => {
  if (state.starters) say(message.text);
  else toSay.push(message.text);
  start();
});

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.defaultPrevented) bridge.post('close');
});
document.addEventListener('visibilitychange', markSeen);
addEventListener('online', () => box.retry());
watch('conversation', () => {
  if (state.conversation && read('conversation') !== state.conversation) location.reload(); // another visitor by now
});

const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = document.documentElement.dataset.theme;
const paint = () => query.get('accent') && setAccent(query.get('accent'), theme ? theme === 'dark' : dark.matches);
dark.addEventListener('change', paint);
paint();

// On phones the keyboard takes part of the window: fill what is left of it.
const viewport = window.visualViewport;
viewport?.addEventListener('resize', () => {
  document.documentElement.style.setProperty('--height', `${Math.round(viewport.height)}px`);
  if (thread.isAtEnd) thread.toEnd();
});

head.draw(state);
const wanted = read('locale');
if (wanted && wanted !== locale && Object.hasOwn(locales, wanted)) speak(wanted); // chosen in the menu before
else if (!bridge.isEmbedded) setOpen(true, matchMedia('(pointer: fine)').matches);
