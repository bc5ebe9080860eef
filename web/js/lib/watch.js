// Whether a line is alive: what comes over it and how often it should, against a clock that never runs back. Pure.

export const PATIENCE = 2.5; // intervals in which nothing came, until the line counts as dead
export const LOOK = 1000; // ms between two looks at it
export const CONNECT = 12500; // ms that a connection may take until something comes
const DRAIN = 2000; // ms for a page that slept to take in what has come meanwhile

export class Watch {
  /** @type {?number} ms; null until the server has said so: those of before don't */
  #every = null;
  #heard = 0;
  /** @type {?number} */
  #looked = null;
  #judged = 0; // from when on

  /** Something came, at `now` (ms); `every`: at the latest how long after it something should come again. @param {number} now */
  hear(now, every = this.#every) {
    this.#heard = now;
    this.#every = every;
    this.#looked ??= now;
  }

  /** A new connection is read from now on. @param {number} now */
  begin(now) {
    this.hear(now, null);
  }

  /** The page was asleep, or is shown again: what waits in the browser comes first. @param {number} now */
  wake(now) {
    this.#judged = now + DRAIN;
  }

  /**
   * How long nothing has come, ms, where that is too long; null while the line counts as alive. To be asked each `LOOK`.
   * @param {number} now
   * @param {?number} otherwise  how long nothing may come from a server that has no pulses; null: for ever
   */
  silent(now, otherwise = null) {
    if (now - (this.#looked ?? now) > 3 * LOOK) this.wake(now);
    this.#looked = now;
    const most = this.#every === null ? otherwise : PATIENCE * this.#every;
    const silent = now - this.#heard;
    return most !== null && now >= this.#judged && silent > most ? silent : null;
  }
}
