// Buffers the sound whose words may not all be in the log, so that it is not lost with the server's machine: ten
// minutes at most, 19 MB, take after take. Overflow: the oldest is dropped, which is safe on a server's disk unless no
// server has been there. Pure.

import { RATE } from './resample.js';

export const KEPT = 600 * RATE; // samples

/** A new, unique name for a take. */
export const takeName = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => (byte % 36).toString(36)).join('');

/** One unbroken run of samples. Positions are sample numbers from its beginning. */
class Take {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.first = 0; // position of the first sample that is still buffered
    this.safe = 0; // samples before this position are on the server's disk
    this.done = 0; // samples before this position are never asked for again
    this.end = 0;
    /** @type {?number} when the last sample was heard, ms */
    this.heard = null;
    /** @type {?string} why the take is over; null while it goes on */
    this.reason = null;
    /** @type {{first: number, pcm: Int16Array}[]} without holes */
    this.pieces = [];
  }

  /**
   * How long ago the sample at `position` was heard, in whole ms; 0 for a take without samples.
   * @param {number} position  @param {number} now
   */
  age(position, now) {
    if (this.heard === null) return 0;
    return Math.max(0, Math.round(now - this.heard + ((this.end - position) * 1000) / RATE));
  }

  /** Up to `count` samples from `position` on. @param {number} position  @param {number} count */
  read(position, count) {
    const out = new Int16Array(Math.min(count, this.end - position));
    let filled = 0;
    for (const { first, pcm } of this.pieces) {
      if (first + pcm.length <= position + filled) continue;
      const part = pcm.subarray(position + filled - first).subarray(0, out.length - filled);
      out.set(part, filled);
      filled += part.length;
      if (filled === out.length) break;
    }
    return out;
  }
}

export class Ring {
  constructor(kept = KEPT) {
    this.kept = kept;
    /** @type {Take[]} */
    this.takes = [];
    this.samples = 0;
    this.dropped = 0; // samples that were lost: dropped for lack of room before they were safe
  }

  /** The take to send first; null for none. */
  get oldest() {
    return this.takes[0] ?? null;
  }

  /** The number of samples that no server has. */
  get unsafe() {
    return this.takes.reduce((sum, { first, safe, end }) => sum + end - Math.max(first, safe), 0);
  }

  /** Begin a take. @param {string} name */
  begin(name) {
    this.takes.push(new Take(name));
  }

  /** Add samples to the newest take, unless it is over. @param {Int16Array} pcm  @param {number} now  ms */
  add(pcm, now) {
    const take = this.takes.at(-1);
    if (!take || take.reason) return; // they came after the end
    take.pieces.push({ first: take.end, pcm });
    take.end += pcm.length;
    take.heard = now;
    this.samples += pcm.length;
    while (this.samples > this.kept) this.#drop();
  }

  /** End the newest take. @param {string} reason */
  end(reason) {
    const take = this.takes.at(-1);
    if (take) take.reason ??= reason;
  }

  /** Samples before `position` are safe. @param {Take} take  @param {number} position */
  secure(take, position) {
    take.safe = Math.min(take.end, Math.max(take.safe, position));
  }

  /** Samples before `position` are done: drop them. @param {Take} take  @param {number} position */
  forget(take, position) {
    take.done = Math.max(take.done, position);
    while (take.pieces.length && take.pieces[0].first + take.pieces[0].pcm.length <= position) this.#shift(take);
  }

  /** Remove a take. @param {Take} take */
  remove(take) {
    this.forget(take, take.end);
    this.takes = this.takes.filter((each) => each !== take);
  }

  clear() {
    this.takes = [];
    this.samples = 0;
  }

  /** Drop the oldest piece for lack of room. */
  #drop() {
    const take = this.takes.find(({ pieces }) => pieces.length);
    if (!take) return;
    const [{ first, pcm }] = take.pieces;
    this.dropped += Math.max(0, first + pcm.length - Math.max(first, take.safe));
    this.#shift(take);
    if (!take.pieces.length && take.reason) this.takes = this.takes.filter((each) => each !== take);
  }

  /** Drop the first piece of a take. @param {Take} take */
  #shift(take) {
    const [{ first, pcm }] = take.pieces.splice(0, 1);
    take.first = first + pcm.length;
    this.samples -= pcm.length;
  }
}
