// Matching a video: the reader presses a button on hearing a line in the video; the text is held back by what lies
// between the coming of that line and the press.

import { keep, recall } from '../lib/kept.js';
import { at } from '../lib/nodes.js';

const WORDS = 8; // of a line are enough to know it by ear

export class Video {
  /** @type {?string} */
  #asked = null; // the line that the reader listens for

  /**
   * @param {import('./held.js').Held} held
   * @param {{key: string, words: import('../lib/words.js').Words, came: Map<string, number>, newest: () => ?{id: string, text: string},
   *   tell: () => void, view: import('./view.js').View, place: import('./place.js').Place}} with_  `came`: id of a line → when it began to come, ms
   */
  constructor(held, { key, words, came, newest, tell, view, place }) {
    this.held = held;
    this.key = key;
    this.words = words;
    this.came = came;
    this.newest = newest;
    this.tell = tell;
    this.view = view;
    this.place = place;
    const kept = Number(recall(key));
    if (kept > 0) held.by(kept);
    this.#show();
    this.#ask();
    at('Video').addEventListener('toggle', () => this.#ask());
    at('HearOther').addEventListener('click', () => this.#ask());
    at('HearNow').addEventListener('click', () => {
      const came = this.came.get(this.#asked ?? '');
      if (came !== undefined) this.#hold((Date.now() - came) / 1000);
    });
    at('HoldLess').addEventListener('click', () => this.#hold(held.seconds - 1));
    at('HoldMore').addEventListener('click', () => this.#hold(held.seconds + 1));
    at('HoldNot').addEventListener('click', () => this.#hold(0));
  }

  /** A frame came. */
  note() {
    if (this.#asked === null && at('Video').open) setTimeout(() => this.#ask());
  }

  /** Text that was on the page from the start, at `made` (Unix ms), waits as well. @param {number} made */
  wait(made) {
    const { view, place, held } = this;
    if (!held.seconds || !view.reader.session.clock) return;
    const [media, wall] = view.reader.session.clock;
    const hide = (/** @type {HTMLElement} */ item, /** @type {number} */ ms) => {
      if (ms <= 0) return;
      item.hidden = true;
      setTimeout(() => place.around(() => (item.hidden = false)), ms);
    };
    for (const item of view.list.children) {
      hide(item, wall + Number(item.dataset.t0) - media + held.seconds * 1000 - made);
    }
    hide(view.growing, held.seconds * 1000);
  }

  #ask() {
    const line = this.newest();
    this.#asked = line && this.came.has(line.id) ? line.id : null;
    at('HearNow').disabled = this.#asked === null;
    const text = line?.text.split(/\s+/).slice(0, WORDS).join(' ');
    at('Hear').textContent = this.#asked === null ? this.words.text('hear.nothing') : this.words.text('hear', { text });
  }

  /** @param {number} seconds */
  #hold(seconds) {
    this.held.by(seconds);
    keep(this.key, this.held.seconds);
    this.#show();
    this.place.around(() => {
      for (const item of [...this.view.list.children, this.view.growing]) item.hidden = false;
    });
    this.tell();
  }

  #show() {
    at('Held').textContent = this.said || this.words.text('held.not');
  }

  /** How far the text is held back, in words; empty when it isn't. */
  get said() {
    return this.held.seconds ? this.words.text('held', { n: this.held.seconds }) : '';
  }
}
