import assert from 'node:assert/strict';
import { test } from 'node:test';

import { becoming } from '../../../web/js/microphone/words.js';

const OPEN = { status: 'open', not_recorded: null };
const HEARD = { sound: 'speech', lag: 900, at: 0 };

const CASES = [
  [{ session: null }, null],
  [{}, 'heard'],
  [{ heard: { ...HEARD, sound: 'silence' } }, 'unheard'],
  [{ heard: { ...HEARD, sound: 'none' } }, 'soundless'],
  [{ heard: { ...HEARD, lag: 12000 } }, 'late', 12],
  [{ heard: { ...HEARD, lag: 312000 } }, 'late-min', 5],
  [{ session: { ...OPEN, on_air: 'person' }, heard: null }, 'written'],
  [{ session: { ...OPEN, on_air: 'respeaker' } }, 'respoken'],
  [{ session: { ...OPEN, on_air: 'machine' } }, 'heard'],
  [{ heard: null }, 'unknown'],
  [{ now: 5000 }, 'unknown'],
  [{ lost: true }, 'unknown'],
  [{ session: { ...OPEN, status: 'paused' } }, 'break'],
  [{ session: { ...OPEN, not_recorded: 0 } }, 'off'],
  [{ session: { ...OPEN, status: 'created' } }, 'before'],
  [{ session: { ...OPEN, status: 'closed' } }, 'closed'],
];

for (const [facts, kind, n] of CASES) {
  test(`what becomes of the sound is said from what is known now: ${JSON.stringify(facts)}`, () => {
    const told = becoming({ session: OPEN, lost: false, heard: HEARD, now: 1000, ...facts });
    assert.equal(told?.kind ?? null, kind);
    assert.equal(told?.n, n);
  });
}
