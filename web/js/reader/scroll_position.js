// The scroll position: a reader at the end of the text stays at its end while it grows; anywhere else the lines in view
// don't move.

import { at, only } from '../lib/nodes.js';

const SLACK = 48; // px: so near to the end counts as the end
const LOW = matchMedia('(max-height: 20rem)'); // in so low a window the parts around the text follow after it
const THIN = matchMedia('(max-width: 22rem)'); // in so narrow a one all but the bar do

export class ScrollPosition {
  /** @param {Element} list  of lines  @param {(following: boolean) => void} tell  called when the reader reaches or leaves the end */
  constructor(list, tell) {
    this.list = list;
    this.tell = tell;
    this.following = false;
    this.free = false; // whether nothing is followed: a record has its end, and grows only as parts of it are loaded
    this.seen = scrollY;
    /** @type {?number} scrollY that doesn't count as the end, as `stay` has set it */
    this.still = null;
    addEventListener('scroll', () => this.#look(), { passive: true });
    new ResizeObserver(() => this.following && this.toEnd()).observe(document.body);
  }

  /** The scrollY at which the end of the text is in view. */
  #bottom() {
    const { bottom } = at('Reader').getBoundingClientRect();
    const bar = LOW.matches ? 0 : only('.bar', document.body).offsetHeight;
    const end = LOW.matches || THIN.matches ? scrollY + bottom + bar : document.documentElement.scrollHeight;
    return Math.max(0, end - innerHeight);
  }

  /** Begin to follow when the reader has scrolled to the end, stop when they have scrolled back, or on to the panels. */
  #look() {
    if (scrollY === this.still) return;
    this.still = null;
    const past = scrollY - this.#bottom();
    const near = past <= SLACK && (past >= -SLACK || (this.following && scrollY >= this.seen));
    const following = !this.free && near;
    this.seen = scrollY;
    if (following !== this.following) {
      this.following = following;
      this.tell(following);
    }
  }

  /** Scroll to the end and stay there. */
  follow() {
    this.toEnd();
    if (!this.following && !this.free) {
      this.following = true;
      this.tell(true);
    }
  }

  /** The page's length has changed: stay at the end, or check whether this is the end now. */
  settle() {
    if (this.following) this.toEnd();
    else this.#look();
  }

  /** Don't follow, even near the end, until the reader scrolls. */
  stay() {
    this.following = false;
    this.still = this.seen = scrollY;
    this.tell(false);
  }

  toEnd() {
    scrollTo({ top: this.#bottom(), behavior: 'instant' });
    this.seen = scrollY;
  }

  /** Change the page by `update` without moving the line that is read. @param {() => void} update */
  around(update) {
    if (scrollY < this.seen - 1) this.#look();
    if (this.following) {
      update();
      this.toEnd();
      return;
    }
    const mark = this.inView();
    const top = mark?.getBoundingClientRect().top ?? 0;
    update();
    if (mark?.isConnected) {
      const moved = mark.getBoundingClientRect().top - top;
      if (moved) scrollBy({ top: moved, behavior: 'instant' });
    }
    this.seen = scrollY;
  }

  /**
   * The line that is read: the first that begins within the window, or else the one that fills it; undefined without
   * lines.
   */
  inView() {
    const lines = this.list.children;
    let [low, high] = [0, lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lines[middle].getBoundingClientRect().top < 0) low = middle + 1;
      else high = middle;
    }
    const mark = lines[low];
    return mark && mark.getBoundingClientRect().top < innerHeight ? mark : lines[low - 1];
  }
}
