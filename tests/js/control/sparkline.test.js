import assert from 'node:assert/strict';
import { test } from 'node:test';

import { byMinute, limitAt, linePath, span } from '../../../web/js/control/sparkline.js';

const BOX = [4, 12];

test('the newest value stands at the end of the line, whatever came before', () => {
  assert.equal(linePath([0, 10], 10, BOX), 'M2.5 11L3.5 1');
  assert.equal(linePath([9, 9, 0, 5, 5, 10], 10, BOX), 'M0.5 11L1.5 6L2.5 6L3.5 1');
});

test('nothing known is a gap, and what stands alone is a dot', () => {
  assert.equal(linePath([null, 5, null, 5], 10, BOX), 'M1.5 6h0.01M3.5 6h0.01');
  assert.equal(linePath([5, 5, null], 10, BOX), 'M1.5 6L2.5 6');
  assert.equal(linePath([], 10, BOX), '');
  assert.equal(linePath([null], 10, BOX), '');
});

test('a small value stays small, and one above the top makes room for itself', () => {
  assert.equal(linePath([1], 10, BOX), 'M3.5 10h0.01');
  assert.equal(linePath([10, 20], 10, BOX), 'M2.5 6L3.5 1');
  assert.equal(linePath([-3], 10, BOX), 'M3.5 11h0.01');
});

test('the span is of what is known', () => {
  assert.deepEqual(span([null, 3, 0, null, 7]), [0, 7]);
  assert.equal(span([null]), null);
  assert.equal(span([]), null);
});

test('a limit has its height on the scale of the line', () => {
  assert.equal(linePath([10], 15, BOX), `M3.5 ${limitAt(10, 15, BOX[1])}h0.01`);
  assert.equal(limitAt(10, 10, BOX[1]), 1);
});

test('the table has the largest delay and the last rate of each minute, the newest minute first', () => {
  const delays = [9, null, null, null, null, null, null, 0, 1, 12, 2, 3, 4];
  const rates = [90, 1, 2, 3, 4, 5, 95, 6, 7, 8, 9, 10, 130];
  assert.deepEqual(byMinute(delays, rates), [[12, 130], [null, 95], [9, 90]]);
  assert.deepEqual(byMinute([null], [0]), [[null, 0]]);
  assert.deepEqual(byMinute([], []), []);
});
