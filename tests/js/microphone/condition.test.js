import assert from 'node:assert/strict';
import { test } from 'node:test';
import { condition, next } from '../../../web/js/microphone/condition.js';

const WELL = { sending: true, stands: 'sending', verdict: 'ready', muted: false, meeting: 'heard' };

test('one word says how the page stands, and what matters more goes first', () => {
  const rows = /** @type {[Partial<typeof WELL>, string][]} */ ([
    [{}, 'live'],
    [{ sending: false }, 'idle'],
    [{ stands: 'held' }, 'idle'],
    [{ stands: 'connecting' }, 'lost'],
    [{ stands: 'cut', meeting: 'break' }, 'lost'],
    [{ stands: 'full' }, 'lost'],
    [{ stands: 'idle', verdict: 'dead' }, 'between'],
    [{ meeting: 'break', verdict: 'dead' }, 'break'],
    [{ meeting: 'off' }, 'off'],
    [{ verdict: 'dead' }, 'soundless'],
    [{ verdict: 'off' }, 'soundless'],
    [{ muted: true }, 'soundless'],
    [{ verdict: 'loud' }, 'live'],
  ]);
  for (const [facts, said] of rows) assert.equal(condition({ ...WELL, ...facts }), said, JSON.stringify(facts));
});

test('it says what to do next at each state, and nothing where the sentence of the state says so', () => {
  const idle = { ...WELL, sending: false, stands: 'stopped', on: true };
  const rows = /** @type {[Partial<typeof idle>, ?string][]} */ ([
    [{ on: false, verdict: 'off' }, 'allow'],
    [{ verdict: 'off' }, 'speak'],
    [{ verdict: 'waiting' }, 'speak'],
    [{ verdict: 'dead' }, 'soundless'],
    [{ muted: true }, 'soundless'],
    [{ verdict: 'quiet' }, 'level'],
    [{ verdict: 'hum' }, 'level'],
    [{}, 'start'],
    [{ sending: true, stands: 'sending' }, 'live'],
    [{ sending: true, stands: 'sending', verdict: 'waiting' }, 'live'],
    [{ sending: true, stands: 'sending', verdict: 'loud' }, 'level'],
    [{ sending: true, stands: 'sending', verdict: 'off' }, 'soundless'],
    [{ sending: true, stands: 'sending', meeting: 'break', verdict: 'dead' }, 'waits'],
    [{ sending: true, stands: 'cut' }, 'waits'],
    [{ sending: true, stands: 'idle' }, 'waits'],
    [{ stands: 'finishing' }, 'waits'],
    [{ sending: true, stands: 'held' }, 'held'],
    [{ stands: 'over' }, null],
    [{ stands: 'forbidden' }, null],
  ]);
  for (const [facts, said] of rows) assert.equal(next({ ...idle, ...facts }), said, JSON.stringify(facts));
});
