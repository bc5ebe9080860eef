import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Capture } from '../../../web/js/microphone/capture.js';
import { inputs, settled } from './inputs.js';

test('of two inputs that are opened at once the second alone stays open', async () => {
  const { open, asked, nodes } = inputs();
  const pieces = [];
  const capture = new Capture((piece) => pieces.push(piece), () => assert.fail());
  const both = [capture.open('first'), capture.open('second')];
  for (let n = 0; n < 2; n += 1) {
    await settled();
    asked[n].grant();
  }
  await Promise.all(both);
  assert.deepEqual(open, ['second']);
  assert.equal(capture.device, 'second');
  nodes.at(-1).port.onmessage({ data: 'sound' });
  assert.deepEqual(pieces, ['sound']);
  await capture.close();
  assert.deepEqual(open, []);
});

test('an input that was refused or never answered keeps none after it from being opened', async () => {
  for (const answer of [({ deny }) => deny('NotAllowedError'), () => {}]) {
    const { open, asked } = inputs();
    const capture = new Capture(() => {}, () => assert.fail());
    const opened = [capture.open('first'), capture.open('second')];
    await settled();
    answer(asked[0]);
    await settled();
    asked[1].grant();
    await opened[1];
    assert.deepEqual(open, ['second']);
  }
});

test('an input that is replaced while its sound is being connected brings none', async () => {
  const { open, asked, nodes } = inputs();
  const capture = new Capture(() => {}, () => assert.fail());
  const first = capture.open('first');
  await settled();
  let connect = () => {};
  globalThis.AudioContext.prototype.resume = () => new Promise((done) => (connect = done));
  asked[0].grant();
  await settled();
  const second = capture.open('second');
  await settled();
  connect();
  await settled();
  asked[1].grant();
  await settled();
  connect();
  await Promise.all([first, second]);
  assert.deepEqual([open, nodes.length], [['second'], 2]);
});
