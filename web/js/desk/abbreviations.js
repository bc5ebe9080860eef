// Abbreviations of whoever types: `tt` and a space become "transparency and accountability". Where they are kept is the
// caller's affair. Pure.

export const MOST = 500;
const SHORT = 20; // characters
const LONG = 300;
const ENDS = /[\s.,;:!?،؛؟。，、！？)\]”»]/u; // what is typed behind an abbreviation to have it written out

/** @typedef {Record<string, string>} Abbreviations  short → long */

/** Why an abbreviation is not taken: the name of a text; null where it is. @param {string} short  @param {string} long */
export function unfit(short, long) {
  if (!/^[\p{L}\p{N}\p{M}'’_-]+$/u.test(short)) return 'abbreviation.word';
  if ([...short].length > SHORT || [...long].length > LONG) return 'abbreviation.long';
  return long ? null : 'abbreviation.empty';
}

/** What is kept, as far as it can be one of ours. @param {unknown} kept  @returns {Abbreviations} */
export function readable(kept) {
  if (typeof kept !== 'object' || !kept) return {};
  return Object.fromEntries(Object.entries(kept).filter(([short, long]) => typeof long === 'string' && !unfit(short, long)).slice(0, MOST));
}

/**
 * With one more, or another meaning of one. Gives the name of the text that says why not in `refused`.
 * @param {Abbreviations} list  @param {string} short  @param {string} long
 */
export function withOne(list, short, long) {
  const [name, text] = [short.trim().toLowerCase(), long.replace(/\s+/g, ' ').trim()];
  const wrong = unfit(name, text);
  if (wrong) return { list, refused: wrong };
  if (!(name in list) && Object.keys(list).length >= MOST) return { list, refused: 'abbreviation.many' };
  return { list: { ...list, [name]: text }, refused: null };
}

/** Rows of a pasted list as [short, long]: a Plover dictionary (JSON), else in each row the short form, a tab, comma, semicolon or =, and the long one. @param {string} pasted  @returns {[string, string][]} */
function rows(pasted) {
  if (pasted.trimStart().startsWith('{')) {
    try {
      // What a dictionary says with braces is a command to the machine that it is for.
      return Object.entries(JSON.parse(pasted)).map(([short, long]) => [short, typeof long === 'string' && !/[{}]/.test(long) ? long : '']);
    } catch {
      return [[pasted.trim(), '']];
    }
  }
  return pasted.replace(/^\ufeff/, '').split(/\r?\n/).map((row) => {
    const [, short = row, rest = ''] = /^\s*"?([^"\t,;=]*?)"?\s*[\t,;=]\s*(.*)$/.exec(row) ?? [];
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    return [short, quoted ? quoted[1].replaceAll('""', '"') : rest.replaceAll('\t', ' ')];
  });
}

/**
 * With those of a pasted list, as `rows` reads it. `wrong`: numbers of the rows that were not taken, from 1;
 * `refused`: why the first of them was not.
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
 * What stands before the caret, with the abbreviation written out that was ended just now; null where none was.
 * `from` and `to`: what is taken away, the mark behind it not; `text`: what takes its place.
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
