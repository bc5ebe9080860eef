import assert from 'node:assert/strict';
import { test } from 'node:test';
import { condition } from '../../../web/js/microphone/condition.js';

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
