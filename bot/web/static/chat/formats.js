// Dates, money and numbers in languages that this browser cannot write itself (Chromium knows neither Georgian nor Armenian).
import { pageData } from './dom.js';

const { formats } = pageData('chat-data');
const separators = { decimal: formats.decimal, group: formats.group.replace(' ', '\u00a0') };
const hours = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const digits = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: '2-digit', year: 'numeric' });
const dayAndMonth = formats.day.replace(/\{weekday\},? | ?,? \{weekday\}/, '');

const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const written = (format, value) => format.formatToParts(value).map(({ type, value: text }) => separators[type] ?? text).join('');
const parts = (day) => ({ weekday: weekday(day), day: day.getDate(), month: formats.months[day.getMonth()] });

export const weekday = (day) => formats.weekdays[(day.getDay() + 6) % 7];
export const number = (value) => written(new Intl.NumberFormat('en'), value);

/** An amount in the main unit of its currency; throws a RangeError for what is no currency. */
export function money(amount, currency, places) {
  const shown = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).formatToParts(amount);
  const sign = shown.find(({ type }) => type === 'currency').value;
  const plain = written(new Intl.NumberFormat('en', { minimumFractionDigits: places, maximumFractionDigits: places }), amount);
  return fill(formats.money.replace(' ', '\u00a0'), { sign, amount: plain });
}

export const clock = (day) => hours.format(day);
export const full = (day) => `${digits.format(day).replaceAll('/', '.')}, ${clock(day)}`;
export const date = (day) => fill(dayAndMonth, parts(day));

/** 'today' or 'yesterday' for 0 and -1. */
export const near = (days) => (days ? formats.yesterday : formats.today);

/** The day with its weekday, and with the year where it is another one. */
export const long = (day, isThisYear) => fill(formats.day, parts(day)) + (isThisYear ? '' : ` (${day.getFullYear()})`);

/** When something opens: the time, with the weekday where it is not today. */
export const opening = (day, isToday) => (isToday ? clock(day) : `${weekday(day)} ${clock(day)}`);
