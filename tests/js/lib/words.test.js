import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dayClock } from '../../../web/js/lib/words.js';

for (const ui of ['en', 'ar', 'zh']) {
  test(`times of day are the conference's in 24 hours: ${ui}`, () => {
    assert.equal(dayClock(ui, 'Africa/Nairobi').format(79200000).replace(/[^0-9:]/g, ''), '01:00:00');
  });
}
