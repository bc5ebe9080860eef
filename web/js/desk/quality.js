// Describes the quality of a text in one row of words, for the staff, as adapters/pages/meeting_texts.py does. Pure.

const AND = '\u00a0· '; // as in adapters/pages/meeting_texts.py: the point stays in the row of what stands before it
const HEARD_PERCENT = 2; // Languages with less than this share of the words are not named.

/** A share as a whole percentage: at least 1 unless `some` is 0. @param {number} some  @param {number} of */
const percent = (some, of) => Math.max(Math.min(some, 1), Math.round((100 * some) / of));

/**
 * @typedef {object} Quality  core/views/quality.py
 * @property {?{p50: number, p95: number}} delay
 * @property {number} gaps
 * @property {{by_person: number, by_machine: number}} corrected
 * @property {number} lines
 * @property {number} words
 * @property {number} words_a_minute
 * @property {Record<string, number>} languages
 */

/**
 * A function that describes a text's quality; empty for null.
 * @param {string} ui  @param {import('../lib/words.js').Words} words  @param {LanguageName} languageName
 */
export function qualityLines(ui, words, languageName) {
  const tenths = new Intl.NumberFormat(`${ui}-u-nu-latn`, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const seconds = (/** @type {number} */ ms) => tenths.format(Math.ceil(ms / 100) / 10);
  return (/** @type {?Quality} */ quality) => (quality ? line(quality, words, seconds, languageName) : '');
}

/**
 * @param {Quality} quality  @param {import('../lib/words.js').Words} words  @param {(ms: number) => string} seconds
 * @param {LanguageName} languageName
 */
function line(quality, words, seconds, languageName) {
  const { delay, gaps, corrected, lines, languages } = quality;
  const facts = [];
  if (delay) facts.push(words.text('quality.delay', { half: seconds(delay.p50), most: seconds(delay.p95) }));
  if (gaps) facts.push(words.text('quality.gaps', { n: gaps }));
  const share = (/** @type {number} */ some) => ({ n: percent(some, lines) });
  facts.push(words.text(corrected.by_person ? 'quality.corrected' : 'quality.uncorrected', share(corrected.by_person)));
  if (corrected.by_machine) facts.push(words.text('quality.by-machine', share(corrected.by_machine)));
  facts.push(words.text('quality.rate', { n: quality.words_a_minute }));
  facts.push(words.listed(Object.entries(languages).filter(([, n]) => 100 * n >= HEARD_PERCENT * quality.words).map(([tag]) => languageName(tag))));
  return facts.join(AND);
}
