// Divides the sound of a page's microphone into takes: a take has no gaps, and a new one begins where sound is missing.

import { Continuity } from './level.js';
import { RATE } from './resample.js';
import { takeName } from './ring.js';

export class Takes {
  #whole = new Continuity();

  /** @param {import('./ring.js').Ring} ring  @param {() => void} sends  called when there is more to send */
  constructor(ring, sends) {
    this.ring = ring;
    this.sends = sends;
  }

  /** End the current take, and begin another. @param {string} reason  why it ends */
  again(reason) {
    this.ring.end(reason);
    this.ring.begin(takeName());
    this.#whole = new Continuity();
  }

  /** Add a tenth of a second of sound; ignored before the first take. @param {Piece} piece  @param {number} now  ms */
  add({ pcm }, now) {
    if (!this.ring.takes.length) return;
    if (this.#whole.push(now, (pcm.length * 1000) / RATE)) this.again('lost');
    this.ring.add(pcm, now);
    this.sends();
  }
}

/**
 * Fill a menu with the inputs, with the open one chosen.
 * @param {HTMLElement} list  @param {import('./capture.js').Capture} capture  @param {(n: number) => string} unnamed
 */
export async function listInputs(list, capture, unnamed) {
  const found = await /** @type {typeof import('./capture.js').Capture} */ (capture.constructor).devices();
  list.replaceChildren(...found.map(({ id, label }, n) => new Option(label || unnamed(n + 1), id, false, id === capture.device)));
}
