// Fetches older lines, and later lines of a record, one page at a time: when the reader scrolls to them, presses the
// button, or follows a link to a line.

import { at } from '../lib/nodes.js';

const PAGE_LINES = 200; // lines of a page, as SNAPSHOT_LINES in core/views/captions.py
const MOST_PAGES = 100; // a link to a line looks no further back than this
const PATIENCE = 12500; // ms until a request times out
const AGAIN = 5000; // ms until another attempt to fill a hole in the text
const BEHIND = 2000; // ms to wait for the page's stream to catch up with an answer

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Fetch a page of lines and the number of all lines at that time; null when there is no valid answer.
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
   * @param {{reader: import('./reader.js').Reader, view: import('./view.js').View, place: import('./scroll_position.js').ScrollPosition,
   *   words: import('../lib/words.js').Words, address: (before: number) => string, link: HTMLElement}} with_
   */
  constructor({ reader, view, place: scroll, words, address, link }) { // `place`: as open pages of 0.2.0 call it
    this.reader = reader;
    this.view = view;
    this.scroll = scroll;
    this.words = words;
    this.address = address;
    this.link = link;
    this.watcher = new IntersectionObserver(
      ([seen]) => seen.isIntersecting && !scroll.following && reader.first && this.load(),
      { rootMargin: '600px 0px 0px' },
    );
    this.watcher.observe(link);
  }

  /** Load the page of lines before the earliest loaded line. Resolves to whether there are older lines still. */
  load() {
    this.#loading ??= this.#page().finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** Load the page of lines after the last loaded line of a record. Resolves to whether there are later lines still. */
  async later() {
    const next = this.reader.total;
    const first = await this.#fetch(() => next - (next % PAGE_LINES) + PAGE_LINES);
    return first !== null && this.reader.more;
  }

  /** Load all lines of a record, so that the browser's own search finds words anywhere in it. */
  async all() {
    while (await this.later());
    while (this.reader.first && (await this.load()));
  }

  /**
   * After a long absence, load the lines between the newest page of lines and the earliest line on screen. Tries until it
   * succeeds.
   * @param {number} from  number of the first line of that page  @param {number} to  number of the earliest line
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

  /** Load pages of lines until the line `id` is on screen; resolves to whether it is. @param {string} id */
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
      this.watcher.unobserve(this.link); // the link may still be in view: have the observer check again
      this.watcher.observe(this.link);
    }
    return Boolean(first?.number);
  }

  /**
   * Fetch and show the page of lines before a line's number. Resolves to its first line, undefined for an empty page,
   * null after a failure.
   * @param {() => number} before
   */
  async #fetch(before) {
    const { reader } = this;
    // A late translation shifts the numbers of lines: an answer is used only if none was shifted while it was fetched.
    for (;;) {
      const [stop, { moves }] = [before(), reader];
      const page = await get(this.address(stop));
      if (page === null) return null;
      if (reader.more) reader.whole = page.total;
      for (let waited = 0; !reader.more && reader.total < page.total && waited < BEHIND; waited += 50) await pause(50);
      if (moves !== reader.moves) continue;
      const start = page.before ?? 0;
      this.scroll.around(() => this.view.update(reader.fill(page.lines, start, stop)));
      return reader.lines.get(page.lines[0]?.segment);
    }
  }

  /** @param {string} name */
  #say(name) {
    this.link.textContent = this.words.text(name);
  }
}
