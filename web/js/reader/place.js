// The reader's place: at the end it stays at the end; anywhere else nothing moves under the eye.

import { at } from '../lib/nodes.js';

const SLACK = 48; // px from the end that still count as the end
const LOW = matchMedia('(max-height: 20rem)'); // then what stands beside the text otherwise stands behind it

export class Place {
  /** @param {Element} list  @param {(following: boolean) => void} tell */
  constructor(list, tell) {
    this.list = list;
    this.tell = tell;
    this.following = false;
    this.seen = scrollY;
    /** @type {?number} scrollY at which somebody stays */
    this.still = null;
    addEventListener('scroll', () => this.#look(), { passive: true });
    new ResizeObserver(() => this.following && this.toEnd()).observe(document.body);
  }

  #bottom() {
    const end = LOW.matches ? scrollY + at('Reader').getBoundingClientRect().bottom : document.documentElement.scrollHeight;
    return Math.max(0, end - innerHeight);
  }

  /** Whoever reaches the end follows; whoever goes back stops following. */
  #look() {
    if (scrollY === this.still) return;
    this.still = null;
    const following = this.#bottom() - scrollY <= SLACK || (this.following && scrollY >= this.seen);
    this.seen = scrollY;
    if (following !== this.following) {
      this.following = following;
      this.tell(following);
    }
  }

  follow() {
    this.toEnd();
    if (!this.following) {
      this.following = true;
      this.tell(true);
    }
  }

  /** The page has another length. */
  settle() {
    if (this.following) this.toEnd();
    else this.#look();
  }

  /** Stay, though near the end, until somebody scrolls. */
  stay() {
    this.following = false;
    this.still = this.seen = scrollY;
    this.tell(false);
  }

  toEnd() {
    scrollTo({ top: this.#bottom(), behavior: 'instant' });
    this.seen = scrollY;
  }

  /** Change the page by `update`, all at once. @param {() => void} update */
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

  /** The line that is read: the first that begins within the window, else the one that fills it. */
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
