// The microphone's talk with the server, over sockets that a test opens, answers and drops.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AudioLink } from '../../../web/js/microphone/audio_link.js';
import { Ring } from '../../../web/js/microphone/ring.js';

/** What one line says and is told: `run` gets what it needs to play the server, and the line is closed behind it. */
function talk(run, kept = 1e6) {
  const sockets = [];
  globalThis.WebSocket = class {
    static OPEN = 1;
    constructor(address) {
      Object.assign(this, { address, sent: [], bufferedAmount: 0, readyState: 0 });
      sockets.push(this);
    }
    send(data) {
      if (typeof data === 'string') return this.sent.push(JSON.parse(data));
      const head = new DataView(data);
      return this.sent.push([Number(head.getBigUint64(0, true)), (data.byteLength - 12) / 2]);
    }
    close() {
      this.readyState = 3;
    }
    opens() {
      this.readyState = 1;
      this.onopen();
    }
    says(message) {
      this.onmessage({ data: JSON.stringify(message) });
    }
    drops(code) {
      this.readyState = 3;
      this.onclose({ code });
    }
  };
  const ring = new Ring(kept);
  const told = [];
  const link = new AudioLink({
    address: 'ws://x',
    channel: () => 'floor',
    ring,
    tell: (kind) => {
      told.push(kind);
      if (kind === 'restart') {
        ring.end('lost');
        ring.begin('again');
      }
    },
  });
  const hear = (count) => {
    ring.add(new Int16Array(count), performance.now());
    link.pump();
  };
  ring.begin('one');
  link.start();
  try {
    run({ sockets, ring, told, link, hear, last: () => sockets.at(-1) });
  } finally {
    link.close();
  }
}

test('it sends from where the server is, and says the end once all is sent', () => {
  talk(({ ring, told, link, hear, last }) => {
    hear(9000);
    last().opens();
    last().says({ kind: 'go', at: 1000, session: 's' });
    ring.end('stopped');
    link.pump();
    link.pump();
    const sent = last().sent.map((each) => (each.kind === 'hello' ? { ...each, age: 0 } : each));
    last().says({ kind: 'safe', at: 9000 });
    last().says({ kind: 'ended' });
    assert.deepEqual(sent, [
      { kind: 'hello', protocol: 1, channel: 'floor', take: 'one', first: 0, age: 0 },
      [1000, 8000],
      { kind: 'end', at: 9000, reason: 'stopped' },
    ]);
    assert.deepEqual(told, ['sending', 'safe', 'ended']);
    assert.deepEqual([ring.samples, ring.takes.length], [0, 0]);
  });
});

test('that no more is taken is told, and sound is kept until it is safe', () => {
  talk(({ ring, told, hear, last }) => {
    hear(9000);
    last().opens();
    last().says({ kind: 'go', at: 0, session: 's' });
    last().says({ kind: 'full' });
    hear(9000);
    assert.equal(ring.samples, 18000);
    last().says({ kind: 'safe', at: 18000 });
    assert.deepEqual([told, ring.samples], [['sending', 'full', 'safe'], 0]);
    assert.equal(last().address, 'ws://x?pulse=1&full=1&done=0');
  });
});

test('a respeaker says by which link they are on air', () => {
  talk(({ link, last }) => {
    link.close();
    link.as = 'ann';
    link.start();
    assert.equal(last().address, 'ws://x?pulse=1&full=1&done=0&respeak=ann');
  });
});

test('a take that has just begun is as old as nothing, however long the page has been open', () => {
  talk(({ hear, last }) => {
    hear(9000);
    last().opens();
    last().says({ kind: 'go', at: 0, session: 's' });
    last().says({ kind: 'ended' }); // the server's: the page begins another take, as it does at a handover
    assert.deepEqual(last().sent.at(-1), { kind: 'hello', protocol: 1, channel: 'floor', take: 'again', first: 0, age: 0 });
  });
});

test('what had to be dropped is said in the next hello', () => {
  talk(({ sockets, link, hear, last }) => {
    hear(100);
    last().opens();
    last().says({ kind: 'go', at: 0, session: 's' });
    last().drops(1006);
    for (let n = 0; n < 20; n += 1) hear(100);
    link.hurry();
    last().opens();
    last().says({ kind: 'go', at: 1600, session: 's' });
    last().bufferedAmount = 1e9; // a line that takes nothing
    for (let n = 0; n < 20; n += 1) hear(100);
    last().bufferedAmount = 0;
    link.pump();
    link.hurry();
    last().opens();
    const sent = sockets.map((socket) => socket.sent.map((each) => each.first ?? each));
    assert.deepEqual(sent, [[0, [0, 100]], [1600, [1600, 500]], [3600]]);
  }, 500);
});

