import assert from 'node:assert/strict';
import { test } from 'node:test';

const store = new Map();
globalThis.localStorage = {
  getItem: (key) => store.get(key) ?? null,
  setItem: (key, value) => void store.set(key, value),
  removeItem: (key) => void store.delete(key),
};
const { arrived, carried, carry } = await import('../../../web/js/hub/kept.js');

const entry = (id, text) => ({ session: 'plenary', safe: false, ago: 0, fields: { id, kind: 'question', text, name: '', language: 'en' } });

test('what waits for the hub is kept once, as it was kept last', () => {
  carry(entry('a', 'Why?'));
  carry(entry('b', 'Who?'));
  carry(entry('a', 'Why now?'));
  assert.deepEqual(carried('plenary').map(({ fields }) => [fields.id, fields.text]), [['b', 'Who?'], ['a', 'Why now?']]);
  assert.deepEqual(carried('other'), []);
});

test('what the meeting has is kept no longer', () => {
  arrived('b');
  assert.deepEqual(carried('plenary').map(({ fields }) => fields.id), ['a']);
});
