// Words, dates, money and numbers in the reader's language.
import { pageData } from './dom.js';
import * as own from './formats.js';

const { locale, texts, locales } = pageData('chat-data');
const plurals = new Intl.PluralRules(locale);
// The reader's own variety of the language (en-GB, en-US …), in the same script, decides how dates and numbers are written.
const spoken = (name) => { const { language, script } = new Intl.Locale(name).maximize(); return `${language}-${script}`; };
const variety = navigator.languages.find((name) => spoken(name) === spoken(locale)) ?? locale;

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

const isKnown = Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0; // else the browser would write English

export const number = (value) => (isKnown ? new Intl.NumberFormat(variety).format(value) : own.number(value));

/** Money from minor units, with as many digits as its currency has. */
export function money(minor, currency) {
  try {
    const format = new Intl.NumberFormat(variety, { style: 'currency', currency });
    const places = format.resolvedOptions().maximumFractionDigits;
    const amount = minor / 10 ** places;
    return isKnown ? format.format(amount) : own.money(amount, currency, places);
  } catch {
    return `${number(minor / 100)} ${currency}`;
  }
}

const timeFormat = new Intl.DateTimeFormat(variety, { hour: 'numeric', minute: '2-digit' });
const fullFormat = new Intl.DateTimeFormat(variety, { dateStyle: 'full', timeStyle: 'short' });
const shortDate = new Intl.DateTimeFormat(variety, { day: 'numeric', month: 'short' });

export const clock = (at) => (isKnown ? timeFormat.format(new Date(at)) : own.clock(new Date(at)));
export const full = (at) => (isKnown ? fullFormat.format(new Date(at)) : own.full(new Date(at)));
export const date = (at) => (isKnown ? shortDate.format(new Date(at)) : own.date(new Date(at)));

/** A day as a key that sorts, in the reader's time zone. */
export function dayKey(at) {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
}

/** 'Today', 'Yesterday', or the date. */
export function dayName(at) {
  const midnight = (value) => new Date(value.getFullYear(), value.getMonth(), value.getDate());
  const day = new Date(at);
  const days = Math.round((midnight(day) - midnight(new Date())) / 86_400_000);
  if (days === 0 || days === -1) return own.near(days);
  const isThisYear = day.getFullYear() === new Date().getFullYear();
  if (!isKnown) return own.long(day, isThisYear);
  return new Intl.DateTimeFormat(variety, { weekday: 'long', day: 'numeric', month: 'long', year: isThisYear ? undefined : 'numeric' }).format(day);
}

/** When something opens: the time today, else weekday and time. */
export function opening(at) {
  const day = new Date(at);
  const isToday = dayKey(day) === dayKey(new Date());
  if (!isKnown) return own.opening(day, isToday);
  return new Intl.DateTimeFormat(variety, { hour: 'numeric', minute: '2-digit', weekday: isToday ? undefined : 'long' }).format(day);
}
