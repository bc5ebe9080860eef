import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Room, fourier } from '../../../web/js/microphone/echo.js';

const RATE = 16000;
const PIECE = RATE / 10;

/** Numbers from -1 to 1 that are the same each time. @param {number} seed */
function* noise(seed) {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 31 - 1;
  }
}

/** Something like speech: noise in syllables, with a voice whose pitch moves. @param {number} seconds */
function speech(seconds) {
  const random = noise(7);
  const made = new Float64Array(seconds * RATE);
  let phase = 0;
  for (let n = 0; n < made.length; n += 1) {
    const t = n / RATE;
    phase += (120 + 30 * Math.sin(2.1 * t) + 15 * Math.sin(5.3 * t)) / RATE;
    const loud = 0.5 + 0.5 * Math.sin(2 * Math.PI * 3.7 * t + Math.sin(t));
    made[n] = 0.25 * loud * (2 * (phase % 1) - 1 + 0.6 * random.next().value);
  }
  return made;
}

/** @param {Float64Array} sound */
function heard(sound) {
  const room = new Room();
  const found = [];
  for (let n = 0; n + PIECE <= sound.length; n += PIECE) {
    const pcm = Int16Array.from(sound.subarray(n, n + PIECE), (each) => Math.max(-32768, Math.min(32767, each * 32768)));
    if (room.push(pcm)) found.push({ echo: room.echo, hum: room.hum });
  }
  return found;
}

/** @param {Float64Array} sound  @param {number} height  @param {number} ms */
const echoed = (sound, height, ms) => sound.map((each, n) => each + height * (sound[n - (ms * RATE) / 1000] ?? 0));

test('the transform is that of its definition', () => {
  const random = noise(1);
  const re = Float64Array.from({ length: 16 }, () => random.next().value);
  const [before, im] = [re.slice(), new Float64Array(16)];
  fourier(re, im);
  for (let k = 0; k < 16; k += 1) {
    const sum = (/** @type {(x: number) => number} */ wave) => before.reduce((all, each, n) => all + each * wave((-2 * Math.PI * k * n) / 16), 0);
    assert.ok(Math.abs(re[k] - sum(Math.cos)) < 1e-12);
    assert.ok(Math.abs(im[k] - sum(Math.sin)) < 1e-12);
  }
});

test('speech, silence and a steady tone are no echo', () => {
  const steady = Float64Array.from({ length: 10 * RATE }, (_, n) => 0.3 * Math.sin((2 * Math.PI * 440 * n) / RATE));
  for (const sound of [speech(10), new Float64Array(10 * RATE), steady]) {
    const found = heard(sound);
    assert.equal(found.length, 3);
    assert.ok(found.every(({ echo, hum }) => echo === 0 && hum === 0));
  }
});

test('an echo is found at its delay, in the second look, and is over when it is', () => {
  for (const ms of [90, 150, 390]) {
    assert.deepEqual(heard(echoed(speech(9), 0.5, ms)).map(({ echo }) => echo), [0, ms, ms]);
  }
  const sound = new Float64Array(18 * RATE);
  sound.set(echoed(speech(9), 0.5, 150));
  sound.set(speech(9), 9 * RATE);
  const found = heard(sound).map(({ echo }) => echo);
  assert.equal(found[1], 150);
  assert.equal(found.at(-1), 0);
});

test('a weak echo, and what comes sooner than 80 ms or later than 400 ms, are none', () => {
  for (const [height, ms] of [[0.1, 150], [0.5, 40], [0.5, 480]]) {
    assert.ok(heard(echoed(speech(9), height, ms)).every(({ echo }) => echo === 0), `${height} ${ms}`);
  }
});

test('mains hum is found by its frequency in the second look, and a voice is none', () => {
  for (const hertz of [50, 60]) {
    const wave = (/** @type {number} */ n, /** @type {number} */ harmonic) => Math.sin((2 * Math.PI * hertz * harmonic * n) / RATE);
    const hums = speech(7).map((each, n) => 0.2 * each + 0.1 * wave(n, 1) + 0.05 * wave(n, 3));
    assert.deepEqual(heard(hums).map(({ hum }) => hum), [0, hertz]);
  }
});

test('a warning does not flicker: one look that says otherwise changes nothing', () => {
  const wave = (/** @type {number} */ n) => 0.1 * Math.sin((2 * Math.PI * 50 * n) / RATE) + 0.05 * Math.sin((2 * Math.PI * 150 * n) / RATE);
  const sound = new Float64Array(25 * RATE);
  sound.set(echoed(speech(25), 0.5, 150).map((each, n) => 0.3 * each + wave(n)));
  sound.fill(0, 9 * RATE, 11 * RATE);
  const found = heard(sound);
  const shown = (/** @type {'echo' | 'hum'} */ kind) => found.slice(1).map((each) => each[kind]);
  const changes = (/** @type {number[]} */ values) => values.filter((each, n) => n && each !== values[n - 1]).length;
  assert.deepEqual(['echo', 'hum'].map((kind) => changes(shown(/** @type {'echo' | 'hum'} */ (kind)))), [0, 0]);
  assert.deepEqual(found.at(-1), { echo: 150, hum: 50 });
});
