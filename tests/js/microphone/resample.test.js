import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Resampler } from '../../../web/js/microphone/resample.js';

/** The number of samples that a second of a tone gives, and the tone's level in them. */
function level(rate, hertz) {
  const resampler = new Resampler(rate);
  const out = [];
  for (let block = 0; block < rate / 128; block += 1) {
    const samples = Float32Array.from({ length: 128 }, (_, n) => Math.sin((2 * Math.PI * hertz * (block * 128 + n)) / rate));
    out.push(...resampler.feed(samples));
  }
  const steady = out.slice(2000, -2000);
  return [out.length, Math.sqrt((2 * steady.reduce((sum, x) => sum + x * x, 0)) / steady.length)];
}

for (const rate of [16000, 44100, 48000, 96000]) {
  test(`resampling from ${rate} Hz keeps speech and drops what is above`, () => {
    const [count, low] = level(rate, 440);
    assert.ok(Math.abs(count - 16000) < 200);
    assert.ok(Math.abs(low - 1) <= 0.01);
    assert.ok(Math.abs(level(rate, 6000)[1] - 1) <= 0.05);
    if (rate > 20000) assert.ok(level(rate, 10000)[1] < 0.02);
  });
}
