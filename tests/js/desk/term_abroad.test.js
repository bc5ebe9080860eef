import assert from 'node:assert/strict';
import { test } from 'node:test';

import { oneText, takenApart } from '../../../web/js/desk/term_abroad.js';

test('a wording is taken apart from its forms, and put together again', () => {
  const taken = takenApart(' Женева;gen  Женевы; prep в Женеве; ');
  assert.deepEqual(taken, { wording: 'Женева', forms: { gen: 'Женевы', prep: 'в Женеве' } });
  assert.equal(oneText(taken.wording, taken.forms), 'Женева; gen Женевы; prep в Женеве');
  assert.deepEqual(takenApart('الجمعية؛ gender f').forms, { gender: 'f' });
  assert.deepEqual(takenApart(''), { wording: '', forms: {} });
  assert.equal(oneText('', {}), '');
});

test('what is no form is said, and so are forms of nothing', () => {
  for (const text of ['Женева; gn Женевы', 'Женева; gen', 'Женева; Берн', '; gen Женевы']) assert.equal(takenApart(text), null, text);
});
