// Words, dates, money and numbers in the reader's language.
import { pageData } from './dom.js';

const { locale, texts, locales } = pageData('chat-data');
const plurals = new Intl.PluralRules(locale);
// The reader's own variety of the language (en-GB, en-US …) decides how dates and numbers are written.
const variety = navigator.languages.find((name) => name.toLowerCase().split('-')[0] === locale.split('-')[0]) ?? locale;

export { locale, locales };

/** The text of `key` with `{name}` filled in; a text by plural form is chosen by `values.n`. */
export function t(key, values = {}) {
  let text = texts[key];
  if (text && typeof text === 'object') text = text[plurals.select(values.n)] ?? text.other;
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : String(value);
  });
}

export const number = (value) => new Intl.NumberFormat(variety).format(value);

/** Money from minor units, with as many digits as its currency has. */
export function money(minor, currency) {
  try {
    const format = new Intl.NumberFormat(variety, { style: 'currency', currency });
    return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
  } catch {
    return `${number(minor / 100)} ${currency}`;
  }
}

const timeFormat = new Intl.DateTimeFormat(variety, { hour: 'numeric', minute: '2-digit' });
const fullFormat = new Intl.DateTimeFormat(variety, { dateStyle: 'full', timeStyle: 'short' });
const shortDate = new Intl.DateTimeFormat(variety, { day: 'numeric', month: 'short' });
const relative = new Intl.RelativeTimeFormat(variety, { numeric: 'auto' });

export const clock = (at) => timeFormat.format(new Date(at));
export const full = (at) => fullFormat.format(new Date(at));
export const date = (at) => shortDate.format(new Date(at));

/** A day as a key that sorts, in the reader's time zone. */
export function dayKey(at) {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
}

const capital = (text) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);

/** 'Today', 'Yesterday', or the date. */
export function dayName(at) {
  const midnight = (value) => new Date(value.getFullYear(), value.getMonth(), value.getDate());
  const day = new Date(at);
  const days = Math.round((midnight(day) - midnight(new Date())) / 86_400_000);
  if (days === 0 || days === -1) return capital(relative.format(days, 'day'));
  const isThisYear = day.getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(variety, { weekday: 'long', day: 'numeric', month: 'long', year: isThisYear ? undefined : 'numeric' }).format(day);
}

/** When something opens: the time today, else weekday and time. */
export function opening(at) {
  const day = new Date(at);
  const options = { hour: 'numeric', minute: '2-digit' };
  if (dayKey(day) !== dayKey(new Date())) options.weekday = 'long';
  return new Intl.DateTimeFormat(variety, options).format(day);
}
