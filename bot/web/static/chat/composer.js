// Where the shopper writes: grows with the text, keeps the draft, counts towards the limit.
import { h, icon } from './dom.js';
import { read, write } from './storage.js';
import { t } from './texts.js';

export const LIMIT = 4000;
const COUNT_FROM = 3600;

/** `onSend(text)`; `onType()` is told while somebody types. */
export function createComposer({ onSend, onType }) {
  const field = h('textarea', { id: 'composer', rows: 1, dir: 'auto', placeholder: t('composer.placeholder'), enterKeyHint: 'send', autocomplete: 'off', 'aria-describedby': 'count' });
  const send = h('button', { type: 'submit', className: 'send', title: t('composer.send'), aria: { label: t('composer.send') } }, icon('send'));
  const count = h('p', { id: 'count', className: 'counter', role: 'status' });
  const form = h('form', { className: 'composer' }, h('label', { className: 'unseen', htmlFor: 'composer' }, t('composer.label')),
    h('div', { className: 'field' }, field, send), count);

  const length = () => [...field.value.trim()].length;

  function update() {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, 140)}px`;
    const n = length();
    const isTooLong = n > LIMIT;
    const text = isTooLong ? t('composer.too_long', { n: n - LIMIT }) : n >= COUNT_FROM ? t('composer.left', { n: LIMIT - n }) : '';
    if (count.textContent !== text) count.textContent = text;
    count.classList.toggle('error', isTooLong);
    field.setAttribute('aria-invalid', String(isTooLong));
    send.setAttribute('aria-disabled', String(n === 0 || isTooLong));
  }

  function submit() {
    const text = field.value.trim();
    if (!text || length() > LIMIT) return;
    field.value = '';
    write('draft', '');
    update();
    onSend(text);
    field.focus();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });
  field.addEventListener('input', () => {
    write('draft', field.value);
    update();
    if (field.value) onType();
  });
  field.value = read('draft', '');
  queueMicrotask(update);
  return { node: form, focus: () => field.focus(), update };
}
