// Expands the typist's abbreviations: `tt` and a space become "transparency and accountability". The caller stores
// them. Pure.

export const MOST = 500;
const SHORT = 20; // characters
const LONG = 300;
const ENDS = /[\s.,;:!?،؛؟。，、！？)\]”»]/u; // typed after an abbreviation, each of these expands it

/** @typedef {Record<string, string>} Abbreviations  short → long */

/**
 * Why an abbreviation can't be taken, as the name of a text; null where it can.
 * @param {string} short  @param {string} long
 */
export function unfit(short, long) {
  if (!/^[\p{L}\p{N}\p{M}'’_-]+$/u.test(short)) return 'abbreviation.word';
  if ([...short].length > SHORT || [...long].length > LONG) return 'abbreviation.long';
  return long ? null : 'abbreviation.empty';
}

/** The valid abbreviations of a stored value, at most MOST. @param {unknown} kept  @returns {Abbreviations} */
export function readable(kept) {
  if (typeof kept !== 'object' || !kept) return {};
  return Object.fromEntries(Object.entries(kept).filter(([short, long]) => typeof long === 'string' && !unfit(short, long)).slice(0, MOST));
}

/**
 * The list with one abbreviation added or changed. If it can't be, `refused` is the name of the text that says why;
 * else it is null.
 * @param {Abbreviations} list  @param {string} short  @param {string} long
 */
export function withOne(list, short, long) {
  const [name, text] = [short.trim().toLowerCase(), long.replace(/\s+/g, ' ').trim()];
  const wrong = unfit(name, text);
  if (wrong) return { list, refused: wrong };
  if (!(name in list) && Object.keys(list).length >= MOST) return { list, refused: 'abbreviation.many' };
  return { list: { ...list, [name]: text }, refused: null };
}

/**
 * The entries of a dictionary in RTF/CRE, by which steno programs exchange theirs. Comments in an entry are left out; one
 * with commands, which join words or write capitals, is no translation and gets an empty long form.
 * @param {string} pasted  @returns {[string, string][]}
 */
function exchanged(pasted) {
  const windows = new TextDecoder('windows-1252');
  const sign = (/** @type {string} */ byte) => windows.decode(new Uint8Array([Number.parseInt(byte, 16)]));
  const entries = pasted.replace(/\}\s*$/, '').split(/\{\\\*\\cxs\s+/).slice(1);
  return entries.map((entry) => {
    const [short, ...rest] = entry.split('}');
    const long = rest.join('}').replace(/\{\\\*[^{}]*\}?/g, '').replace(/[\r\n]/g, ' ')
      .replace(/\\u(-?\d+) ?(?:\\'[\da-f]{2}|\?)?/gi, (_, code) => String.fromCharCode((Number(code) + 65536) % 65536))
      .replace(/\\'([\da-f]{2})/gi, (_, byte) => sign(byte)).replace(/\\~/g, ' ').replace(/\\_/g, '-');
    return [short, /[\\{}]/.test(long) ? '' : long];
  });
}

/**
 * Parse a pasted list into [short, long]: a Plover dictionary (JSON), one in RTF/CRE, rows of AutoHotkey (`::tt::…`), or
 * rows with the short form, a tab, comma, semicolon or =, and the long form. A row that can't be parsed gets an empty
 * long form.
 * @param {string} pasted  @returns {[string, string][]}
 */
function rows(pasted) {
  if (pasted.trimStart().startsWith('{\\rtf')) return exchanged(pasted);
  if (pasted.trimStart().startsWith('{')) {
    try {
      // Text in braces is a command of Plover to itself, not a translation.
      return Object.entries(JSON.parse(pasted)).map(([short, long]) => [short, typeof long === 'string' && !/[{}]/.test(long) ? long : '']);
    } catch {
      return [[pasted.trim(), '']];
    }
  }
  return pasted.replace(/^\ufeff/, '').split(/\r?\n/).map((row) => {
    const [, hot, string] = /^:[^:]*:([^:]+)::(.*)$/.exec(row) ?? [];
    if (hot) return [hot, string];
    const [, short = row, rest = ''] = /^\s*"?([^"\t,;=]*?)"?\s*[\t,;=]\s*(.*)$/.exec(row) ?? [];
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    return [short, quoted ? quoted[1].replaceAll('""', '"') : rest.replaceAll('\t', ' ')];
  });
}

/**
 * The list with those of a pasted list added (its format: see `rows`). `taken`: how many were added; `wrong`: the
 * numbers of the rows that were refused, from 1; `refused`: why the first of them was.
 * @param {Abbreviations} list  @param {string} pasted
 */
export function withPasted(list, pasted) {
  let [made, taken] = [list, 0];
  /** @type {number[]} */
  const wrong = [];
  /** @type {?string} */
  let why = null;
  rows(pasted).forEach(([short, long], i) => {
    if (!short.trim() && !long) return;
    const { list: next, refused } = withOne(made, short, long);
    made = next;
    if (refused) wrong.push(i + 1);
    else taken += 1;
    why ??= refused;
  });
  return { list: made, taken, wrong, refused: why };
}

/**
 * The expansion of an abbreviation that the last character before the caret has ended; null where it has ended none.
 * `from` and `to`: the span to replace, without that character; `text`: the replacement. It begins with a capital if
 * the abbreviation does.
 * @param {Abbreviations} list  @param {string} before  the text up to the caret
 */
export function writtenOut(list, before) {
  const ended = before.slice(-1);
  if (!ENDS.test(ended)) return null;
  const to = before.length - 1;
  const [short] = /[\p{L}\p{N}\p{M}'’_-]+$/u.exec(before.slice(0, to)) ?? [''];
  const name = short.toLowerCase();
  if (!name || !Object.hasOwn(list, name)) return null;
  const long = list[name];
  const [first] = long;
  const begins = /^\p{Lu}/u.test(short) ? first.toUpperCase() + long.slice(first.length) : long;
  return { from: to - short.length, to, text: begins };
}
