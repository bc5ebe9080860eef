// Completes the word that is being typed with names and terms. Pure.

const MOST = 5;
const BACK = 60; // characters before the caret that are searched
const LEAST = 2; // letters that must be typed, in languages that write spaces between words
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]$/u;
const LETTER = /[\p{L}\p{N}\p{M}]/u;

/** @typedef {{from: number, text: string}} Completion  index in the text from which on `text` is to be put */

/**
 * The indexes at which the name being typed may begin, earliest first.
 * @param {string} before  the text up to the caret
 */
function beginnings(before) {
  const spaced = !UNSPACED.test(before);
  const found = [];
  for (let at = Math.max(0, before.length - BACK); at < before.length; at += 1) {
    const begins = LETTER.test(before[at]) && (!spaced || at === 0 || !/[\p{L}\p{N}\p{M}'’-]/u.test(before[at - 1]));
    if (begins && before.length - at >= (spaced ? LEAST : 1)) found.push(at);
  }
  return found;
}

/**
 * Terms that begin with the end of the text before the caret, at most MOST; first those of which most has been typed.
 * @param {string} before  the text up to the caret  @param {string[]} terms  @returns {Completion[]}
 */
export function completions(before, terms) {
  if (!LETTER.test(before.slice(-1))) return [];
  /** @type {Completion[]} */
  const found = [];
  for (const from of beginnings(before)) {
    const typed = before.slice(from).toLocaleLowerCase();
    for (const text of terms) {
      if (found.length >= MOST) return found;
      if (text.length > typed.length && text.toLocaleLowerCase().startsWith(typed) && !found.some((each) => each.text === text)) found.push({ from, text });
    }
  }
  return found;
}
