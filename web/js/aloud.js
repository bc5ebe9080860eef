// What a screen reader is told: nothing, finished lines, or speakers and notices only. Each once, and never a line that
// still grows.

import { element } from './nodes.js';

const KEPT = 6; // paragraphs that stay in the region

export class Aloud {
  #said = new Set(); // ids of lines; as many as the page has
  #name = '';

  /** @param {HTMLElement} region  a log, out of sight  @param {() => string} wish */
  constructor(region, wish) {
    this.region = region;
    this.wish = wish;
  }

  /** Lines that came to the text; `name` gives who said one. */
  lines(items, name) {
    for (const item of items) {
      if (this.#said.has(item.id)) continue;
      this.#said.add(item.id);
      const wish = this.wish();
      if (wish === 'nothing') continue;
      this.speaker(name(item));
      if (wish === 'lines') this.#put(item.querySelector('.text').cloneNode(true));
    }
  }

  /** Somebody speaks from here on; an empty name is nobody's. */
  speaker(name) {
    if (name !== this.#name && name && this.wish() !== 'nothing') this.#put(paragraph(`${name}:`));
    this.#name = name;
  }

  notice(text) {
    if (this.wish() !== 'nothing') this.#put(paragraph(text));
  }

  clear() {
    this.region.replaceChildren();
  }

  #put(node) {
    this.region.append(node);
    while (this.region.children.length > KEPT) this.region.firstElementChild.remove();
  }
}

const paragraph = (text) => element('p', { dir: 'auto' }, text);
