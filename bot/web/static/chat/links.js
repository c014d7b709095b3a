// Addresses: which may be opened, and making those in a text clickable.
import { bridge } from './bridge.js';
import { h } from './dom.js';

const FOUND = /\bhttps?:\/\/[^\s<>"']+|\bwww\.[^\s<>"']+\.[^\s<>"']+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi;

/** The address as a URL when it is one a link or picture may have, else null. */
export function safeUrl(address) {
  try {
    const url = new URL(address, location.origin);
    return ['http:', 'https:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens in the shop's own page when it leads there, else in a new tab. */
export function link(address, ...children) {
  const href = safeUrl(address);
  if (!href) return h('span', {}, ...children);
  const isShops = bridge.parentOrigin && new URL(href).origin === bridge.parentOrigin;
  return h('a', {
    href, target: isShops ? '_top' : '_blank', rel: 'noopener noreferrer',
    on: {
      click: (event) => {
        if (!isShops || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        bridge.post('navigate', { url: href });
      },
    },
  }, ...children);
}

/** Nodes of a text with its addresses as links. */
export function linkify(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(FOUND)) {
    let shown = match[0].replace(/[.,;:!?'"»”]+$/, '');
    while (shown.endsWith(')') && shown.split(')').length > shown.split('(').length) shown = shown.slice(0, -1);
    nodes.push(text.slice(from, match.index));
    if (/^https?:/i.test(shown)) nodes.push(link(shown, shown));
    else if (/^www\./i.test(shown)) nodes.push(link(`https://${shown}`, shown));
    else nodes.push(h('a', { href: `mailto:${shown}` }, shown));
    from = match.index + shown.length;
  }
  nodes.push(text.slice(from));
  return nodes;
}
