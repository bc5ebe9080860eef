// Whose words readers have, and who can go on.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { othersFor, writesOnAir } from '../../../web/js/desk/air.js';

/** @type {ChannelAir} */
const MACHINE = { source: 'machine', holder: '', name: '', token: 0, silent: '', offered: [], heard: null };
/** @type {ChannelAir} */
const ANN = { ...MACHINE, source: 'person', holder: 'ann' };

/** @param {string} link */
const seat = (link, role = 'captioner') => ({ desk: link, role, label: '', name: '', link });

test('everybody may add lines while the machine is on air, else whoever is', () => {
  assert.equal(writesOnAir(null, 'ben'), true);
  assert.equal(writesOnAir(MACHINE, 'ben'), true);
  assert.equal(writesOnAir(ANN, 'ben'), false);
  assert.equal(writesOnAir(ANN, 'ann'), true);
  assert.equal(writesOnAir({ ...ANN, source: 'respeaker' }, 'ben'), false);
  assert.equal(writesOnAir({ ...ANN, source: 'respeaker' }, 'ann'), true);
});

test('it is handed to those who write and are here, each once', () => {
  const here = [seat('ann'), seat('ben'), seat('ben'), seat('me'), seat('chair', 'chair'), seat('tech', 'technician')];
  assert.deepEqual(othersFor(here, ANN, 'me').map(({ link }) => link), ['ben', 'tech']);
  assert.deepEqual(othersFor(here, MACHINE, 'me').map(({ link }) => link), ['ann', 'ben', 'tech']);
});
