// Where arrow keys lead among the rows, and which keys a browser remembers from before.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { step } from '../../../web/js/moderation/arrows.js';
import { KEYS, renewed } from '../../../web/js/moderation/keymap.js';

const TOP = ['now'];
const LISTS = [['a', 'b', 'c'], [], ['x', 'y']];

const CASES = [
  [null, 'down', 'a'],
  [null, 'up', 'a'],
  ['gone', 'after', 'a'],
  ['a', 'down', 'b'],
  ['c', 'down', null],
  ['b', 'up', 'a'],
  ['a', 'up', 'now'],
  ['x', 'up', 'now'],
  ['now', 'up', null],
  ['now', 'down', 'a'],
  ['now', 'after', null],
  ['now', 'before', null],
  ['a', 'after', 'x'],
  ['c', 'after', 'y'],
  ['y', 'before', 'b'],
  ['a', 'before', null],
  ['y', 'after', null],
  ['b', 'start', 'a'],
  ['a', 'start', null],
  ['a', 'end', 'c'],
  ['c', 'end', null],
];

for (const [id, way, to] of CASES) {
  test(`${way} from ${id} leads to ${to}`, () => assert.equal(step(TOP, LISTS, id, way), to));
}

test('with nothing asked now, up from the first row leads nowhere', () => assert.equal(step([], LISTS, 'a', 'up'), null));
test('with empty lists there is only what is asked now', () => {
  assert.equal(step(TOP, [[], []], null, 'down'), 'now');
  assert.equal(step(TOP, [[], []], 'now', 'down'), null);
  assert.equal(step([], [[], []], null, 'down'), null);
});

test('no two acts have the same key', () => assert.equal(new Set(Object.values(KEYS)).size, Object.keys(KEYS).length));

test('j and k that nobody chose go up and down', () => {
  assert.deepEqual(renewed({ on: false, keys: { join: 'j', down: 'k', approve: 'a' } }), { on: false, keys: { approve: 'a' } });
});

test('a key that somebody has chosen stays theirs', () => {
  const { keys } = renewed({ on: true, keys: { join: 'j', down: 'k', approve: 'y', later: 'k' } });
  assert.deepEqual(keys, { approve: 'y', later: 'k', above: '', join: '' });
});

test('what is remembered from now on stays as it is', () => {
  const kept = { on: true, keys: { ...KEYS, below: '', join: 'j' } };
  assert.equal(renewed(kept), kept);
  assert.equal(renewed(null), null);
  assert.deepEqual(renewed({ on: false }), { on: false });
});
