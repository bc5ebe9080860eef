// The level meter on a page: a bar, and a verdict in words that changes no faster than it can be read.

import { Levels } from './level.js';
import { at } from '../lib/nodes.js';

const CALM = 1500; // ms that a verdict has to last before it is shown
const GOOD = 15000; // ms for which "ready" stays in a pause of speech
const GONE = 2000; // ms without samples after which the input counts as dead
const LOUDEST = 60; // dB: the range of the bar

export class Meter {
  #levels = new Levels();
  #since = 0;
  #ready = -GOOD;
  #heard = 0; // time of the last samples
  kind = 'off';

  /** @param {(kind: string) => string} say  gives the text of a verdict  @param {(said: string) => void} judged  called with each new verdict's text; empty without input */
  constructor(say, judged) {
    this.say = say;
    this.judged = judged;
  }

  /** An input was opened. @param {number} now  ms, by performance.now() */
  opened(now) {
    this.#heard = now;
    if (this.kind === 'off') this.judge('waiting', now);
  }

  /** Take a tenth of a second of sound into account. @param {Piece} piece  @param {number} now */
  hear({ rms, peak }, now) {
    this.#heard = now;
    this.#levels.push(rms, peak);
    const level = Math.max(0, Math.min(100, ((this.#levels.now + LOUDEST) * 100) / LOUDEST));
    at('Bar').style.setProperty('--level', `${level.toFixed(1)}%`);
    let kind = this.#levels.verdict;
    if (kind === 'ready') this.#ready = now;
    else if (kind === 'waiting' && now - this.#ready < GOOD) kind = 'ready';
    if (kind === this.kind) this.#since = now;
    else if (now - this.#since > CALM) this.judge(kind, now);
  }

  /** Show an input that gives no samples any more as dead. Called once a second. @param {number} now */
  look(now) {
    if (now - this.#heard < GONE) return;
    at('Bar').style.setProperty('--level', '0%');
    if (this.kind !== 'dead') this.judge('dead', now);
  }

  /** The input was closed. */
  off() {
    at('Bar').style.setProperty('--level', '0%');
    this.judge('off', performance.now());
  }

  /** Show a verdict. @param {string} kind  @param {number} now */
  judge(kind, now) {
    this.kind = kind;
    this.#since = now;
    const said = this.say(kind);
    at('Verdict').dataset.kind = kind;
    at('Verdict').textContent = said;
    at('Level').setAttribute('aria-valuenow', String(Math.round(Math.max(-LOUDEST, this.#levels.now))));
    at('Level').setAttribute('aria-valuetext', said);
    this.judged(kind === 'off' ? '' : said);
  }
}
