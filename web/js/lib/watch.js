// Decides whether a connection is alive from the times of its messages and the interval that the server promises. The
// caller gives the time, of a monotonic clock. Pure.

export const PATIENCE = 2.5; // intervals without a message after which the connection counts as dead
export const LOOK = 1000; // ms between two checks
export const CONNECT = 12500; // ms that a new connection may take until its first message
const DRAIN = 2000; // ms for a page that slept to process the messages that have come meanwhile

export class Watch {
  /** @type {?number} ms; null until the server has sent it, which servers of older releases don't */
  #every = null;
  #heard = 0;
  /** @type {?number} */
  #looked = null;
  #judged = 0; // before this time nothing counts as dead

  /** A message came at `now` (ms); `every`: ms within which the next one should come. @param {number} now */
  hear(now, every = this.#every) {
    this.#heard = now;
    this.#every = every;
    this.#looked ??= now;
  }

  /** A new connection is read from now on. @param {number} now */
  begin(now) {
    this.hear(now, null);
  }

  /** The page was asleep, or is shown again: wait for the messages that the browser still holds. @param {number} now */
  wake(now) {
    this.#judged = now + DRAIN;
  }

  /**
   * The ms since the last message, where that is too long; null while the connection counts as alive. Call it every
   * `LOOK` ms.
   * @param {number} now
   * @param {?number} otherwise  ms for which a server without pulses may be silent; null: for ever
   */
  silent(now, otherwise = null) {
    if (now - (this.#looked ?? now) > 3 * LOOK) this.wake(now);
    this.#looked = now;
    const most = this.#every === null ? otherwise : PATIENCE * this.#every;
    const silent = now - this.#heard;
    return most !== null && now >= this.#judged && silent > most ? silent : null;
  }
}
