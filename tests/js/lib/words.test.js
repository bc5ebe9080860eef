import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Words, dayClock } from '../../../web/js/lib/words.js';

for (const ui of ['en', 'ar', 'zh']) {
  test(`times of day are the conference's in 24 hours: ${ui}`, () => {
    assert.equal(dayClock(ui, 'Africa/Nairobi').format(79200000).replace(/[^0-9:]/g, ''), '01:00:00');
  });
}

test('a list is joined as its language does', () => {
  const listed = (/** @type {string} */ ui) => new Words({ ui, texts: {}, counted: {} }).listed(['a', 'b', 3]);
  assert.deepEqual(['en', 'pt', 'ar', 'zh'].map(listed), ['a, b, 3', 'a, b, 3', 'a وb و3', 'a、b、3']);
});
