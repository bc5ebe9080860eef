// What a screen reader is told: nothing, finished lines, or speakers and notices only. Each once, and never a line that
// still grows.
//
// One text stands in the region, and the next one takes its place. Of texts that are added to a page within 100 ms, such as
// a line and what is told of it, Orca 48 leaves out all but the first; the text of an element with `aria-live` it never does.

import { element, only } from '../lib/nodes.js';

const APART = 400; // ms between two texts
const KEPT = 6; // that wait at most. Overflow: the oldest is left out
const STANDS = 15000; // ms: whoever walks through the page would meet it a second time

export class Aloud {
  /** @type {Set<string>} */
  #said = new Set(); // ids of lines; as many as the page has
  #name = '';
  /** @type {HTMLElement[][]} */
  #waiting = [];
  #busy = false; // the text has only just come
  #gone = 0;

  /**
   * @param {HTMLElement} region  polite and atomic, out of sight
   * @param {() => string} wish
   * @param {string} unnamed  what is said before a line of nobody who is named, where somebody was before
   */
  constructor(region, wish, unnamed) {
    this.region = region;
    this.wish = wish;
    this.unnamed = unnamed;
  }

  /** Lines that came to the text; `name` gives who said one. @param {HTMLElement[]} items  @param {(item: HTMLElement) => string} name */
  lines(items, name) {
    for (const item of items) {
      if (this.#said.has(item.id)) continue;
      this.#said.add(item.id);
      if (this.wish() === 'nothing') continue;
      const turn = this.#turn(name(item)), { lang, dir, textContent } = only('.text', item);
      if (this.wish() === 'lines') this.#put(...turn, element('span', { lang, dir }, textContent ?? ''));
      else if (turn.length) this.#put(...turn);
    }
  }

  /**
   * Somebody speaks from here on; an empty name is nobody's: that is said with the first line that nobody is named for.
   * @param {string} name
   */
  speaker(name) {
    const turn = name && this.wish() !== 'nothing' ? this.#turn(name) : [];
    if (turn.length) this.#put(...turn);
  }

  /** @param {string} text */
  notice(text) {
    if (this.wish() !== 'nothing') this.#put(part(text));
  }

  /** Nothing that waits is said any more. */
  hush() {
    this.#waiting = [];
    this.region.replaceChildren();
  }

  /** Who speaks, where it has to be said. @param {string} name */
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
