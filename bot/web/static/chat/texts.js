// Words, dates, money and numbers of the chat in the reader's language.
import { formatting, wording } from '../formats.js';
import { pageData } from './dom.js';

const { locale, texts, locales, formats, options } = pageData('chat-data');
const ways = formatting(locale, formats);

export { locale, locales };

/** The text of a key. */
export const t = wording(texts, ways);
export const { money } = ways;

/** An option of a product or its value; the catalogue's own word where there is none in the reader's language. */
export const option = (word) => options[word] ?? word;

export const clock = (at) => ways.moment(at, 'clock');
export const full = (at) => ways.moment(at, 'full');
export const date = (at) => ways.moment(at, 'short');

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
  if (days === 0 || days === -1) return days ? formats.yesterday : formats.today;
  return ways.moment(day, day.getFullYear() === new Date().getFullYear() ? 'said' : 'saidYear');
}

/** When something opens: the time today, else weekday and time. */
export const opening = (at) => ways.moment(at, dayKey(at) === dayKey(new Date()) ? 'clock' : 'opening');
