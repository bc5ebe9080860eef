import assert from 'node:assert/strict';
import { test } from 'node:test';

import { labelled } from '../../../web/js/display/label.js';
import { made } from '../../../web/js/lib/made.js';
import { Words } from '../../../web/js/lib/words.js';

const texts = {
  made: 'from {language}', 'made.through': 'from {language} through {through}', 'made.rough': 'from {language}, roughly',
  'made.rough-through': 'from {language} through {through}, roughly', way: 'Through {through}', gist: 'The gist only',
};
const words = new Words({ ui: 'en', texts, counted: {} });
const [straight, through] = ['echo 1 en>es', 'bergamot 0.2.0 ar>en, echo 1 en>pt, apertium-es-pt 1 pt>es'];

test('a translation says from which language it was made, through which others, and whether it is rough', () => {
  const say = made(words, 'en');
  assert.deepEqual([straight, through].flatMap((route) => [false, true].map((rough) => say({ route, rough }))), [
    'from English', 'from English, roughly',
    'from Arabic through English, Portuguese', 'from Arabic through English, Portuguese, roughly',
  ]);
});

test('a label names the way, and stays as it is where there is nothing to name', () => {
  const label = (/** @type {string} */ route, rough = false) => labelled('By a machine.', { route, rough, sources: [] }, words, 'en');
  assert.deepEqual([label(straight), label(straight, true), label(through), label(through, true)], [
    'By a machine.', 'By a machine · The gist only', 'By a machine · Through English, Portuguese',
    'By a machine · Through English, Portuguese · The gist only',
  ]);
});
