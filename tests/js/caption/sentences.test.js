// Where sentences end: what is sent while somebody types, and what stays theirs. The server's streams have the same cases.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { LONGEST, TITLES, oneLine, sentences } from '../../../web/js/caption/sentences.js';

const table = JSON.parse(readFileSync(new URL('../../support/captioning/sentences.json', import.meta.url), 'utf8'));
const signs = (/** @type {string} */ text) => [...text].length;

/** What ends as a text is typed sign by sign. @param {string} text */
function typed(text) {
  /** @type {string[]} */
  const all = [];
  let field = '';
  for (const sign of text) {
    const { ended, rest } = sentences(field + sign);
    all.push(...ended);
    field = rest;
  }
  return { ended: all, rest: field };
}

test('sentences end where the server\'s streams end them, typed or pasted', () => {
  for (const { text, ended, rest } of table.cases) {
    for (const found of [sentences(text), typed(text)]) assert.deepEqual({ ended: found.ended, rest: found.rest.trim() }, { ended, rest }, text);
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
