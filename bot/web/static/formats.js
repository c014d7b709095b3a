// How a reader writes dates, numbers, money, lists and names of languages: by the browser where it knows the language, else
// by the language's own formats.json (Chromium knows neither Georgian nor Armenian, and would write English without a word).

const spoken = (name) => { const { language, script } = new Intl.Locale(name).maximize(); return `${language}-${script}`; };
const firm = (pattern) => pattern.replace(' ', '\u00a0'); // what must not be torn apart at the end of a line
const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Ways to write a moment: the browser's options, and our pattern; with `isSaid`, names as they stand within a sentence. */
const styles = ({ date, date_short: short, date_weekday: weekday, day }) => ({
  clock: [{ timeStyle: 'short' }, '{clock}'],
  hour: [{ hour: 'numeric' }, '{hour}'],
  date: [{ dateStyle: 'medium' }, date],
  exact: [{ dateStyle: 'medium', timeStyle: 'short' }, `${date}, {clock}`],
  full: [{ dateStyle: 'full', timeStyle: 'short' }, `${weekday}, {clock}`],
  short: [{ day: 'numeric', month: 'short' }, short],
  long: [{ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }, weekday],
  weekday: [{ weekday: 'short' }, '{weekday}'],
  weekdayAlone: [{ weekday: 'long' }, '{alone}'],
  said: [{ weekday: 'long', day: 'numeric', month: 'long' }, day, true],
  saidYear: [{ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }, `${day} ({year})`, true],
  opening: [{ weekday: 'long', hour: 'numeric', minute: '2-digit' }, '{weekday} {clock}', true],
});

/** The ways of one locale; `formats` is what its formats.json says. */
export function formatting(locale, formats) {
  const isKnown = Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0;
  // The reader's own variety of the language (en-GB, en-US …), in the same script, decides how dates and numbers are written.
  const variety = isKnown ? navigator.languages.find((name) => spoken(name) === spoken(locale)) ?? locale : 'en-GB';
  const plurals = new Intl.PluralRules(locale);
  const known = styles(formats);
  const made = new Map(); // formats are slow to make
  const intl = (Kind, options) => {
    const key = Kind.name + JSON.stringify(options);
    if (!made.has(key)) made.set(key, new Kind(variety, options));
    return made.get(key);
  };

  const separators = { decimal: formats.decimal, group: firm(formats.group) };
  const number = (value, options = {}) => {
    const format = intl(Intl.NumberFormat, options);
    return isKnown ? format.format(value) : format.formatToParts(value).map(({ type, value: text }) => separators[type] ?? text).join('');
  };

  /** A share of 1 in percent. */
  function percent(share, options = {}) {
    return isKnown ? number(share, { style: 'percent', ...options }) : fill(firm(formats.percent), { n: number(share * 100, { maximumFractionDigits: 0, ...options }) });
  }

  /** Money from minor units, with as many digits as its currency has. */
  function money(minor, currency) {
    try {
      const format = intl(Intl.NumberFormat, { style: 'currency', currency, ...(isKnown ? {} : { currencyDisplay: 'narrowSymbol' }) });
      const places = format.resolvedOptions().maximumFractionDigits;
      const amount = minor / 10 ** places;
      if (isKnown) return format.format(amount);
      const sign = format.formatToParts(amount).find(({ type }) => type === 'currency').value;
      return fill(firm(formats.money), { sign, amount: number(amount, { minimumFractionDigits: places, maximumFractionDigits: places }) });
    } catch {
      return `${number(minor / 100)} ${currency}`; // what is no currency
    }
  }

  function moment(at, style, timeZone) {
    const [options, pattern, isSaid] = known[style];
    if (isKnown) return intl(Intl.DateTimeFormat, { ...options, timeZone }).format(new Date(at));
    const format = intl(Intl.DateTimeFormat, { year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', timeZone });
    const { year, month, day, hour, minute } = Object.fromEntries(format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
    const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
    return fill(pattern, {
      year, day: Number(day), hour, clock: `${hour}:${minute}`, alone: formats.weekdays_alone[weekday],
      weekday: (isSaid ? formats.weekdays : formats.weekdays_short)[weekday], month: (isSaid ? formats.months : formats.months_short)[month - 1],
    });
  }

  /** a, b and c. */
  function list(items) {
    if (isKnown) return intl(Intl.ListFormat, {}).format(items);
    return items.length < 2 ? items.join('') : fill(formats.list, { head: items.slice(0, -1).join(', '), last: items.at(-1) });
  }

  /** What a language is called; one we cannot name in the reader's language by its own name. */
  function languageName(code) {
    try {
      if (isKnown) return intl(Intl.DisplayNames, { type: 'language' }).of(code);
      return formats.languages[code] ?? formats.languages[code.split('-')[0]] ?? new Intl.DisplayNames([code], { type: 'language' }).of(code);
    } catch {
      return code; // what is no language
    }
  }

  const plural = (n) => plurals.select(n);
  const unit = (name, n, options) => fill(firm(formats.units[name]), { n: number(n, options) }); // ours are the same wherever they are read

  return { number, percent, money, moment, list, languageName, plural, unit };
}

/** The text of `key` with `{name}` filled in; a text by plural form is chosen by `values.n`. */
export const wording = (texts, { number, plural }) => (key, values = {}) => {
  let text = texts[key] ?? key;
  if (typeof text === 'object') text = text[plural(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : String(value);
  });
};
