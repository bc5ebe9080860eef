// What may be meant by a word that is being typed: names and terms that begin so. Pure.

const MOST = 5;
const BACK = 60; // characters before the caret that are looked at
const LEAST = 2; // letters, where words have spaces between them
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]$/u;
const LETTER = /[\p{L}\p{N}\p{M}]/u;

/** @typedef {{from: number, text: string}} Completion  where in the text it begins, and how it reads */

/** Where a name may begin in a text whose end is being typed, the earliest first. @param {string} before */
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
 * Terms that what stands before the caret begins, those first of which most is typed; each longer than what is typed of it.
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
