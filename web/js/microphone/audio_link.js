// The connection over which sound is sent to the server: says hello with the oldest take, sends what the server lacks,
// and drops what is done (docs/reference/audio-door.md). It reconnects by itself.

import { pause } from '../lib/link.js';
import { Watch } from '../lib/watch.js';

const PIECE = 8000; // most samples of one message: half a second of what has waited; sound comes in tenths
const AHEAD = 256 * 1024; // bytes that the browser may buffer; the rest stays in the ring
const SILENT = 8000; // ms without a message from the server, while it owes one, until the connection counts as dead
const ASK_AGAIN = 3000; // ms between two attempts while no meeting is on
/** @type {Record<number, string>} */
const STOP = { 4400: 'refused', 4403: 'forbidden', 4404: 'unknown', 4410: 'replaced' };

export class AudioLink {
  /** @type {?WebSocket} */
  #socket = null;
  #timer = 0;
  #idle = false; // whether no meeting was on when it asked last, and no take was begun since
  #tries = 0;
  /** @type {?import('./ring.js').Ring['takes'][0]} the take that is being sent */
  #take = null;
  #next = 0;
  #ended = false;
  #knows = false; // whether the server reports what is done; older releases don't: then safe sound is dropped
  #heard = 0;
  #looking = 0;
  #watch = new Watch();

  /**
   * @param {{address: string, as?: string, channel: () => string, ring: import('./ring.js').Ring,
   *          tell: (kind: string, detail?: AudioLinkNews) => void}} to  `tell`: called with the connection's state; `as`:
   *          the role link of a respeaker
   */
  constructor({ address, as, channel, ring, tell }) {
    this.address = address;
    this.as = as;
    this.channel = channel;
    this.ring = ring;
    this.tell = tell;
  }

  /** Whether the server takes sound now. */
  get open() {
    return this.#take !== null;
  }

  /** Connect, and stay connected until `close`. */
  start() {
    if (!this.#looking) this.#looking = setInterval(() => this.#look(), 500);
    if (this.#socket === null) this.#connect();
  }

  close() {
    clearInterval(this.#looking);
    this.#looking = 0;
    this.#drop();
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#idle = false;
  }

  /** Connect now if it waits for its next attempt. */
  hurry() {
    this.#watch.wake(performance.now());
    if (this.#timer && this.#socket === null) this.#connect();
  }

  /** Send in place of another microphone that is sending now. */
  takeOver() {
    this.#say({ kind: 'take-over' });
  }

  /** Send the sound in the ring until the browser has buffered AHEAD bytes. */
  pump() {
    const [socket, take] = [this.#socket, this.#take];
    if (take === null || socket === null) return;
    if (this.#next < take.first) {
      this.#closed(1006); // sound was dropped from the ring: connect again, to say from where on it is there
      return;
    }
    while (this.#next < take.end && socket.bufferedAmount < AHEAD) {
      const pcm = take.read(this.#next, PIECE);
      const end = this.#next + pcm.length;
      const message = new DataView(new ArrayBuffer(12 + 2 * pcm.length));
      message.setBigUint64(0, BigInt(this.#next), true);
      message.setUint32(8, take.age(end, performance.now()), true);
      new Int16Array(message.buffer, 12).set(pcm); // little-endian, as in every browser
      socket.send(message.buffer);
      this.#next = end;
    }
    if (take.reason && !this.#ended && this.#next >= take.end) {
      this.#ended = true;
      this.#say({ kind: 'end', at: take.end, reason: take.reason });
    }
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const query = new URLSearchParams({ pulse: '1', full: '1', done: String(this.ring.oldest?.done ?? 0), ...(this.as && { respeak: this.as }) });
    const socket = new WebSocket(`${this.address}?${query}`);
    this.#socket = socket;
    this.#heard = performance.now();
    this.#watch.begin(this.#heard);
    socket.onopen = () => {
      if (this.#idle) this.#begin(); // it was cut while no meeting was on
      else this.#hello();
    };
    socket.onmessage = ({ data }) => {
      const said = JSON.parse(data);
      this.#heard = performance.now();
      this.#watch.hear(this.#heard, said.every);
      if (said.kind !== 'pulse') this.#answer(said);
    };
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** Have a new take begun, where no meeting was on, and offer it to the server. */
  #begin() {
    this.#timer = 0;
    this.#idle = false;
    this.ring.clear();
    this.tell('restart');
    this.#hello();
  }

  /** Offer the oldest take to the server. */
  #hello() {
    const take = this.ring.oldest;
    if (take === null) return;
    this.#take = null;
    const age = take.age(take.first, performance.now());
    this.#say({ kind: 'hello', protocol: 1, channel: this.channel(), take: take.name, first: take.first, age });
  }

  /** Handle a message of the server. @param {AudioLinkNews & {kind: string, at: number}} said */
  #answer(said) {
    this.#tries = 0;
    const take = this.ring.oldest;
    switch (said.kind) {
      case 'go':
        [this.#take, this.#next, this.#ended, this.#knows] = [take, Math.max(said.at, take.first), false, false];
        take.safe = Math.min(take.safe, said.at); // it may be another machine, which needs some of it again
        this.tell('sending', { session: said.session });
        this.pump();
        break;
      case 'safe':
        if (this.#take) this.ring.secure(this.#take, said.at);
        if (this.#take && !this.#knows) this.ring.forget(this.#take, said.at);
        this.tell('safe');
        break;
      case 'done':
        this.#knows = true;
        if (this.#take) this.ring.forget(this.#take, said.at);
        this.tell('done');
        break;
      case 'ended':
        this.#take = null;
        if (take) this.ring.remove(take);
        this.tell(take?.reason ? 'ended' : 'restart');
        this.#hello();
        break;
      case 'over':
        this.#take = null;
        this.ring.clear();
        this.tell('over');
        this.#hello();
        break;
      case 'idle':
        this.ring.clear();
        this.tell('idle');
        this.#idle = true;
        this.#timer = setTimeout(() => this.#begin(), ASK_AGAIN);
        break;
      default:
        this.tell(said.kind, said);
    }
  }

  /**
   * The connection was closed or is dead: connect again, unless the server has refused.
   * @param {number} code  of the WebSocket
   */
  #closed(code) {
    this.#drop();
    const reason = STOP[code];
    if (reason) {
      this.close();
      this.tell(reason);
    } else if (this.#looking) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#connect(), Math.min(5000, pause(this.#tries++, Math.random())));
      this.tell('cut');
    }
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = this.#take = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** Send what the browser has room for now; give up a dead connection. */
  #look() {
    if (this.#socket === null) return;
    if (this.#watch.silent(performance.now()) !== null) {
      this.#closed(1006);
      return;
    }
    const waits = this.#take ? this.ring.unsafe > 0 : this.#socket.readyState !== WebSocket.OPEN;
    if (waits && performance.now() - this.#heard > SILENT) this.#closed(1006);
    else this.pump();
  }

  /** @param {object} message */
  #say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
