// Older lines: fetched a page at a time when the reader scrolls up to them, or asks, or follows a link to one.

import { at } from './nodes.js';

const MOST_PAGES = 100; // one link to a line looks no further back than this
const AGAIN = 5000; // ms until a hole in the text is tried again

/** What is at an address; null when there is no answer, or a bad or broken one. */
async function json(address) {
  try {
    const answer = await fetch(address);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export class Older {
  #loading = null;

  constructor({ reader, view, place, words, address, link }) {
    Object.assign(this, { reader, view, place, words, address, link });
    link.addEventListener('click', (event) => {
      event.preventDefault();
      this.load();
    });
    this.watcher = new IntersectionObserver(
      ([seen]) => seen.isIntersecting && !place.following && reader.first && this.load(),
      { rootMargin: '600px 0px 0px' },
    );
    this.watcher.observe(link);
  }

  /** Load the page before the earliest line known. Resolves to whether there is more. */
  load() {
    this.#loading ??= this.#page(this.reader.first).finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** Fill what lies between the newest page and the earliest line on the page, after a long absence. */
  async refill(from, to) {
    for (let before = from; before > to; ) {
      const start = await this.#fetch(before);
      if (start === null) await new Promise((resolve) => setTimeout(resolve, AGAIN));
      else before = start;
    }
  }

  /** Load pages until the line `id` is there; says whether it is. */
  async find(id) {
    for (let page = 0; page < MOST_PAGES && !at(id); page++) {
      if (!this.reader.first || !(await this.load())) break;
    }
    return at(id) !== null;
  }

  async #page(before) {
    this.#say('earlier.loading');
    const start = await this.#fetch(before);
    this.#say(start === null ? 'earlier.failed' : 'earlier');
    if (start !== null) {
      this.watcher.unobserve(this.link); // it may still be in view: look anew
      this.watcher.observe(this.link);
    }
    return Boolean(start);
  }

  /** Fetch and show one page; resolves to the number of its first line, null when that failed. */
  async #fetch(before) {
    const page = await json(this.address(before));
    if (page === null) return null;
    const start = page.before ?? 0;
    this.place.around(() => this.view.update(this.reader.fill(page.lines, start, before)));
    return start;
  }

  #say(name) {
    this.link.textContent = this.words.text(name);
  }
}
