// Texts of the interface in the reader's language, formats of times, and directions of languages. Pure.

/** @type {Record<string, string>} */
const BETWEEN = { ar: ' و', zh: '、' }; // as in adapters/pages/catalogues.py

export class Words {
  /** @param {Texts} data */
  constructor({ ui, texts, counted }) {
    this.between = BETWEEN[ui] ?? ', ';
    this.texts = texts;
    this.forms = counted;
    this.rules = new Intl.PluralRules(ui);
  }

  /** The text of this name with its placeholders filled. @param {string} name  @param {Values} values */
  text(name, values = {}) {
    return fill(this.texts[name], values);
  }

  /** Items in a row, as this language lists them. @param {(string | number | undefined)[]} items */
  listed(items) {
    return items.join(this.between);
  }

  /** The text of this name in the plural form for `n`. @param {string} name  @param {number} n */
  counted(name, n) {
    const forms = this.forms[name];
    return fill(forms[this.rules.select(n)] ?? forms.other, { n });
  }
}

/**
 * The text with its {placeholders} filled; one without a value stays as it is.
 * @param {string} text  @param {Values} values
 */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (place, name) => `${values[name] ?? place}`);

/** @param {number} n */
const two = (n) => String(n).padStart(2, '0');

/** Media time for people: `4:05`, from an hour on `1:04:05`. @param {number} ms */
export function mediaTime(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/**
 * A format of the time of day in the conference's zone, 24 hours: `17:03:12`.
 * @param {string} ui  @param {string} zone  @param {Intl.DateTimeFormatOptions} more
 */
export function dayClock(ui, zone, more = { second: '2-digit' }) {
  return new Intl.DateTimeFormat(ui, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone, ...more });
}

/** Unix ms as date and time of UTC: `2026-11-24T14:03:12`. @param {number} ms */
export const isoTime = (ms) => new Date(ms).toISOString().slice(0, 19);

const RTL = new Set(['ar', 'arc', 'ckb', 'dv', 'fa', 'he', 'ks', 'ps', 'sd', 'ug', 'ur', 'yi']);
const RTL_SCRIPTS = new Set(['adlm', 'arab', 'hebr', 'mand', 'nkoo', 'rohg', 'syrc', 'thaa']);

/** `rtl`, `ltr`, or `auto` where a BCP-47 tag says nothing; as in catalogues.py. @param {string} tag */
export function direction(tag) {
  const [first, ...rest] = tag.toLowerCase().replaceAll('_', '-').split('-');
  if (['', 'und', 'mul', 'zxx'].includes(first)) return 'auto';
  const script = rest.find((part) => /^[a-z]{4}$/.test(part));
  return (script ? RTL_SCRIPTS.has(script) : RTL.has(first)) ? 'rtl' : 'ltr';
}
