// The last seconds of the sound, and how they are played slower.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Lately } from '../../../web/js/caption/lately.js';
import { stretched } from '../../../web/js/caption/stretching.js';

const RATE = 16000;

test('what came last is kept, the oldest first', () => {
  const lately = new Lately(5);
  assert.deepEqual([...lately.all()], []);
  lately.hear(Float32Array.of(1, 2, 3));
  assert.deepEqual([...lately.all()], [1, 2, 3]);
  lately.hear(Float32Array.of(4, 5, 6));
  assert.deepEqual([...lately.all()], [2, 3, 4, 5, 6]);
  lately.hear(Float32Array.of(7, 8, 9, 10, 11, 12));
  assert.deepEqual([...lately.all()], [8, 9, 10, 11, 12]);
  lately.forget();
  assert.deepEqual([...lately.all()], []);
});

test('at half the speed a tone is twice as long and as high as before', () => {
  const tone = Float32Array.from({ length: RATE }, (_, n) => Math.sin((2 * Math.PI * 200 * n) / RATE));
  const slow = stretched(tone, 2);
  const ups = slow.filter((value, n) => n && slow[n - 1] < 0 && value >= 0).length;
  assert.ok(Math.abs(slow.length / tone.length - 2) < 0.1);
  assert.ok(Math.abs((ups / slow.length) * RATE - 200) < 4, `${(ups / slow.length) * RATE} Hz`);
  assert.ok(Math.max(...slow) < 1.1);
});

test('what is too short stays as it is', () => {
  assert.deepEqual([...stretched(Float32Array.of(0.5, 0.25), 2)], [0.5, 0.25]);
});
