// Announces the meeting to a screen reader: nothing, finished lines, or speakers and notices only, as the reader chose.
// Each is announced once, and a line only when it no longer grows.
//
// The live region holds one text at a time, and the next one replaces it. Of several texts that are added to a page
// within 100 ms, such as a line and a notice, Orca 48 reads only the first; the text of an element with `aria-live` it
// always reads.

import { element, only } from '../lib/nodes.js';

const APART = 400; // ms between two texts
const KEPT = 6; // texts that wait at most. Overflow: the oldest is left out
const STANDS = 15000; // ms until the region is emptied: a reader who walks through the page would hear its text again

export class Aloud {
  /** @type {Map<string, string>} */
  #said = new Map(); // id of a line → its text where that was announced, else ''; at most as many as the page has
  #name = '';
  /** @type {HTMLElement[][]} */
  #waiting = [];
  #busy = false; // the current text is younger than APART
  #gone = 0;

  /**
   * @param {HTMLElement} region  a live region, polite and atomic, that is not visible
   * @param {() => string} wish  gives what to announce: `nothing`, `lines`, or speakers and notices only
   * @param {string} unnamed  heads a line without a named speaker, after lines with one
   */
  constructor(region, wish, unnamed) {
    this.region = region;
    this.wish = wish;
    this.unnamed = unnamed;
  }

  /**
   * Announce new lines; `name` gives a line's speaker. What was split off a line is announced only where it wasn't
   * with that line.
   * @param {HTMLElement[]} items  @param {(item: HTMLElement) => string} name
   */
  lines(items, name) {
    for (const item of items) {
      if (this.#said.has(item.id)) continue;
      const { lang, dir, textContent } = only('.text', item), text = textContent ?? '';
      const told = this.#said.get(item.dataset.partOf ?? '')?.endsWith(text);
      this.#said.set(item.id, this.wish() === 'lines' ? text : '');
      if (told || this.wish() === 'nothing') continue;
      const turn = this.#turn(name(item));
      if (this.wish() === 'lines') this.#put(...turn, element('span', { lang, dir }, text));
      else if (turn.length) this.#put(...turn);
    }
  }

  /**
   * Announce who speaks from now on. An empty name is announced only with the first line that has no named speaker.
   * @param {string} name
   */
  speaker(name) {
    const turn = name && this.wish() !== 'nothing' ? this.#turn(name) : [];
    if (turn.length) this.#put(...turn);
  }

  /** Announce a notice, such as a gap. @param {string} text */
  notice(text) {
    if (this.wish() !== 'nothing') this.#put(part(text));
  }

  /** Drop all texts that wait, and empty the region. */
  hush() {
    this.#waiting = [];
    this.region.replaceChildren();
  }

  /** The speaker's name in front of a text; empty while the same person speaks. @param {string} name */
  #turn(name) {
    if (name === this.#name) return [];
    this.#name = name;
    return [part(`${name || this.unnamed}: `)];
  }

  /** @param {HTMLElement[]} parts */
  #put(...parts) {
    this.#waiting.push(parts);
    if (this.#waiting.length > KEPT) this.#waiting.shift();
    if (!this.#busy) this.#say();
  }

  #say() {
    clearTimeout(this.#gone);
    this.region.replaceChildren(...(this.#waiting.shift() ?? []));
    this.#busy = true;
    setTimeout(() => {
      this.#busy = false;
      if (this.#waiting.length) this.#say();
      else this.#gone = setTimeout(() => this.region.replaceChildren(), STANDS);
    }, APART);
  }
}

/** @param {string} text */
const part = (text) => element('span', { dir: 'auto' }, text);
