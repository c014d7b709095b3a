// One row of the thread: a message with its parts, or a line that says who answers now.
import { button, h, icon } from './dom.js';
import { image, order, products, stepText } from './cards.js';
import { linkify } from './links.js';
import { ratingCard } from './rating.js';
import { clock, full, opening, t } from './texts.js';

export function avatar(author) {
  return h('span', { className: `avatar avatar-${author}`, aria: { hidden: 'true' } }, icon(author === 'bot' ? 'bot' : 'person'));
}

function senderName(message, names) {
  if (message.author === 'shopper') return t('sender.you');
  if (message.author === 'agent') return message.name || names.shop;
  return t('sender.bot', { name: names.bot });
}

const bubble = (text) => h('p', { className: 'bubble', dir: 'auto' }, linkify(text));

function quickReplies(part, seq, actions) {
  return h('div', { className: 'choices', role: 'group', aria: { label: t('choices.label') } },
    part.items.map((item) => button('choice', item.title, () => actions.choose(item, seq))));
}

/** Nodes of a message; texts first, what can be pressed last. */
function content(message, seq, actions) {
  const nodes = [];
  const isOnCard = (message.parts || []).some((part) => part.type === 'survey' && part.question === message.text);
  if (message.text && !isOnCard) nodes.push(bubble(message.text));
  for (const part of message.parts || []) {
    if (part.type === 'text' && part.text !== message.text) nodes.push(bubble(part.text));
    if (part.type === 'image') nodes.push(image(part));
    if (part.type === 'products' && part.items.length) nodes.push(products(part));
    if (part.type === 'order') nodes.push(order(part));
    if (part.type === 'quick_replies') nodes.push(quickReplies(part, seq, actions));
    if (part.type === 'survey') {
      const card = ratingCard(part, actions);
      actions.onSurvey(part.survey_id, card);
      nodes.push(card.node);
    }
  }
  return nodes;
}

/** What a screen reader is told of a new message. */
export function spoken(event, names) {
  const { message } = event;
  const said = [message.text];
  for (const part of message.parts || []) {
    if (part.type === 'text' && part.text !== message.text) said.push(part.text);
    if (part.type === 'products') said.push(t('products.label', { n: part.items.length }), part.items.map((item) => item.title).join(', '));
    if (part.type === 'order') said.push(t('order.title', { number: part.number }), part.timeline.filter((step) => step.is_done).slice(-1).map(stepText).join(''));
    if (part.type === 'survey' && part.question !== message.text) said.push(part.question);
    if (part.type === 'image') said.push(part.alt);
    if (part.type === 'quick_replies') said.push(`${t('choices.label')}: ${part.items.map((item) => item.title).join(', ')}`);
  }
  return `${senderName(message, names)}: ${said.filter(Boolean).join('. ')}`;
}

/** The row of a message event. */
export function messageRow(event, { names, actions }) {
  const { message, at, seq } = event;
  const author = ['shopper', 'agent'].includes(message.author) ? message.author : 'bot'; // the desk's notices speak for the bot
  const name = senderName(message, names);
  const state = h('span', { className: 'state' });
  const row = h('article', { className: `row row-${author}`, aria: { label: `${name}, ${clock(at)}` }, data: { seq, author, name, at, clientId: message.client_id || '' } },
    author === 'shopper' ? null : avatar(author),
    h('div', { className: 'said' },
      h('p', { className: `name ${author === 'shopper' ? 'unseen' : ''}`, dir: 'auto' }, name),
      content(message, seq, actions),
      h('p', { className: 'meta' }, h('time', { dateTime: at, title: full(at) }, clock(at)), state)));
  return row;
}

/** The row of something still in the outbox. */
export function outboxRow(entry, actions) {
  const words = { sending: 'state.sending', waiting: 'state.waiting', failed: 'state.failed' };
  const row = h('article', { className: `row row-shopper is-${entry.state}`, aria: { label: t('sender.you') }, data: { author: 'shopper', at: entry.at, clientId: entry.client_id, state: entry.state } },
    h('div', { className: 'said' }, h('p', { className: 'name unseen' }, t('sender.you')), bubble(entry.text ?? entry.title),
      h('p', { className: 'meta', role: entry.state === 'failed' ? 'alert' : undefined }, entry.state === 'failed' ? icon('warning') : null, t(words[entry.state]),
        entry.error ? ` ${entry.error}` : '')));
  if (entry.state === 'failed') {
    row.lastChild.append(h('p', { className: 'row-actions' },
      button('link retry', t('state.retry'), () => actions.retry(entry.client_id)),
      button('link', t('state.drop'), () => actions.drop(entry.client_id))));
  }
  return row;
}

/** How long it may take until a person answers, as far as is known. */
export function waitText(wait) {
  if (wait?.agents === 'away') return wait.opens_at ? t('wait.opens', { time: opening(wait.opens_at) }) : t('wait.away');
  const said = [t('header.queue')];
  if (wait?.position) said.push(t('wait.position', { n: wait.position }));
  if (wait?.minutes) said.push(t('wait.minutes', { n: wait.minutes }));
  else if (wait?.agents === 'busy') said.push(t('wait.busy'));
  return said.join(' · ');
}

/** What a change of owner means, in words; empty when there is nothing to say. */
export function ownerText({ owner, agent }, { names, before }) {
  if (owner === 'agent') return t('owner.agent', { name: agent?.name || names.shop });
  if (owner === 'closed') return t('owner.closed');
  if (owner === 'queue') return t('owner.queue');
  return before && before !== 'bot' ? t('owner.bot', { name: names.bot }) : '';
}

/** A dividing line for a change of owner, or null. */
export function ownerRow(event, context) {
  const text = ownerText(event, context);
  if (!text) return null;
  return h('div', { className: `notice notice-${event.owner}`, data: { seq: event.seq, author: 'system', at: event.at, owner: event.owner } },
    h('p', {}, event.owner === 'agent' ? avatar('agent') : null, h('span', { dir: 'auto' }, text)));
}
