import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Continuity, Levels } from '../../../web/js/microphone/level.js';

const blocks = (count, ...each) => Array(count).fill(each).flat();
const SPEECH = [[0.002, 0.01], [0.08, 0.4]];

const CASES = [
  ['too soon', blocks(5, [0.1, 0.4]), 'waiting'],
  ['dead', blocks(50, [0, 0]), 'dead'],
  ['nobody speaks', blocks(50, [0.001, 0.002]), 'waiting'],
  ['hum', blocks(50, [0.02, 0.05]), 'hum'],
  ['quiet', blocks(25, [0.0005, 0.001], [0.004, 0.01]), 'quiet'],
  ['ready', blocks(25, ...SPEECH), 'ready'],
  ['loud', blocks(25, [0.002, 0.01], [0.4, 1]), 'loud'],
  ['only the last five seconds', [...blocks(50, [0.4, 1]), ...blocks(25, ...SPEECH)], 'ready'],
];

for (const [what, heard, verdict] of CASES) {
  test(`verdict: ${what}`, () => {
    const levels = new Levels();
    for (const [rms, peak] of heard) levels.push(rms, peak);
    assert.equal(levels.verdict, verdict);
  });
}

test('samples that do not come are noticed, and late ones are not', () => {
  const run = (times) => {
    const continuity = new Continuity();
    return times.map((t) => continuity.push(t, 100)).indexOf(true);
  };
  const even = Array.from({ length: 100 }, (_, n) => 5000 + n * 100);
  assert.equal(run(even), -1);
  assert.equal(run(even.map((t, n) => (n % 30 === 29 ? t + 900 : t))), -1, 'the page was busy for a moment');
  assert.equal(run(even.map((t, n) => t + n * 0.05)), -1, "the sound card's clock is a little slow");
  const asleep = run(even.map((t, n) => (n >= 40 ? t + 1200 : t))); // for 1.2 s
  assert.ok(asleep > 40 && asleep <= 60);
});
