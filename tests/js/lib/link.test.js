import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Link, pause } from '../../../web/js/lib/link.js';

test('the back-off grows to its limit and is spread', () => {
  const tried = [[0, 0], [0, 1], [3, 1], [3, 0.5], [50, 1]];
  assert.deepEqual(tried.map(([tries, random]) => pause(tries, random)), [100, 600, 4100, 2100, 15100]);
});

test('only a refusal that goes on is told: a server that starts again behind a proxy refuses all readers for a moment', (on) => {
  const [sources, told] = [[], []];
  let again = () => {};
  const before = { EventSource: globalThis.EventSource, document: globalThis.document, setTimeout: globalThis.setTimeout };
  on.after(() => Object.assign(globalThis, before));
  Object.assign(globalThis, {
    EventSource: class { constructor() { sources.push(this); } addEventListener() {} close() {} },
    document: { dispatchEvent: ({ type }) => told.push(type) },
    setTimeout: (run) => { again = run; },
  });
  new Link(() => '/s/a/events?', () => {}, () => {}, () => 0).open();
  const fails = (readyState) => {
    Object.assign(sources.at(-1), { readyState }).onerror();
    again();
  };
  for (const readyState of [0, 2, 2]) fails(readyState); // cut, and refused twice
  assert.deepEqual(told, []);
  fails(2);
  assert.deepEqual(told, ['refused']);
  assert.equal(sources.length, 5);
});
