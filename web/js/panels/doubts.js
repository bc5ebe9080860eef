// Where in a line's text stand the words of which the recogniser was not sure, as in server/moothall/core/views/doubts.py.
// Pure.

/** @typedef {[at: number, end: number]} Span  UTF-16 indexes; the end is not included */

const SURE = 0.5;

/**
 * The spans of the doubtful ones of words that come behind a text.
 * @param {string} text  @param {{text: string, p?: number}[]} words  @returns {Span[]}
 */
export function doubted(text, words) {
  /** @type {Span[]} */
  const found = [];
  for (const { text: word, p = 1 } of words) {
    text += word;
    const [bare, end] = [word.trim().length, text.trimEnd().length];
    if (bare && p < SURE) found.push([end - bare, end]);
  }
  return found;
}

/**
 * How many characters at the beginning and at the end of a text are left when it changes.
 * @param {string} old  @param {string} text
 */
export function unchanged(old, text) {
  const least = Math.min(old.length, text.length);
  let start = 0, back = 0;
  while (start < least && old[start] === text[start]) start += 1;
  while (back < least - start && old.at(-1 - back) === text.at(-1 - back)) back += 1;
  return [start, back];
}

/**
 * Those spans that are left when the text changes: of words in its unchanged beginning or end.
 * @param {Span[]} spans  @param {string} old  @param {string} text  @returns {Span[]}
 */
export function left(spans, old, text) {
  if (old === text) return spans;
  const [start, back] = unchanged(old, text), moved = text.length - old.length;
  return spans.flatMap(([at, end]) => (end < start ? [[at, end]] : at > old.length - back ? [[at + moved, end + moved]] : []));
}
