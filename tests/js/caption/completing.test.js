// Names and terms that may be meant by what is being typed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { completions } from '../../../web/js/caption/completing.js';

const TERMS = ['Internet Governance Forum', 'internetworking', 'Nairobi', '互联网治理', 'المنتدى'];

test('a term is offered from its second letter on, whatever the case', () => {
  assert.deepEqual(completions('the i', TERMS), []);
  assert.deepEqual(completions('the in', TERMS).map(({ text }) => text), ['Internet Governance Forum', 'internetworking']);
  assert.deepEqual(completions('in Nai', TERMS), [{ from: 3, text: 'Nairobi' }]);
  assert.deepEqual(completions('xnai', TERMS), []);
  assert.deepEqual(completions('Nairobi', TERMS), []);
  assert.deepEqual(completions('Nai ', TERMS), []);
});

test('a term of several words goes on being offered', () => {
  assert.deepEqual(completions('the Internet Gov', TERMS), [{ from: 4, text: 'Internet Governance Forum' }]);
});

test('where words have no spaces between them one character is enough', () => {
  assert.deepEqual(completions('我们谈互', TERMS), [{ from: 3, text: '互联网治理' }]);
  assert.deepEqual(completions('في الم', TERMS), [{ from: 3, text: 'المنتدى' }]);
});

test('five at most, each once', () => {
  const many = Array.from({ length: 9 }, (_, n) => `term ${n}`);
  assert.equal(completions('te', [...many, ...many]).length, 5);
});
