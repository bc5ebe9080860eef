// How things stand is said from what is known now.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { standing, standsIn, textOf, withStandIn } from '../../../web/js/lib/standing.js';

const CALM = {
  now: 100000, status: 'open', cutAt: null, backAt: null, online: true, unsaved: false, lastWords: false,
  sound: { sound: 'speech', lag: 400, sent: 99500 }, spoke: 97900,
};

const CASES = [
  [{}, 'live-speaking'],
  [{ spoke: 100400 }, 'live-speaking'],
  [{ spoke: 94000 }, 'live', 6],
  [{ sound: null }, 'live', 2],
  [{ spoke: 62000 }, 'live', 35],
  [{ spoke: -200000 }, 'live-min', 5],
  [{ spoke: null }, 'waiting'],
  [{ sound: { sound: 'silence', lag: 0, sent: 99000 } }, 'live', 2],
  [{ sound: { sound: 'silence', lag: 0, sent: 99000 }, spoke: 90000 }, 'silence', undefined, 90000],
  [{ sound: { sound: 'silence', lag: 0, sent: 99000 }, spoke: null }, 'silence'],
  [{ sound: { sound: 'none', lag: 0, sent: 99000 } }, 'soundless'],
  [{ sound: { sound: 'none', lag: 0, sent: 60000 } }, 'live', 2],
  [{ sound: { sound: 'speech', lag: 8600, sent: 99000 } }, 'late', 9],
  [{ sound: { sound: 'speech', lag: 40200, sent: 99000 } }, 'late', 40],
  [{ sound: { sound: 'speech', lag: 90000, sent: 99000 } }, 'late', 90],
  [{ sound: { sound: 'speech', lag: 119600, sent: 99000 } }, 'late', 120],
  [{ sound: { sound: 'speech', lag: 120000, sent: 99000 } }, 'late-min', 2],
  [{ sound: { sound: 'speech', lag: 300000, sent: 99000 } }, 'late-min', 5],
  [{ status: 'created' }, 'before'],
  [{ status: 'absent' }, 'before'],
  [{ status: 'created', cancelled: '' }, 'cancelled'],
  [{ status: 'created', cancelled: 'Storm', cutAt: 98000 }, 'lost'],
  [{ status: 'created', cancelled: null }, 'before'],
  [{ status: 'paused' }, 'break'],
  [{ unsaved: true }, 'unsaved'],
  [{ lastWords: true }, 'last-words'],
  [{ status: 'paused', lastWords: true }, 'last-words'],
  [{ status: 'closed', lastWords: true }, 'closed'],
  [{ cutAt: 99000 }, 'live-speaking'],
  [{ cutAt: 98000 }, 'lost'],
  [{ cutAt: 98000, online: false }, 'offline'],
  [{ backAt: 98000 }, 'back'],
  [{ backAt: 90000 }, 'live-speaking'],
  [{ status: 'closed', cutAt: 0, unsaved: true }, 'closed'],
];

for (const [facts, kind, n, since] of CASES) {
  test(`${JSON.stringify(facts)}: ${kind}`, () => {
    assert.deepEqual(standing({ ...CALM, ...facts }), { kind, ...(n !== undefined && { n }), ...(since !== undefined && { since }) });
  });
}

test('a silence is told with the time since when it lasts, where that is known', () => {
  assert.equal(textOf({ kind: 'silence', since: 90000 }), 'standing.silence-since');
  assert.equal(textOf({ kind: 'silence' }), 'standing.silence');
  assert.equal(textOf({ kind: 'live' }), 'standing.live');
});

test('the machine stands in once somebody else has been on air', () => {
  const session = { status: 'open', on_air: 'machine' };
  assert.equal(standsIn(session), true);
  for (const other of [{ on_air: undefined }, { on_air: 'person' }, { on_air: 'tool' }, { status: 'closed' }, { status: 'paused' }]) {
    assert.equal(standsIn({ ...session, ...other }), false);
  }
});

test('what goes well stands behind the machine that stands in, and what does not before it', () => {
  assert.equal(withStandIn('live', 'Live', 'Machine'), 'Machine · Live');
  assert.equal(withStandIn('lost', 'Reconnecting', 'Machine'), 'Reconnecting · Machine');
  assert.equal(withStandIn('live', 'Live', ''), 'Live');
});
