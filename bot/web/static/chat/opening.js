// The opening view: who answers, how soon people do, and what others ask first.
import { button, h } from './dom.js';
import { avatar } from './rows.js';
import { opening, t } from './texts.js';

/** Who is there counts, not the opening hours: people may be in early or late. */
function peopleText({ agents, reply_minutes: minutes, opens_at: opensAt }) {
  if (agents === 'away') return opensAt ? t('people.opens', { time: opening(opensAt) }) : t('people.away');
  if (agents === 'busy') return t('people.busy', { n: minutes });
  return t('people.free', { n: minutes });
}

/** Fills `node`; `choose({id, title})` and `say(text)` are the starters. */
export function fillOpening(node, { shop, people, starters, page, isFresh }, { choose, say }) {
  const isHere = people.agents !== 'away';
  const buttons = starters.map((starter) => button('choice starter', starter.title, () => choose(starter)));
  if (page?.sku && page.name) {
    const text = t('starter.product', { name: page.name });
    buttons.unshift(button('choice starter', text, () => say(text)));
  }
  node.replaceChildren(
    h('div', { className: 'hello' }, avatar('bot'),
      h('h2', {}, t('opening.title', { shop: shop.name })),
      h('p', {}, t('opening.bot', { name: shop.bot_name })),
      h('p', { className: `people ${isHere ? 'is-here' : ''}` }, h('span', { className: 'lamp', aria: { hidden: 'true' } }), peopleText(people))),
    isFresh && buttons.length ? h('div', { className: 'starters', role: 'group', aria: { label: t('opening.starters') } }, buttons) : '');
}
