// What a screen reader is told: nothing, finished lines, or speakers and notices only. Each once, and never a line that
// still grows.

import { element, only } from '../lib/nodes.js';

const KEPT = 6; // paragraphs that stay in the region
const SAID = 15000; // ms for which they stay: whoever walks through the page would meet them a second time

export class Aloud {
  /** @type {Set<string>} */
  #said = new Set(); // ids of lines; as many as the page has
  #name = '';

  /**
   * @param {HTMLElement} region  a log, out of sight
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
      const wish = this.wish();
      if (wish === 'nothing') continue;
      this.#turn(name(item));
      if (wish === 'lines') this.#put(/** @type {HTMLElement} */ (only('.text', item).cloneNode(true)));
    }
  }

  /**
   * Somebody speaks from here on; an empty name is nobody's: that is said with the first line that nobody is named for.
   * @param {string} name
   */
  speaker(name) {
    if (name && this.wish() !== 'nothing') this.#turn(name);
  }

  /** @param {string} name */
  #turn(name) {
    if (name !== this.#name) this.#put(paragraph(`${name || this.unnamed}:`));
    this.#name = name;
  }

  /** @param {string} text */
  notice(text) {
    if (this.wish() !== 'nothing') this.#put(paragraph(text));
  }

  /** @param {HTMLElement} node */
  #put(node) {
    this.region.append(node);
    setTimeout(() => node.remove(), SAID);
    while (this.region.children.length > KEPT) this.region.firstElementChild?.remove();
  }
}

/** @param {string} text */
const paragraph = (text) => element('p', { dir: 'auto' }, text);
