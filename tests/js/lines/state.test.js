// What a staff page knows of the machine's certainty, before and after a correction.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DeskState, writesInto } from '../../../web/js/lines/state.js';

test('a correction with as many words leaves the other words as uncertain as they were', () => {
  const state = new DeskState();
  state.words = { s1: [['The', 0.9], [' fond', 0.2], [' pays', 0.3]] };
  const line = /** @type {DeskLine} */ ({ segment: 's1', text: 'The fond pays', revision: 0 });
  assert.deepEqual(state.certainties(line), state.words.s1);
  assert.deepEqual(state.certainties({ ...line, text: ' The fund pays', revision: 1 }), [['The', 0.9], ['fund', 1], [' pays', 0.3]]);
  assert.deepEqual(state.certainties({ ...line, text: 'The big fund pays', revision: 1 }), []);
  assert.deepEqual(state.certainties({ ...line, segment: 'other', revision: 1 }), []);
});

test('nobody writes into a translation, and an interpreter into interpretations alone', () => {
  const into = (/** @type {string[]} */ ...may) => ['floor', 'interpretation', 'translation'].filter((kind) => writesInto(new Set(may), kind));
  assert.deepEqual(into('type', 'correct'), ['floor', 'interpretation']);
  assert.deepEqual(into('type'), ['interpretation']);
  assert.deepEqual(into('correct'), []);
});
