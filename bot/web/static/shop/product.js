// A product's page: price and stock of the options chosen, and a way to ask about it.

import { formatting } from '../formats.js';

const { title, variants, locale, formats, stock } = JSON.parse(document.getElementById('product').textContent);
const form = document.getElementById('options');
const ask = document.getElementById('ask');

const { money } = formatting(locale, formats);

function choose() {
  const chosen = Object.fromEntries(new FormData(form));
  const fits = (variant, wanted) => Object.entries(wanted).every(([name, value]) => variant.options[name] === value);
  for (const input of form.elements) {
    if (input.type === 'radio') input.classList.toggle('is-out', !variants.some((variant) => fits(variant, { ...chosen, [input.name]: input.value }) && variant.availability !== 'out_of_stock'));
  }
  const variant = variants.find((item) => fits(item, chosen));
  const line = document.getElementById('stock');
  const availability = variant?.availability ?? 'out_of_stock';
  line.textContent = stock[availability] ?? '';
  line.className = `stock stock--${availability}`;
  if (!variant) return;
  const price = document.getElementById('price');
  price.hidden = !variant.currency; // the shop names no price
  const amount = price.querySelector('.price span');
  if (amount && variant.currency) amount.textContent = money(variant.price, variant.currency);
  document.getElementById('sku').textContent = variant.sku;
}

if (form) {
  const first = variants.find((variant) => variant.availability === 'in_stock') ?? variants[0];
  for (const [name, value] of Object.entries(first.options)) {
    const input = [...form.elements].find((item) => item.name === name && item.value === value);
    if (input) input.checked = true;
  }
  form.addEventListener('change', choose);
  choose();
}

ask.hidden = false;
ask.addEventListener('click', () => {
  window.AisleChat?.('page', { name: title });
  window.AisleChat?.('open');
});
