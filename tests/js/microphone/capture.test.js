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

test('an input that can not be opened keeps none after it from being opened', async () => {
  const { open, asked } = inputs();
  const capture = new Capture(() => {}, () => assert.fail());
  const [first, second] = [capture.open('first'), capture.open('second')];
  await settled();
  asked[0].deny('NotAllowedError');
  await assert.rejects(first, (problem) => problem === 'denied');
  await settled();
  asked[1].grant();
  await second;
  assert.deepEqual(open, ['second']);
});
