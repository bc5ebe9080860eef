// Where the author's page ends a line of what is typed in a turn.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sentences } from '../../../web/js/questions/sentences.js';

const CASES = [
  ['I wonder', [], 'I wonder'],
  ['I wonder.', [], 'I wonder.'],
  ['I wonder. ', ['I wonder.'], ''],
  ['One. Two! Three? Fo', ['One.', 'Two!', 'Three?'], 'Fo'],
  ['He said “no.” And ', ['He said “no.”'], 'And '],
  ['It costs 3.5 or ', [], 'It costs 3.5 or '],
  ['As J. S. Mill wrote. ', ['As J. S. Mill wrote.'], ''],
  ['one\ntwo', ['one'], 'two'],
  ['为什么\uff1f我想', ['为什么\uff1f'], '我想'],
  ['لماذا؟ ثم', ['لماذا؟'], 'ثم'],
  ['क्यों। फिर', ['क्यों।'], 'फिर'],
  [' \n . ', ['.'], ''],
  ['word '.repeat(70), [Array(60).fill('word').join(' ')], 'word '.repeat(10)],
  ['w'.repeat(310), ['w'.repeat(300)], 'w'.repeat(10)],
];

for (const [text, done, rest] of CASES) {
  test(`sentences end lines: ${JSON.stringify(text.slice(0, 40))}`, () => assert.deepEqual(sentences(text), { done, rest }));
}
