// How loud an input is, on a page: the bar, and a verdict in words that changes no faster than it can be read.

import { Levels } from './level.js';
import { at } from '../lib/nodes.js';

const CALM = 1500; // ms that a verdict has to last before it is said
const GOOD = 15000; // ms that "ready" outlasts a pause
const GONE = 2000; // ms without samples from which on nothing is heard
const LOUDEST = 60; // dB that the bar shows

export class Meter {
  #levels = new Levels();
  #since = 0;
  #ready = -GOOD;
  #heard = 0; // when samples came last
  kind = 'off';

  /** @param {(kind: string) => string} say  the words of a verdict  @param {(said: string) => void} judged  told of another one */
  constructor(say, judged) {
    this.say = say;
    this.judged = judged;
  }

  /** An input is on. @param {number} now */
  opened(now) {
    this.#heard = now;
    if (this.kind === 'off') this.judge('waiting', now);
  }

  /** A tenth of a second of it. @param {Piece} piece  @param {number} now */
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

  /** A level that nothing renews is none: an input that gives no samples any more is as good as dead. @param {number} now */
  look(now) {
    if (now - this.#heard < GONE) return;
    at('Bar').style.setProperty('--level', '0%');
    if (this.kind !== 'dead') this.judge('dead', now);
  }

  /** No input is on any more. */
  off() {
    at('Bar').style.setProperty('--level', '0%');
    this.judge('off', performance.now());
  }

  /** @param {string} kind  @param {number} now */
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
