// Detects a link over which no message comes though it hasn't ended: notifies the page, and tries one new connection at
// a time beside it. Whichever of the two brings a message first is read.

import { backOff } from './link.js';
import { CONNECT, LOOK, Watch } from './watch.js';

const SPREAD = 5000; // ms over which readers spread their attempts: a failing router silences all links
const FIRST = 6000; // ms that the first attempt may take: a browser may send it over the same dead socket
const OPEN = 1;

export class Silence {
  /** @type {?Source} */
  beside = null;
  #timer = 0;
  #began = 0;
  #failed = 0; // attempts that brought no message
  #watch = new Watch();

  /** @param {import('./link.js').Link} link */
  constructor(link) {
    this.link = link;
    this.hear(link.heard, link.every);
    setInterval(() => this.#look(), LOOK);
  }

  /**
   * A message came. `now`: performance.now(); `every`: ms within which the next should come.
   * @param {number} now  @param {?number} every
   */
  hear(now, every) {
    this.#watch.hear(now, every);
    this.#failed = 0;
    this.rest();
  }

  /** The page was asleep: messages that wait in the browser come first. */
  wake() {
    this.#watch.wake(performance.now());
  }

  /** Give up the attempt under way, if any. */
  rest() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.beside?.close();
    this.beside = null;
  }

  /** The attempt has failed; the next one gets more time. */
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
    if (link.read === null) return; // the callback has closed it
    // In a page of 0.2.0 that is still open, link.js has no `backOff`.
    const limit = backOff?.(this.#failed, FIRST, 2 * CONNECT) ?? CONNECT;
    if (this.beside && now - this.#began > limit) this.failed();
    if (!this.beside) this.#timer ||= setTimeout(() => this.#try(), SPREAD * Math.random());
  }

  #try() {
    this.#timer = 0;
    this.#began = performance.now();
    this.beside = this.link.connect();
  }
}
