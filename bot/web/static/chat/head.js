// The top of the chat: who answers, the menu, and the state of the connection.
import { bridge } from './bridge.js';
import { h, iconButton } from './dom.js';
import { avatar, waitText } from './rows.js';
import { t } from './texts.js';

const GRACE = 2500; // most interruptions are over by then
const FLASH = 5000;

export function createHead({ names, menu }) {
  const banner = h('div', { className: 'banner', role: 'status' });
  const title = h('h1', { dir: 'auto', tabIndex: -1 });
  const subtitle = h('p', { dir: 'auto' });
  const face = h('span', { className: 'face' });
  const close = iconButton('header-button', t('header.close'), 'close', () => bridge.post('close'));
  close.hidden = !bridge.isEmbedded;
  let isLive = true;
  let timer;

  function drawBanner() {
    const text = !navigator.onLine ? t('banner.offline') : isLive ? '' : t('banner.reconnecting');
    const show = () => { if (banner.textContent !== text) banner.textContent = text; };
    clearTimeout(timer);
    if (text && navigator.onLine) timer = setTimeout(show, GRACE);
    else show();
  }
  addEventListener('online', drawBanner);
  addEventListener('offline', drawBanner);

  return {
    nodes: [h('header', { className: 'top' }, face, h('div', { className: 'who' }, title, subtitle), menu, close), banner],
    draw({ owner, agent, wait }) {
      const isPerson = owner === 'agent';
      face.replaceChildren(avatar(isPerson ? 'agent' : 'bot'));
      title.textContent = isPerson ? agent?.name || names.shop : names.bot;
      subtitle.textContent = isPerson ? t('header.agent', { shop: names.shop }) : owner === 'queue' ? waitText(wait) : t('header.bot');
    },
    setLive(value) {
      isLive = value;
      drawBanner();
    },
    flash(text) {
      banner.textContent = text;
      clearTimeout(timer);
      timer = setTimeout(drawBanner, FLASH);
    },
    focus: () => title.focus(),
  };
}

/** A live region; `announce(text)` has a screen reader say it once. */
export function createAnnouncer() {
  const node = h('div', { className: 'unseen', role: 'status', aria: { live: 'polite' } });
  return {
    node,
    announce(text) {
      if (!text) return;
      const line = h('p', {}, text);
      node.append(line);
      setTimeout(() => line.remove(), 15_000);
    },
  };
}