for (const code of [1001, 1013]) {
  test(`who is sent away comes back with what is not safe: ${code}`, () => {
    talk(({ sockets, ring, told, link, hear, last }) => {
      hear(200);
      hear(300);
      last().opens();
      last().says({ kind: 'go', at: 0, session: 's' });
      last().says({ kind: 'safe', at: 200 });
      last().drops(code);
      assert.equal(ring.samples, 300);
      hear(100);
      link.hurry();
      last().opens();
      last().says({ kind: 'go', at: 300, session: 's' });
      const sent = sockets.map((socket) => socket.sent.map((each) => each.first ?? each));
      assert.deepEqual(sent, [[0, [0, 500]], [200, [300, 300]]]);
      assert.deepEqual(told, ['sending', 'safe', 'cut', 'sending']);
      assert.equal(sockets.length, 2);
    });
  });
}

test('what is not done is kept when it is safe, and sent again to a server that asks for it', () => {
  talk(({ sockets, ring, told, link, hear, last }) => {
    for (let n = 0; n < 10; n += 1) hear(100);
    last().opens();
    last().says({ kind: 'go', at: 0, session: 's' });
    last().says({ kind: 'done', at: 0 });
    last().says({ kind: 'safe', at: 1000 });
    assert.deepEqual([ring.samples, ring.unsafe], [1000, 0]);
    last().says({ kind: 'done', at: 320 });
    assert.deepEqual([ring.samples, ring.oldest.first], [700, 300]);
    last().drops(1006);
    hear(100);
    link.hurry();
    assert.equal(last().address, 'ws://x?pulse=1&full=1&done=320');
    last().opens();
    last().says({ kind: 'go', at: 320, session: 's' });
    assert.deepEqual([ring.unsafe, ring.dropped], [780, 0]);
    ring.end('stopped');
    link.pump();
    last().says({ kind: 'done', at: 1100 });
    last().says({ kind: 'ended' });
    const sent = sockets.map((socket) => socket.sent.map((each) => (each.kind === 'end' ? each.at : each.first ?? each)));
    assert.deepEqual(sent, [[0, [0, 1000]], [300, [320, 780], 1100]]);
    assert.deepEqual([ring.samples, ring.takes.length, told.filter((kind) => kind === 'cut').length], [0, 0, 1]);
  });
});

test('of a take that was over before what is asked for only the end is said', () => {
  talk(({ ring, link, hear, last }) => {
    hear(500);
    ring.end('stopped');
    last().opens();
    last().says({ kind: 'go', at: 900, session: 's' });
    link.pump();
    assert.deepEqual(last().sent.slice(1), [{ kind: 'end', at: 500, reason: 'stopped' }]);
  });
});

test('what the server says else', () => {
  talk(({ sockets, ring, told, link, hear, last }) => {
    hear(10);
    last().opens();
    last().says({ kind: 'held', by: 'Ann', since: 1 });
    link.takeOver();
    last().says({ kind: 'go', at: 0, session: 's' });
    last().says({ kind: 'ended' }); // another has had its place meanwhile
    assert.deepEqual(last().sent.filter(({ take }) => take).map(({ take }) => take), ['one', 'again']);
    last().says({ kind: 'over' });
    assert.equal(ring.samples, 0);
    last().drops(4410);
    last().onclose?.({ code: 1006 });
    assert.ok(last().sent.some(({ kind }) => kind === 'take-over'));
    assert.deepEqual(told, ['held', 'sending', 'restart', 'over', 'replaced']);
    assert.equal(sockets.length, 1);
  });
});

test('who was cut while no meeting was on begins again', () => {
  talk(({ ring, told, link, hear, last }) => {
    hear(100);
    last().opens();
    last().says({ kind: 'idle' });
    last().drops(1006);
    link.hurry();
    last().opens();
    assert.deepEqual([ring.oldest?.name, last().sent.map(({ take }) => take)], ['again', ['again']]);
    assert.deepEqual(told, ['idle', 'cut', 'restart']);
  });
});
