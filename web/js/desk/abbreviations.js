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

/**
 * With those of pasted lines, `short<tab>long` each. `wrong`: numbers of the lines that were not taken, from 1;
 * `refused`: why the first of them was not.
 * @param {Abbreviations} list  @param {string} pasted
 */
export function withPasted(list, pasted) {
  let [made, taken] = [list, 0];
  /** @type {number[]} */
  const wrong = [];
  /** @type {?string} */
  let why = null;
  pasted.split(/\r?\n/).forEach((row, i) => {
    if (!row.trim()) return;
    const [short, ...rest] = row.split('\t');
    const { list: next, refused } = withOne(made, short, rest.join(' '));
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
