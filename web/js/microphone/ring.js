// The sound whose words may not all be in the log, so that it outlives the machine that has it on its disk: ten minutes at
// most, 19 MB, take after take. Beyond that the oldest is dropped first: it is safe, unless no server takes any. Pure.

import { RATE } from './resample.js';

export const KEPT = 600 * RATE;

/** A name for a take that no other has. */
export const takeName = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => (byte % 36).toString(36)).join('');

/** One unbroken run of samples; positions count them from its first. */
class Take {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.first = 0; // of what is still here
    this.safe = 0; // what lies before is on the server's disk
    this.done = 0; // what lies before is never asked for again
    this.end = 0;
    /** @type {?number} ms at which the last sample was heard */
    this.heard = null;
    /** @type {?string} why it is over */
    this.reason = null;
    /** @type {{first: number, pcm: Int16Array}[]} without holes */
    this.pieces = [];
  }

  /**
   * How long ago the sample at `position` was heard, whole ms; of a take in which none was yet, it is heard now.
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
    this.dropped = 0; // samples that no server has, as there was no room for them
  }

  /** The take that is to be sent first. */
  get oldest() {
    return this.takes[0] ?? null;
  }

  /** How many samples no server has. */
  get unsafe() {
    return this.takes.reduce((sum, { first, safe, end }) => sum + end - Math.max(first, safe), 0);
  }

  /** @param {string} name */
  begin(name) {
    this.takes.push(new Take(name));
  }

  /** @param {Int16Array} pcm  @param {number} now */
  add(pcm, now) {
    const take = this.takes.at(-1);
    if (!take || take.reason) return; // It came after the end was said.
    take.pieces.push({ first: take.end, pcm });
    take.end += pcm.length;
    take.heard = now;
    this.samples += pcm.length;
    while (this.samples > this.kept) this.#drop();
  }

  /** The newest take is over. @param {string} reason */
  end(reason) {
    const take = this.takes.at(-1);
    if (take) take.reason ??= reason;
  }

  /** What lies before `position` is safe. @param {Take} take  @param {number} position */
  secure(take, position) {
    take.safe = Math.min(take.end, Math.max(take.safe, position));
  }

  /** What lies before `position` is done. @param {Take} take  @param {number} position */
  forget(take, position) {
    take.done = Math.max(take.done, position);
    while (take.pieces.length && take.pieces[0].first + take.pieces[0].pcm.length <= position) this.#shift(take);
  }

  /** A take is done with. @param {Take} take */
  remove(take) {
    this.forget(take, take.end);
    this.takes = this.takes.filter((each) => each !== take);
  }

  clear() {
    this.takes = [];
    this.samples = 0;
  }

  #drop() {
    const take = this.takes.find(({ pieces }) => pieces.length);
    if (!take) return;
    const [{ first, pcm }] = take.pieces;
    this.dropped += Math.max(0, first + pcm.length - Math.max(first, take.safe));
    this.#shift(take);
    if (!take.pieces.length && take.reason) this.takes = this.takes.filter((each) => each !== take);
  }

  /** @param {Take} take */
  #shift(take) {
    const [{ first, pcm }] = take.pieces.splice(0, 1);
    take.first = first + pcm.length;
    this.samples -= pcm.length;
  }
}
