// The launcher: a plain button on the shop's page; the chat itself is an iframe of the desk's own origin,
// made when somebody points at, focuses or presses the button. Classic script so that `currentScript` tells where we are.
(() => {
  'use strict';
  const TEXTS = /*TEXTS*/{ en: { open: 'Open chat', close: 'Close chat', unread: '{n} unread', title: 'Chat', unreachable: 'The chat cannot be reached.' } }/*END*/;
  const script = document.currentScript;
  const early = window.AisleChat;
  if (!script || (early && early.isReady)) return;
  const data = script.dataset;
  const desk = new URL(script.src).origin;
  const locale = (data.locale && data.locale !== 'auto' ? data.locale : document.documentElement.lang || navigator.language || 'en');
  const textsOf = (name) => TEXTS[name] || (name ? textsOf(name.replace(/-?[^-]*$/, '')) : TEXTS.en); // sr-latn-rs, sr-latn, sr
  const texts = textsOf(locale.toLowerCase().replace(/_/g, '-'));
  const isRtl = /^(ar|fa|he|ur)\b/i.test(locale);
  const listeners = {};
  const waiting = [];
  let pageExtra = {};
  let isOpen = false;
  let isHidden = false;
  let unread = 0;
  let frame = null;
  let isFrameReady = false;
  let focusBefore = null;
  let overflowBefore = null;

  const memory = (area, key, value) => {
    try {
      if (value === undefined) return area().getItem(key);
      return value === null ? area().removeItem(key) : area().setItem(key, value);
    } catch { return null; } // storage may be blocked; the chat works without it
  };
  const session = (value) => memory(() => sessionStorage, 'aisle.open', value);
  const known = (value) => memory(() => localStorage, 'aisle.known', value);

  // --- colours: the accent of the shop, and black or white on it, whichever reads better --------
  const canvasColour = (text) => {
    const probe = document.createElement('canvas').getContext('2d');
    probe.fillStyle = '#0b5d4f';
    probe.fillStyle = text; // an unknown colour leaves the default in place
    return probe.fillStyle;
  };
  const accent = canvasColour(data.accent || '#0b5d4f');
  const luminance = (hex) => {
    const part = (i) => {
      const c = parseInt(hex.slice(i, i + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
  };
  const onAccent = accent[0] === '#' && luminance(accent) > 0.179 ? '#000000' : '#ffffff';

  // --- the page the shopper looks at -------------------------------------------------------------
  const product = () => {
    const marked = document.querySelector('[data-sku]');
    const found = { sku: data.sku || (marked && marked.dataset.sku) || '', name: '' };
    const meta = document.querySelector('meta[property="product:retailer_item_id"],meta[itemprop="sku"]');
    if (!found.sku && meta) found.sku = meta.content;
    for (const block of document.querySelectorAll('script[type="application/ld+json"]')) {
      try {
        const value = JSON.parse(block.textContent);
        const item = [].concat(value['@graph'] || value).find((x) => /^(Product|ProductGroup)$/.test(x['@type']));
        if (item) {
          found.sku = found.sku || item.sku || item.productGroupID || '';
          found.name = item.name || '';
        }
      } catch { /* somebody else's broken data */ }
    }
    return found;
  };
  const page = () => {
    const seen = product();
    const all = { url: location.href, title: document.title, sku: seen.sku, name: seen.name, ...pageExtra };
    return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, String(value == null ? '' : value).slice(0, 500)]));
  };

  // --- drawing -----------------------------------------------------------------------------------
  const side = data.position === 'left' ? 'left' : 'right';
  const pixels = (value, other) => (/^\d{1,4}$/.test(value || '') ? value : other) + 'px';
  const css = `
:host{all:initial;position:fixed;z-index:2147483000;inset:auto;bottom:0;${side}:0;
--x:calc(${pixels(data.offsetX, 20)} + env(safe-area-inset-${side}));--y:calc(${pixels(data.offsetY, 20)} + env(safe-area-inset-bottom))}
:host([hidden]){display:none}
@media print{:host{display:none}}
button{all:unset;box-sizing:border-box;position:fixed;bottom:var(--y);${side}:var(--x);display:flex;align-items:center;gap:10px;min-width:56px;height:56px;
padding:0 16px;border-radius:28px;background:${accent};color:${onAccent};cursor:pointer;font:600 15px/1 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
box-shadow:0 0 0 1px rgba(255,255,255,.28),0 1px 2px rgba(0,0,0,.16),0 6px 20px rgba(0,0,0,.2);transition:transform .15s,box-shadow .15s;-webkit-tap-highlight-color:transparent}
button:hover{transform:translateY(-1px);box-shadow:0 2px 4px rgba(0,0,0,.18),0 10px 26px rgba(0,0,0,.24)}
button:active{transform:none}
button:focus-visible{outline:3px solid ${accent};outline-offset:3px;box-shadow:0 0 0 3px #fff,0 6px 20px rgba(0,0,0,.2)}
svg{width:24px;height:24px;flex:none;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.shut{display:none}.open .chat,.open .label{display:none}.open .shut{display:block}
.badge{position:absolute;top:-4px;${side === 'left' ? 'right' : 'left'}:-4px;min-width:22px;height:22px;padding:0 6px;box-sizing:border-box;border-radius:11px;background:#c4281c;
color:#fff;font-size:12px;line-height:22px;text-align:center;box-shadow:0 0 0 2px #fff}
[hidden]{display:none!important}
iframe,.note{position:fixed;bottom:calc(var(--y) + 68px);${side}:var(--x);width:400px;max-width:calc(100vw - 40px);height:min(680px,calc(100vh - var(--y) - 92px));border:0;border-radius:16px;
background:Canvas;color:CanvasText;box-shadow:0 0 0 1px rgba(0,0,0,.06),0 12px 48px rgba(0,0,0,.24);color-scheme:light dark}
.note{box-sizing:border-box;width:300px;height:auto;padding:16px 20px;font:15px/1.5 system-ui,sans-serif}
iframe{visibility:hidden;opacity:0;transform:translateY(12px);transition:opacity .18s,transform .18s,visibility 0s .18s;color-scheme:normal}
iframe.open{visibility:visible;opacity:1;transform:none;transition:opacity .18s,transform .18s}
@media (max-width:520px),(max-height:460px){iframe{inset:0;width:100%;max-width:none;height:100%;height:100dvh;border-radius:0}button.open:not(:has(~.note:not([hidden]))){display:none}}
@media (prefers-reduced-motion:reduce){button,iframe,iframe.open{transition:none;transform:none}}
@media (forced-colors:active){button{border:2px solid}}`;

  const svg = (className, ...paths) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    node.setAttribute('viewBox', '0 0 24 24');
    node.setAttribute('aria-hidden', 'true');
    node.setAttribute('class', className);
    for (const d of paths) {
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      path.setAttribute('d', d);
      node.append(path);
    }
    return node;
  };
  const span = (className) => Object.assign(document.createElement('span'), { className });
  const host = document.createElement('aisle-chat');
  const root = host.attachShadow({ mode: 'open' });
  const button = document.createElement('button');
  const label = span('label');
  const badge = span('badge');
  button.type = 'button';
  label.textContent = data.label || '';
  label.hidden = !data.label;
  badge.hidden = true;
  badge.setAttribute('aria-hidden', 'true');
  button.append(
    svg('chat', 'M20.5 12a7.5 7.5 0 0 1-7.5 7.5H5l1.6-2.6A7.5 7.5 0 0 1 13 4.5a7.5 7.5 0 0 1 7.5 7.5Z', 'M9.5 10.5h7M9.5 13.8h4.5'),
    svg('shut', 'M6 9.5l6 6 6-6'), label, badge);
  const note = span('note');
  note.hidden = true;
  note.setAttribute('role', 'alert');
  root.append(button, note);
  if (isRtl) host.dir = 'rtl';
  try {
    const sheet = new CSSStyleSheet(); // not stopped by a shop's style-src, unlike a style element
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(Object.assign(document.createElement('style'), { textContent: css }));
  }

  const describe = () => {
    const count = unread && !isOpen ? ', ' + texts.unread.replace('{n}', unread) : '';
    button.setAttribute('aria-label', (isOpen ? texts.close : data.label || texts.open) + count);
    button.setAttribute('aria-expanded', String(isOpen));
    button.className = isOpen ? 'open' : '';
    badge.hidden = !count;
    badge.textContent = unread > 99 ? '99+' : String(unread);
  };

  // --- talking with the chat ---------------------------------------------------------------------
  const post = (type, more) => {
    const message = { aisle: 1, type, ...more };
    if (isFrameReady) frame.contentWindow.postMessage(message, desk);
    else waiting.push(message);
  };
  const emit = (name, detail) => {
    for (const listener of [...(listeners[name] || [])]) {
      try { listener(detail); } catch (error) { setTimeout(() => { throw error; }); }
    }
  };
  const load = () => {
    if (frame) return;
    frame = document.createElement('iframe');
    frame.title = texts.title;
    const query = new URLSearchParams({ embedded: '1', locale });
    for (const name of ['accent', 'theme']) if (data[name]) query.set(name, data[name]);
    frame.src = `${desk}/chat?${query}`;
    frame.addEventListener('load', () => {
      // The chat listens by now; a failed load has another origin and is refused by the browser, not by us.
      frame.contentWindow.postMessage({ aisle: 1, type: 'hello', page: page(), isOpen }, desk);
    });
    root.append(frame);
  };
  let patience = null;
  /** A frame that never says a word is a desk that is down, or one that does not allow this page. */
  const giveUp = () => {
    if (isFrameReady || !frame) return;
    frame.remove();
    frame = null;
    note.hidden = !isOpen;
    note.textContent = texts.unreachable;
  };
  const isPhone = () => matchMedia('(max-width:520px),(max-height:460px)').matches;

  const open = (takesFocus = true) => {
    if (isOpen) return;
    load();
    isOpen = true;
    note.hidden = true;
    clearTimeout(patience);
    patience = setTimeout(giveUp, 10000);
    focusBefore = takesFocus ? root.activeElement || document.activeElement : null;
    session('1');
    frame.offsetWidth; // the first opening moves too
    frame.classList.add('open');
    if (isPhone()) {
      overflowBefore = document.documentElement.style.overflow;
      document.documentElement.style.overflow = 'hidden';
    }
    if (takesFocus) frame.focus();
    post('open', { takesFocus, page: page() });
    describe();
    emit('open');
  };
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    session(null);
    const hadFocus = root.activeElement === frame || root.activeElement === button || !frame;
    if (frame) frame.classList.remove('open');
    note.hidden = true;
    if (overflowBefore !== null) document.documentElement.style.overflow = overflowBefore;
    overflowBefore = null;
    post('close');
    describe();
    if (hadFocus) (focusBefore && focusBefore.isConnected && focusBefore !== document.body && focusBefore !== frame ? focusBefore : button).focus();
    emit('close');
  };

  const said = {
    ready: () => {
      isFrameReady = true;
      for (const message of waiting.splice(0)) frame.contentWindow.postMessage(message, desk);
      emit('ready');
    },
    close: () => close(),
    unread: (message) => {
      unread = Math.max(0, Number(message.count) || 0);
      describe();
      emit('unread', unread);
    },
    title: (message) => { frame.title = String(message.title).slice(0, 100); },
    known: () => known('1'),
    message: (message) => emit('message', { author: message.author, name: message.name }),
    owner: (message) => emit('owner', { owner: message.owner, agent: message.agent }),
    rated: (message) => emit('rated', { score: message.score }),
    navigate: (message) => {
      const url = new URL(String(message.url), location.href);
      if (url.origin === location.origin) location.assign(url.href); // never to another site on the chat's word
    },
  };
  addEventListener('message', (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== desk) return;
    const message = event.data;
    if (message && message.aisle === 1 && Object.hasOwn(said, message.type)) said[message.type](message);
  });

  const commands = {
    open: () => open(),
    close: () => close(),
    toggle: () => (isOpen ? close() : open()),
    show: () => { host.hidden = isHidden = false; },
    hide: () => { close(); host.hidden = isHidden = true; },
    on: (name, listener) => {
      (listeners[name] = listeners[name] || new Set()).add(listener);
      return () => listeners[name].delete(listener);
    },
    send: (text) => {
      load();
      post('send', { text: String(text) });
    },
    page: (extra) => {
      pageExtra = { ...extra };
      if (frame) post('page', { page: page() });
    },
  };
  const api = (name, ...rest) => {
    if (Object.hasOwn(commands, name)) return commands[name](...rest);
    console.warn(`AisleChat: there is no command "${name}"`);
  };
  api.isReady = true;

  // --- going -------------------------------------------------------------------------------------
  let isPreconnected = false;
  const warm = () => {
    if (!isPreconnected) {
      isPreconnected = true;
      document.head.append(Object.assign(document.createElement('link'), { rel: 'preconnect', href: desk, crossOrigin: '' }));
    }
    load();
  };
  const start = () => {
    button.addEventListener('pointerenter', warm);
    button.addEventListener('focus', warm);
    button.addEventListener('click', () => (isOpen ? close() : open()));
    root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && isOpen) close();
    });
    document.body.append(host);
    describe();
    window.AisleChat = api;
    for (const call of (early && early.q) || []) api(...call);
    if (session() && !isHidden) open(false); // the chat stays open from page to page
    else if (known()) (window.requestIdleCallback || setTimeout)(load); // a running conversation keeps its badge
  };
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start);
})();
