import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Ring } from '../../../web/js/microphone/ring.js';

test('the ring keeps what is not safe and drops the oldest', () => {
  const pcm = (first) => Int16Array.from({ length: 10 }, (_, n) => first + n);
  const ring = new Ring(45);
  ring.begin('one');
  const take = ring.oldest;
  assert.equal(take.age(0, 90000), 0, 'said hello before its first sample: on since now, not since the page is');
  for (const first of [0, 10, 20]) ring.add(pcm(first), 1000 + first);
  assert.deepEqual([...take.read(5, 12)], [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  ring.forget(take, 15);
  assert.deepEqual([take.first, take.end, ring.samples, take.age(30, 1120), take.age(20, 1120)], [10, 30, 20, 100, 101]);
  ring.end('lost');
  ring.begin('two');
  for (const first of [0, 10, 20]) ring.add(pcm(first), 2000 + first);
  assert.deepEqual([ring.dropped, ring.samples, take.first, ring.oldest.name], [10, 40, 20, 'one']);
  for (const first of [30, 40, 50]) ring.add(pcm(first), 2030);
  assert.deepEqual([ring.dropped, ring.takes.length, ring.oldest.name, ring.oldest.first], [40, 1, 'two', 20]);
});

test('what is safe is kept until it is done, goes first where there is no room, and is not lost with that', () => {
  const ring = new Ring(45);
  ring.begin('one');
  const take = ring.oldest;
  for (let n = 0; n < 4; n += 1) ring.add(new Int16Array(10), n);
  ring.secure(take, 25);
  ring.secure(take, 20);
  assert.deepEqual([take.safe, ring.samples, ring.unsafe], [25, 40, 15]);
  ring.forget(take, 12);
  assert.deepEqual([take.done, take.first, ring.samples, ring.unsafe], [12, 10, 30, 15]);
  for (let n = 0; n < 3; n += 1) ring.add(new Int16Array(10), n);
  assert.deepEqual([ring.dropped, take.first, ring.samples, ring.unsafe], [5, 30, 40, 40], 'fifteen of twenty were safe');
});

test('whatever comes, the ring holds no more than it may, and counts as lost only what no server has', () => {
  let seed = 7;
  const chance = (n) => ((seed = (seed * 48271) % 2147483647) % n);
  for (let round = 0; round < 200; round += 1) {
    const ring = new Ring(300);
    ring.begin('one');
    const take = ring.oldest;
    let [safe, done, dropped] = [0, 0, 0];
    for (let step = 0; step < 60; step += 1) {
      const before = take.first;
      switch (chance(4)) {
        case 0:
          ring.secure(take, (safe = Math.max(safe, chance(take.end + 1))));
          break;
        case 1:
          ring.forget(take, (done = Math.max(done, chance(safe + 1))));
          assert.ok(take.first <= done || take.first === before, 'nothing is forgotten that is not done');
          break;
        default:
          ring.add(new Int16Array(1 + chance(40)), step);
          dropped += Math.max(0, take.first - Math.max(before, safe));
      }
      assert.ok(ring.samples <= 300);
      assert.deepEqual([ring.samples, ring.dropped], [take.end - take.first, dropped]);
      assert.equal(ring.unsafe, take.end - Math.max(take.first, safe));
      assert.equal(take.read(take.first, 1000).length, ring.samples);
    }
  }
});
