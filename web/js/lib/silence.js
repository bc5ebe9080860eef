// A line over which nothing comes any more, though it hasn't ended: the page is told, and a new one is tried beside it, one
// at a time. Whichever brings something first is read.

import { backOff } from './link.js';
import { CONNECT, LOOK, Watch } from './watch.js';

const SPREAD = 5000; // ms over which those whose lines went silent try new ones: where a router fails, all do
const FIRST = 6000; // ms that one has which is tried: a browser may send it over a socket that is dead as well
const OPEN = 1;

export class Silence {
  /** @type {?Source} */
  beside = null;
  #timer = 0;
  #began = 0;
  #failed = 0; // how many brought nothing
  #watch = new Watch();

  /** @param {import('./link.js').Link} link */
  constructor(link) {
    this.link = link;
    this.hear(link.heard, link.every);
    setInterval(() => this.#look(), LOOK);
  }

  /** @param {number} now  @param {?number} every */
  hear(now, every) {
    this.#watch.hear(now, every);
    this.#failed = 0;
    this.rest();
  }

  wake() {
    this.#watch.wake(performance.now());
  }

  /** Try nothing. */
  rest() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.beside?.close();
    this.beside = null;
  }

  /** The one that was tried has failed. */
  failed() {
    this.#failed += 1;
    this.rest();
  }

  #look() {
    const { link } = this;
    const now = performance.now();
    const silent = this.#watch.silent(now, link.read?.readyState === OPEN ? null : CONNECT);
    if (link.read === null || silent === null) return;
    link.say(false, silent);
    if (link.read === null) return; // whoever was told has closed it
    if (this.beside && now - this.#began > backOff(this.#failed, FIRST, 2 * CONNECT)) this.failed();
    if (!this.beside) this.#timer ||= setTimeout(() => this.#try(), SPREAD * Math.random());
  }

  #try() {
    this.#timer = 0;
    this.#began = performance.now();
    this.beside = this.link.connect();
  }
}
