// A word replaced in all lines: whole words, the case of the first letter, and what one act takes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changedWords, replacements, replacer } from '../../../web/js/lines/replacing.js';

const CASES = [
  ['ment', 'meant', 'Ment he, ment we: mentor, payment.', 'Meant he, meant we: mentor, payment.'],
  ['Kisumo', 'Kisumu', 'kisumo and Kisumo’s', 'kisumu and Kisumu’s'],
  ['kenya', 'Kenya', 'in kenya. Kenya', 'in Kenya. Kenya'],
  ['don', 'Don', "don't don", "don't Don"],
  ['a.b', 'c', 'a.b axb', 'c axb'],
  ['New Yorck', 'New York', 'new Yorck, New Yorck', 'new York, New York'],
  ['état', 'État', 'l’état', 'l’État'],
  ['非洲联名', '非洲联盟', '在非洲联名开会', '在非洲联盟开会'],
  ['uh', '', 'so uh yes', 'so yes'],
  [' ', 'x', 'a b', 'a b'],
  ['$1', '$2', 'it costs $1', 'it costs $2'],
];

for (const [from, to, text, wanted] of CASES) test(`“${from}” → “${to}” in “${text}”`, () => assert.equal(replacer(from, to)(text), wanted));

/** @param {number} n  @param {string} text @returns {*} */
const line = (n, text = 'It was ment.') => ({ segment: `s${n}`, text });

test('one act takes fifty lines, none that somebody is correcting, and says what is left', () => {
  const lines = Array.from({ length: 60 }, (_, n) => line(n));
  const { rows, more, held } = replacements([...lines, line(99, 'Meant.')], 'ment', 'meant', new Set(['s3', 's99']));
  assert.deepEqual([rows.length, more, held], [50, 9, 1]);
  assert.equal(rows[3].line.segment, 's4');
  assert.equal(rows[3].text, 'It was meant.');
});

test('one act holds no more text than a message', () => {
  const { rows, more } = replacements(Array.from({ length: 9 }, (_, n) => line(n, `ment ${'я'.repeat(4000)}`)), 'ment', 'meant', new Set());
  assert.deepEqual([rows.length, more], [4, 5]);
});

test('what was changed in a line is found as whole words', () => {
  assert.deepEqual(changedWords('The fund was ment, too.', 'The fund was meant, too.'), { from: 'ment', to: 'meant' });
  assert.deepEqual(changedWords('from New Yorck now', 'from New York now'), { from: 'Yorck', to: 'York' });
  assert.equal(changedWords('as it was', 'as it was'), null);
  assert.equal(changedWords('a b c d e f', 'g h i j k l'), null);
  assert.equal(changedWords('as it', 'as it was'), null);
});
