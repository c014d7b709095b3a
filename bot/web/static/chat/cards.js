// Rich parts of a message: product cards, the order with its timeline, pictures.
import { h, icon, iconButton } from './dom.js';
import { link, safeUrl } from './links.js';
import { date, full, locale, money, option, t } from './texts.js';

const isRtl = () => document.documentElement.dir === 'rtl';

function picture(address, alt = '') {
  const src = address && safeUrl(address);
  const frame = h('div', { className: 'picture' });
  const drawn = () => { // instead of a picture that is not there
    frame.classList.add('is-missing');
    frame.replaceChildren(icon('picture'), ...(alt ? [h('span', {}, alt)] : []));
  };
  if (src) frame.append(h('img', { src, alt, loading: 'lazy', decoding: 'async', on: { error: drawn } }));
  else drawn();
  return frame;
}

const STOCK = { in_stock: 'stock.in_stock', out_of_stock: 'stock.out_of_stock', preorder: 'stock.preorder', backorder: 'stock.backorder' };
const FEW = 5;

function stockText(item) {
  if (item.availability === 'in_stock' && item.stock > 0 && item.stock <= FEW) return t('stock.few', { n: item.stock });
  return STOCK[item.availability] ? t(STOCK[item.availability]) : '';
}

function price(item) {
  if (!item.price_minor && !item.currency) return ''; // the catalogue names no price
  const low = money(item.price_minor, item.currency);
  const isRange = item.price_to_minor && item.price_to_minor !== item.price_minor;
  const nodes = [h('span', { className: 'price-now' }, isRange ? t('product.from', { price: low }) : low)];
  if (item.sale_from_minor && item.sale_from_minor > item.price_minor) {
    const before = money(item.sale_from_minor, item.currency);
    nodes.push(h('del', {}, h('span', { className: 'unseen' }, `${t('product.before')} `), before));
  }
  return h('p', { className: 'price' }, nodes);
}

function productCard(item) {
  const options = Object.entries(item.options || {}).filter(([, values]) => values.length);
  return h('article', { className: 'product', aria: { label: item.title } },
    picture(item.image),
    h('div', { className: 'product-body' },
      h('h4', { dir: 'auto' }, item.title),
      price(item),
      h('p', { className: `stock stock-${STOCK[item.availability] ? item.availability : 'unknown'}` }, stockText(item)),
      options.length ? h('dl', { className: 'options' }, options.map(([name, values]) => h('div', {}, h('dt', {}, `${option(name)}:`), h('dd', { dir: 'auto' }, values.map(option).join(', '))))) : null,
      item.url && safeUrl(item.url) ? h('p', { className: 'product-link' }, link(item.url, t('product.details'), h('span', { className: 'unseen' }, ` ${item.title}`))) : null));
}

/** One product as a card, several as a carousel moved by swipe, arrows on screen and arrow keys. */
export function products(part) {
  const { items } = part;
  if (items.length === 1) return h('div', { className: 'products products-one' }, productCard(items[0]));
  const count = h('span', { className: 'count', role: 'status' });
  const list = h('ul', { className: 'slides', tabIndex: 0, aria: { label: t('products.list') } }, items.map((item, i) => (
    h('li', { aria: { label: t('products.position', { i: i + 1, n: items.length }) } }, productCard(item)))));
  const slides = [...list.children];
  let current = 0;
  let movedAt = 0;
  const step = () => (slides[1].offsetLeft - slides[0].offsetLeft) || 1;
  const tell = (index) => {
    current = index;
    const text = t('products.position', { i: current + 1, n: items.length });
    if (count.textContent !== text) count.textContent = text;
    back.setAttribute('aria-disabled', String(current === 0));
    forth.setAttribute('aria-disabled', String(current === items.length - 1));
  };
  const show = (index) => {
    const reduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
    movedAt = Date.now();
    tell(Math.max(0, Math.min(items.length - 1, index)));
    list.scrollTo({ left: step() * current, behavior: reduced ? 'auto' : 'smooth' });
  };
  const back = iconButton('round', t('products.previous'), 'previous', () => show(current - 1));
  const forth = iconButton('round', t('products.next'), 'next', () => show(current + 1));
  const update = () => {
    if (Date.now() - movedAt < 800) return; // that was us; several slides may be in view at the end
    const isAtEnd = Math.abs(list.scrollLeft) + list.clientWidth >= list.scrollWidth - 2;
    tell(isAtEnd && list.scrollLeft ? items.length - 1 : Math.round(Math.abs(list.scrollLeft / step())));
  };
  let timer;
  list.addEventListener('scroll', () => { clearTimeout(timer); timer = setTimeout(update, 80); }, { passive: true });
  list.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.target !== list) return;
    event.preventDefault();
    show(current + (isRtl() ? -by : by));
  });
  tell(0);
  return h('section', { className: 'products', role: 'region', 'aria-roledescription': t('products.carousel'), aria: { label: t('products.label', { n: items.length }) } },
    list, h('div', { className: 'carousel-bar' }, back, count, forth));
}

/** What a step says, in the reader's language where the shop wrote it. */
export const stepText = (step) => step.texts?.[locale] ?? step.texts?.[locale.split('-')[0]] ?? step.text;

/** The order: what, how much, and where it is. */
export function order(part) {
  const done = part.timeline.filter((step) => step.is_done);
  const last = done[done.length - 1];
  const steps = part.timeline.map((step) => h('li', { className: `step ${step.is_done ? 'is-done' : ''} ${step === last ? 'is-current' : ''}` },
    h('span', { className: 'dot' }, step.is_done ? icon('check') : null),
    h('span', { className: 'step-text', dir: 'auto' }, stepText(step), h('span', { className: 'unseen' }, ` – ${step.is_done ? t('order.done') : t('order.to_come')}`)),
    step.at ? h('time', { dateTime: step.at, title: full(step.at) }, date(step.at)) : null));
  const lines = part.lines.map((line) => h('li', {},
    h('span', { dir: 'auto' }, `${line.quantity} × ${line.title}`, line.options ? h('small', {}, ` ${line.options}`) : null),
    h('span', { className: 'amount' }, money(line.total_minor, part.currency))));
  const tracking = part.tracking_number ? h('p', { className: 'tracking' }, `${part.carrier || t('order.tracking')}: `,
    part.tracking_url ? link(part.tracking_url, part.tracking_number) : part.tracking_number) : null;
  return h('section', { className: 'order', aria: { label: t('order.title', { number: part.number }) } },
    h('header', {}, icon('box'), h('div', {}, h('h4', {}, t('order.title', { number: part.number })),
      h('p', {}, t('order.placed', { date: date(part.placed_at) })))),
    part.expected_at ? h('p', { className: 'expected' }, icon('clock'), t('order.expected', { date: date(part.expected_at) })) : null,
    h('ol', { className: 'timeline' }, steps), tracking,
    h('details', {}, h('summary', {}, t('order.lines', { n: part.lines.length })), h('ul', { className: 'lines' }, lines)),
    h('p', { className: 'total' }, h('span', {}, t('order.total')), h('strong', {}, money(part.total_minor, part.currency))));
}

export function image(part) {
  return h('div', { className: 'shown-image' }, picture(part.url, part.alt));
}
