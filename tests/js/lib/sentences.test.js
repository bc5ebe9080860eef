// Where sentences end: what is sent while somebody types, and what stays theirs. The server's streams have the same cases.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { LONGEST, TITLES, oneLine, sentences } from '../../../web/js/lib/sentences.js';

const table = JSON.parse(readFileSync(new URL('../../support/captioning/sentences.json', import.meta.url), 'utf8'));
const signs = (/** @type {string} */ text) => [...text].length;

const TURN = { rows: true, longest: 300 }; // as in one's turn to speak

/** What ends as a text is typed sign by sign. @param {string} text  @param {typeof TURN} [how] */
function typed(text, how) {
  /** @type {string[]} */
  const all = [];
  let field = '';
  for (const sign of text) {
    const { ended, rest } = sentences(field + sign, how);
    all.push(...ended);
    field = rest;
  }
  return { ended: all, rest: field };
}

test('sentences end where the server\'s streams end them, typed or pasted', () => {
  for (const { text, ended, rest } of table.cases) {
    for (const how of [undefined, TURN]) {
      for (const found of [sentences(text, how), typed(text, how)]) assert.deepEqual({ ended: found.ended, rest: found.rest.trim() }, { ended, rest }, text);
    }
  }
});

/** @type {[string, string[], string][]} */
const TURNS = [
  ['I wonder', [], 'I wonder'],
  ['I wonder. ', ['I wonder.'], ''],
  ['He said “no.” And ', ['He said “no.”'], 'And '],
  ['As J. S. Mill wrote. ', ['As J. S. Mill wrote.'], ''],
  ['one\ntwo', ['one'], 'two'],
  ['one of Dr.\n\ntwo', ['one of Dr.'], 'two'],
  [' \n . ', ['.'], ''],
  ['word '.repeat(70), [Array(60).fill('word').join(' ')], 'word '.repeat(10)],
  ['w'.repeat(310), ['w'.repeat(300)], 'w'.repeat(10)],
];

test('in a turn a row ends a line too, and a line is shorter', () => {
  for (const [text, ended, rest] of TURNS) {
    for (const found of [sentences(text, TURN), typed(text, TURN)]) assert.deepEqual(found, { ended, rest });
  }
});

test('what has no end is cut where the server\'s streams cut it, and nothing is lost', () => {
  for (const { text, times, ended, rest } of table.long) {
    const whole = text.repeat(times);
    for (const found of [sentences(whole), typed(whole)]) {
      assert.deepEqual([found.ended.map(signs), signs(found.rest.trim())], [ended, rest], text);
      const all = `${found.ended.join(' ')} ${found.rest}`;
      assert.equal(all.replace(/\s/g, ''), whole.replace(/\s/g, ''));
    }
  }
});

test('the figures and titles are the server\'s', () => {
  assert.deepEqual([LONGEST, [...TITLES]], [table.longest, table.titles]);
});

test('a line has no rows of its own', () => assert.equal(oneLine(' We\n begin '), 'We begin'));
