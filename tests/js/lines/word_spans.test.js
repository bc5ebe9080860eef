// Where the words of a line begin and end, and which of them are in doubt.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { carried, doubtAt, doubts, nextSpan, reread, wordAt, wordSpans, wordsBefore } from '../../../web/js/lines/word_spans.js';

/** @param {string} text  @param {string} [language] */
const words = (text, language) => wordSpans(text, language).map(({ at, end }) => text.slice(at, end));

test('words are letters and figures, with what joins them', () => {
  assert.deepEqual(words("Don't e-mail the U.N. 3.5 times, “chère” Amina."), ["Don't", 'e-mail', 'the', 'U.N', '3.5', 'times', 'chère', 'Amina']);
  assert.deepEqual(words('أهلا بكم، جميعا'), ['أهلا', 'بكم', 'جميعا']);
});

test('where no spaces stand between words they are found all the same', () => {
  assert.equal(words('大家早上好', 'zh-CN').join(''), '大家早上好');
  assert.ok(words('大家早上好', 'zh-CN').length > 1);
});

test('a place belongs to the word that it stands in, or behind', () => {
  const spans = wordSpans('The fund.');
  assert.deepEqual([0, 2, 3, 4, 8].map((place) => wordAt(spans, place)), [spans[0], spans[0], spans[0], spans[1], spans[1]]);
  assert.equal(wordAt(spans, 9), null);
});

test('a word in doubt is the one that was meant, not one of the same letters before it', () => {
  const text = 'the fund of the county';
  const found = doubts(text, [['the', 0.9], [' fund', 0.9], [' of', 0.9], [' the', 0.2], [' county', 0.4]]);
  assert.deepEqual(found, [{ at: 12, end: 15 }, { at: 16, end: 22 }]);
  assert.deepEqual(doubts('another text', [['the', 0.2]]), [{ at: 3, end: 6 }]);
});

test('another reading belongs to the word in doubt that was meant, and takes its place between its marks', () => {
  const text = 'the fund, of the county';
  /** @type {[string, number][]} */
  const said = [['the', 0.9], [' fund,', 0.3], [' of', 0.9], [' the', 0.2], [' county', 0.4]];
  assert.deepEqual([0, 4, 13, 17].map((at) => doubtAt(text, said, { at, end: at + 3 })), [-1, 1, 3, 4]);
  assert.equal(doubtAt(text, said, { at: 4, end: 23 }), -1);
  assert.equal(reread(text, { at: 4, end: 9 }, 'phone'), 'the phone, of the county');
  assert.equal(reread('«É»', { at: 0, end: 3 }, 'há $&'), '«há $&»');
});

test('what was selected is selected still when a better text comes, or else what is there instead', () => {
  const carry = (/** @type {string} */ word, /** @type {string} */ text, old = 'the fond pays it') => {
    const { at, end } = carried({ at: old.indexOf(word), end: old.indexOf(word) + word.length }, old, text);
    return text.slice(0, at) + '[' + text.slice(at, end) + ']' + text.slice(end);
  };
  assert.equal(carry('fond', 'the fond pays for it'), 'the [fond] pays for it');
  assert.equal(carry('pays', 'the whole fond pays it'), 'the whole fond [pays] it');
  assert.equal(carry('fond', 'the fund pays it'), 'the [fund] pays it');
  assert.equal(carry('fond', 'the fonds pays it'), 'the [fonds] pays it');
  assert.equal(carry('fond', 'a phone pays it'), '[a phone] pays it');
  const caret = (/** @type {number} */ at, /** @type {string} */ text) => carried({ at, end: at }, 'the fond', text);
  assert.deepEqual(caret(8, 'the fund is'), { at: 11, end: 11 });
  assert.deepEqual(caret(5, 'the bond'), { at: 5, end: 5 });
  assert.deepEqual(caret(2, 'the bond'), { at: 2, end: 2 });
});

test('from word to word it ends at the last', () => {
  const spans = wordSpans('one two three');
  assert.equal(nextSpan(spans, null, 1), spans[0]);
  assert.equal(nextSpan(spans, null, -1), spans[2]);
  assert.equal(nextSpan(spans, spans[1], -1), spans[0]);
  assert.equal(nextSpan(spans, spans[2], 1), null);
});

test('words before a place are counted as the server counts them', () => {
  const text = 'Good morning all.';
  assert.deepEqual([0, 2, 4, 5, 12, 13, 17, Infinity].map((place) => wordsBefore(text, place)), [0, 0, 1, 1, 2, 2, 3, 3]);
  assert.equal(wordsBefore('', Infinity), 0);
});

test('recognised words are what was recognised, with or without spaces', () => {
  /** @type {[string, number][]} */
  const said = [['大家', 0.9], ['早上', 0.9], ['好', 0.9]];
  assert.deepEqual([0, 2, 4, 5].map((place) => wordsBefore('大家早上好', place, said)), [0, 1, 2, 3]);
  assert.deepEqual([1, 2, 4, 5, 6, Infinity].map((place) => wordsBefore('大家早上好，', place, said)), [1, 2, 4, 4, 5, 5]);
  assert.equal(wordsBefore('Dear all', 4, [[' Dear', 0.9], [' all', 0.9]]), 1);
  assert.equal(wordsBefore('Dear everybody here', Infinity, [[' Dear', 0.9], [' all', 0.9]]), 3);
});
