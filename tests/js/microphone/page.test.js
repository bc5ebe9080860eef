// What the page says of an input, with elements that only keep what is put into them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inputs, settled } from './inputs.js';

const NAMES = [
  ...['gain', 'mains', 'trouble.unplugged', 'trouble.none', 'condition.idle', 'stands.stopped', 'next.allow', 'next.speak', 'next.level'],
  ...['verdict.off', 'verdict.waiting', 'verdict.hum'],
  ...['condition.lost', 'stands.connecting', 'next.waits', 'awake', 'asleep'],
];
const elements = {};
const at = (id) =>
  (elements[id] ??= {
    acts: {},
    dataset: {},
    hidden: true,
    textContent: '',
    value: '0',
    style: { setProperty() {} },
    classList: { toggle() {} },
    addEventListener(kind, act) {
      this.acts[kind] = act;
    },
    setAttribute() {},
    toggleAttribute() {},
    replaceChildren() {},
  });
at('Data').textContent = JSON.stringify({ base: '/room/hall', follows: true, texts: Object.fromEntries(NAMES.map((name) => [name, name])) });

const { asked, nodes } = inputs();
Object.assign(globalThis, {
  window: globalThis,
  isSecureContext: true,
  location: new URL('http://hall.test/room/hall/microphone'),
  addEventListener() {},
  setInterval() {},
  fetch: () => new Promise(() => {}),
  HTMLElement: class {},
  ResizeObserver: class {
    observe() {}
  },
  document: {
    getElementById: (id) => (id.startsWith('Frame') ? null : at(id)),
    querySelector: () => null,
    querySelectorAll: () => [],
    addEventListener() {},
  },
});
await import('../../../web/js/microphone/page.js');

/** Open an input by one of the page's controls, and let it hear the hum of the mains for seven seconds. */
async function hums(id, kind) {
  at(id).acts[kind]();
  await settled();
  const track = asked.at(-1).grant();
  await settled();
  for (let n = 0; n < 70; n += 1) {
    const wave = (_, k) => [50, 150].reduce((sum, hertz) => sum + 3000 * Math.sin((2 * Math.PI * hertz * (1600 * n + k)) / 16000), 0);
    nodes.at(-1).port.onmessage({ data: { pcm: Int16Array.from({ length: 1600 }, wave), rms: 0.1, peak: 0.2 } });
  }
  assert.deepEqual([at('Hum').hidden, at('Hum').textContent], [false, 'mains']);
  return track;
}

test('the warning of a hum goes with the input that has it', async () => {
  const track = await hums('Allow', 'click');
  track.onended();
  assert.deepEqual([at('Hum').hidden, at('Hum').textContent], [true, '']);
  assert.equal(at('Trouble').textContent, 'trouble.unplugged');
  await hums('Allow', 'click');
  at('Device').acts.change();
  assert.equal(at('Hum').hidden, true);
});

test('what was wrong with an input is not said of the one that was chosen right after it', async () => {
  for (let n = 0; n < 2; n += 1) at('Device').acts.change();
  await settled();
  asked.at(-2).deny('NotFoundError');
  await settled();
  asked.at(-1).grant();
  await settled();
  assert.deepEqual([at('Trouble').hidden, at('Choosing').hidden], [true, false]);
});

test('after an input was unplugged, another one is sent without another start', async () => {
  let socket;
  globalThis.WebSocket = class {
    static OPEN = 1;
    readyState = 1;
    sent = [];
    constructor() {
      socket = this;
    }
    send(data) {
      this.sent.push(JSON.parse(data));
    }
    close() {}
    says(kind) {
      this.onmessage({ data: JSON.stringify({ kind }) });
    }
  };
  document.querySelector = () => ({ value: 'floor' });
  at('Device').acts.change();
  await settled();
  const track = asked.at(-1).grant();
  await settled();
  at('Start').acts.click();
  socket.onopen();
  track.onended();
  socket.says('ended');
  assert.equal(at('Start').hidden, true);
  at('Device').acts.change();
  await settled();
  asked.at(-1).grant();
  await settled();
  socket.says('ended'); // of the take without sound, which the choice has ended
  const takes = socket.sent.map(({ kind, take }) => kind === 'hello' && take);
  assert.deepEqual([takes.length, new Set(takes).size, at('Stop').hidden], [3, 3, false]);
  at('Leave').acts.click();
});
