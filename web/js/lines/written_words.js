// Parts a written text into words, where no recogniser says what its words are, as server/moothall/core/kernel/written_words.py
// does: scripts without spaces between words into characters as readers see them. Pure.

const EACH = '\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u2e80-\\u2fdf\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u9fff\\uf900-\\ufaff\\uff66-\\uff9f\\u{1b000}-\\u{1b16f}\\u{20000}-\\u{3ffff}';
const JOINED = '\\u0e33\\u0eb3\\uff9e\\uff9f'; // letters that are one character with the letter before them
const BEFORE = '\\u0e40-\\u0e44\\u0ec0-\\u0ec4'; // vowels that are written before their consonant
const STACKING = '\\u1039\\u17d2'; // signs that put the next letter below the one before
const OPENING = '(\\[\\{\\u00ab\\u2018\\u201c\\u3008\\u300a\\u300c\\u300e\\u3010\\u3014\\u3016\\uff08\\uff3b\\uff5b'; // they stand with the word after them
const LETTER = `(?=[\\p{L}\\p{N}])(?![${JOINED}])[${EACH}]`;
const REST = `[^\\p{L}\\p{N}\\s${OPENING}]*`;
const CHARACTER = `[${BEFORE}]*${LETTER}${REST}(?:(?:(?<=[${STACKING}])${LETTER}|[${JOINED}])${REST})*`;
const OPENED = `[${OPENING}]{0,3}`;
const WORD = new RegExp(`(?<!\\s)\\s*(?:${OPENED}${CHARACTER}|(?:(?!${OPENED}${LETTER})\\S)+)(?:\\s+$)?`, 'gu');

/** The words of a text, each with the spaces before it, and the last with those after it. @param {string} text */
export const writtenWords = (text) => text.match(WORD) ?? [];
