// Older lines: fetched a page at a time when the reader scrolls up to them, or asks, or follows a link to one.

import { at } from '../lib/nodes.js';

const MOST_PAGES = 100; // one link to a line looks no further back than this
const PATIENCE = 12500; // ms for an answer
const AGAIN = 5000; // ms until a hole in the text is tried again
const BEHIND = 2000; // ms in which the page's stream comes as far as an answer

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A page of lines, and how many there were in all; null when there is no answer, or a bad or broken one.
 * @param {string} address  @returns {Promise<?{lines: Line[], before?: number, total: number}>}
 */
async function get(address) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok ? { ...(await answer.json()), total: Number(answer.headers.get('Moothall-Lines')) } : null;
  } catch {
    return null;
  }
}

export class Older {
  /** @type {?Promise<boolean>} */
  #loading = null;

  /**
   * @param {{reader: import('./reader.js').Reader, view: import('./view.js').View, place: import('./place.js').Place,
   *   words: import('../lib/words.js').Words, address: (before: number) => string, link: HTMLElement}} with_
   */
  constructor({ reader, view, place, words, address, link }) {
    this.reader = reader;
    this.view = view;
    this.place = place;
    this.words = words;
    this.address = address;
    this.link = link;
    this.watcher = new IntersectionObserver(
      ([seen]) => seen.isIntersecting && !place.following && reader.first && this.load(),
      { rootMargin: '600px 0px 0px' },
    );
    this.watcher.observe(link);
  }

  /** Load the page before the earliest line known. Resolves to whether there is more. */
  load() {
    this.#loading ??= this.#page().finally(() => (this.#loading = null));
    return this.#loading;
  }

  /**
   * Fill what lies between the newest page and the earliest line on the page, after a long absence.
   * @param {number} from  @param {number} to
   */
  async refill(from, to) {
    let edge = [...this.reader.lines.values()].find(({ number }) => number === from);
    const before = () => edge?.number ?? from;
    while (before() > to) {
      const first = await this.#fetch(before);
      if (first === null) await pause(AGAIN);
      else if (first) edge = first;
      else return;
    }
  }

  /** Load pages until the line `id` is there; says whether it is. @param {string} id */
  async find(id) {
    for (let page = 0; page < MOST_PAGES && !at(id); page++) {
      if (!this.reader.first || !(await this.load())) break;
    }
    return at(id) !== null;
  }

  async #page() {
    this.#say('earlier.loading');
    const first = await this.#fetch(() => this.reader.first);
    this.#say(first === null ? 'earlier.failed' : 'earlier');
    if (first !== null) {
      this.watcher.unobserve(this.link); // it may still be in view: look anew
      this.watcher.observe(this.link);
    }
    return Boolean(first?.number);
  }

  /** Fetch and show the page before a line's number; resolves to its first line, null when that failed. @param {() => number} before */
  async #fetch(before) {
    const { reader } = this;
    // What is translated late moves the numbers of lines: the page and the reader have to mean the same by them.
    for (;;) {
      const [stop, { moves }] = [before(), reader];
      const page = await get(this.address(stop));
      if (page === null) return null;
      for (let waited = 0; reader.total < page.total && waited < BEHIND; waited += 50) await pause(50);
      if (moves !== reader.moves) continue;
      const start = page.before ?? 0;
      this.place.around(() => this.view.update(reader.fill(page.lines, start, stop)));
      return reader.lines.get(page.lines[0]?.segment);
    }
  }

  /** @param {string} name */
  #say(name) {
    this.link.textContent = this.words.text(name);
  }
}
