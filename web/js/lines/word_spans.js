// Finds the words of a line and those in doubt, of which recognition was not certain. Pure.

import { unchanged } from '../panels/doubts.js';
import { writtenWords } from './written_words.js';

/** @typedef {{at: number, end: number}} Span  a part of a text, as UTF-16 indexes; the end is not included */

const UNSPACED = new Set(['zh', 'ja', 'th', 'lo', 'km', 'my', 'yue']);
const WORD = /[\p{L}\p{N}\p{M}]+(?:['’.-][\p{L}\p{N}\p{M}]+)*/gu;

/** The spans of the words of a text. @param {string} text  @param {string} language  a BCP-47 tag  @returns {Span[]} */
export function wordSpans(text, language = '') {
  const [primary] = language.toLowerCase().split('-');
  if (UNSPACED.has(primary) && 'Segmenter' in Intl) {
    return [...new Intl.Segmenter(primary, { granularity: 'word' }).segment(text)].filter(({ isWordLike }) => isWordLike)
      .map(({ index, segment }) => ({ at: index, end: index + segment.length }));
  }
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ at: index, end: index + word.length }));
}

/** The word at an index, or that ends there; null for none. @param {Span[]} spans  @param {number} offset */
export const wordAt = (spans, offset) => spans.find(({ at, end }) => at <= offset && offset < end) ?? spans.find(({ end }) => end === offset) ?? null;

/**
 * The spans of words in doubt in a text. Each word is searched for after the one before it.
 * @param {string} text  @param {[word: string, certainty: number][]} words  all words of the line, as recognised
 * @param {number} below  a word is in doubt below this certainty  @returns {Span[]}
 */
export const doubts = (text, words, below = 0.5) => doubted(text, words, below).map(({ at, end }) => ({ at, end }));

/**
 * The index, among all words of the line, of the word in doubt at a span; -1 where there is none.
 * @param {string} text  @param {[word: string, certainty: number][]} words  @param {Span} span
 */
export const doubtAt = (text, words, span) => doubted(text, words, 0.5).find(({ at, end }) => at <= span.at && span.end <= end)?.n ?? -1;

/**
 * How many words of a text end at or before an index, as the server counts the words of a line that is split.
 * @param {string} text  trimmed  @param {number} offset
 * @param {[word: string, certainty: number][]} words  all words of the line as recognised; other texts have those that are written
 */
export function wordsBefore(text, offset, words = []) {
  const said = words.map(([word]) => word);
  const whole = said.join('');
  const parts = whole.trim() === text ? said : writtenWords(text);
  let end = whole.trim() === text ? whole.trimStart().length - whole.length : 0;
  return parts.filter((part) => {
    end += part.length;
    return end <= offset;
  }).length;
}

/**
 * Where a selection, or a caret, stands once its text has changed: on the same characters, or where these have changed,
 * on what is there instead; a caret behind that.
 * @param {Span} selected  @param {string} old  @param {string} text  @returns {Span}
 */
export function carried({ at, end }, old, text) {
  const [start, back] = unchanged(old, text), moved = text.length - old.length;
  if (end < start) return { at, end };
  if (at > old.length - back) return { at: at + moved, end: end + moved };
  const behind = Math.max(end, old.length - back) + moved;
  return { at: at === end ? behind : Math.min(at, start), end: behind };
}

/**
 * The text with another reading in place of a word; punctuation around the word stays.
 * @param {string} text  @param {Span} span  @param {string} reading
 */
export function reread(text, { at, end }, reading) {
  const word = text.slice(at, end).replace(/[\p{L}\p{N}](?:[^]*[\p{L}\p{N}\p{M}])?/u, () => reading);
  return text.slice(0, at) + word + text.slice(end);
}

/**
 * The words in doubt, with their spans and indexes.
 * @param {string} text  @param {[word: string, certainty: number][]} words  @param {number} below
 */
function doubted(text, words, below) {
  /** @type {(Span & {n: number})[]} */
  const found = [];
  let from = 0;
  for (const [n, [word, certainty]] of words.entries()) {
    const bare = word.trim();
    const at = bare ? text.indexOf(bare, from) : -1;
    if (at < 0) continue;
    from = at + bare.length;
    if (certainty < below) found.push({ at, end: from, n });
  }
  return found;
}

/**
 * The next span after `from` (`step` 1) or the one before it (-1); null at the end. If `from` is null: the first, or
 * the last.
 * @param {Span[]} spans  @param {?Span} from  @param {number} step  @returns {?Span}
 */
export function nextSpan(spans, from, step) {
  if (!from) return spans.at(step > 0 ? 0 : -1) ?? null;
  return (step > 0 ? spans.find(({ at }) => at > from.at) : spans.findLast(({ at }) => at < from.at)) ?? null;
}
