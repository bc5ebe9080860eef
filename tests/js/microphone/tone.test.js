import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HERTZ, loudness } from '../../../web/js/microphone/tone.js';

const BEGIN = 12.5;
const points = loudness(BEGIN);
const times = points.map(({ at }) => at - BEGIN);

test('the test tone is an A of three seconds', () => {
  assert.equal(HERTZ, 440);
  assert.equal(times[0], 0);
  assert.equal(times[times.length - 1], 3);
});

test('its level is -20 dBFS, but for edges of a twentieth of a second, so that nothing clicks', () => {
  const [start, up, down, end] = points.map(({ amplitude }) => amplitude);
  assert.deepEqual([start, end], [0, 0]);
  assert.equal(up, down);
  assert.ok(Math.abs(20 * Math.log10(up) + 20) < 1e-9);
  assert.ok(Math.abs(times[1] - 0.05) < 1e-9 && Math.abs(3 - times[2] - 0.05) < 1e-9);
});
