import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pause } from '../../../web/js/lib/link.js';

test('the back-off grows to its limit and is spread', () => {
  const tried = [[0, 0], [0, 1], [3, 1], [3, 0.5], [50, 1]];
  assert.deepEqual(tried.map(([tries, random]) => pause(tries, random)), [100, 600, 4100, 2100, 15100]);
});
