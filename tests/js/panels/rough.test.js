import assert from 'node:assert/strict';
import { test } from 'node:test';

import { labelled } from '../../../web/js/display/label.js';
import { roughLanguages, unquotable, vouch } from '../../../web/js/panels/rough.js';
import { Words } from '../../../web/js/lib/words.js';

const line = (/** @type {Partial<Line>} */ more = {}) => ({ language: 'ar-EG', rough: true, mended: false, gone: false, ...more });
const copied = { sources: [], route: '', rough: true };

test('a rough line is not for quoting until a person mends it; of a translation its own mark says it', () => {
  assert.deepEqual([{}, { mended: true }, { rough: false }, { made_from: copied, rough: false }, { made_from: { ...copied, route: 'echo 1 ar>en' } }]
    .map((more) => unquotable(line(more))), [true, false, false, true, false]);
});

test('the languages of such lines are named once', () => {
  assert.deepEqual(roughLanguages([line({ language: 'ru' }), line(), line({ language: 'AR' }), line({ language: 'fr', gone: true })]), ['ar', 'ru']);
});

test('whoever seals the record as checked vouches for its lines', () => {
  const lines = [line(), line({ made_from: copied })];
  lines.forEach(vouch);
  assert.deepEqual(lines.map(unquotable), [false, false]);
});

test('a label names the languages in which lines are rough', () => {
  const words = new Words({ ui: 'en', texts: { rough: 'Rough, not for quoting: {languages}' }, counted: {} });
  assert.equal(labelled('By a machine.', {}, words, 'en', ['ar', 'ru']), 'By a machine · Rough, not for quoting: Arabic, Russian');
});
