// The takes of a page's microphone: each is in one piece, and another begins where sound is missing.

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

  /** Begin a take; what came before is over. @param {string} reason  why */
  again(reason) {
    this.ring.end(reason);
    this.ring.begin(takeName());
    this.#whole = new Continuity();
  }

  /** A tenth of a second of sound; none where no take was begun. @param {Piece} piece  @param {number} now  ms */
  add({ pcm }, now) {
    if (!this.ring.takes.length) return;
    if (this.#whole.push(now, (pcm.length * 1000) / RATE)) this.again('lost');
    this.ring.add(pcm, now);
    this.sends();
  }
}

/**
 * The inputs that there are, in a list with the open one chosen.
 * @param {HTMLElement} list  @param {import('./capture.js').Capture} capture  @param {(n: number) => string} unnamed
 */
export async function listInputs(list, capture, unnamed) {
  const found = await /** @type {typeof import('./capture.js').Capture} */ (capture.constructor).devices();
  list.replaceChildren(...found.map(({ id, label }, n) => new Option(label || unnamed(n + 1), id, false, id === capture.device)));
}
