// A menu button after the ARIA menu-button pattern: arrows, Home, End, Escape, focus returns.
import { h, iconButton } from './dom.js';
import { t } from './texts.js';

/** `items()` gives `{title, run, isChecked?, lang?}` each time it opens; null is a dividing line. */
export function createMenu(items) {
  const list = h('div', { className: 'menu', role: 'menu', id: 'menu', aria: { label: t('menu.label') }, hidden: true });
  const opener = iconButton('header-button', t('menu.label'), 'menu', () => (list.hidden ? open() : close(true)));
  opener.setAttribute('aria-haspopup', 'menu');
  opener.setAttribute('aria-expanded', 'false');
  opener.setAttribute('aria-controls', 'menu');
  const buttons = () => [...list.querySelectorAll('button')];

  function open(at = 0) {
    list.replaceChildren(...items().map((item) => (item === null ? h('hr') : h('button', {
      type: 'button', tabIndex: -1, lang: item.lang, role: item.isChecked === undefined ? 'menuitem' : 'menuitemradio',
      ...(item.isChecked === undefined ? {} : { 'aria-checked': String(item.isChecked) }),
      on: { click: () => { close(true); item.run(); } },
    }, item.title))));
    list.hidden = false;
    opener.setAttribute('aria-expanded', 'true');
    buttons().at(at).focus();
  }
  function close(returnsFocus) {
    list.hidden = true;
    opener.setAttribute('aria-expanded', 'false');
    if (returnsFocus) opener.focus();
  }

  const wrap = h('div', { className: 'menu-wrap' }, opener, list);
  wrap.addEventListener('keydown', (event) => {
    if (list.hidden) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        open(event.key === 'ArrowUp' ? -1 : 0);
      }
      return;
    }
    const all = buttons();
    const i = all.indexOf(document.activeElement);
    const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to % all.length).focus();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    } else if (event.key === 'Tab') {
      close(false);
    }
  });
  document.addEventListener('pointerdown', (event) => {
    if (!list.hidden && !wrap.contains(event.target)) close(false);
  });
  return wrap;
}
