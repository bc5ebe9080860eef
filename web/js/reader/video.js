// Matches the text to a delayed video: the reader presses a button on hearing a given line in the video, and the text
// is held back by the time between the arrival of that line and the press.

import { keep, recall } from '../lib/kept.js';
import { at } from '../lib/nodes.js';

const WORDS = 8; // words of a line that are shown, enough to recognise it by ear

export class Video {
  /** @type {?string} */
  #asked = null; // the line that the reader listens for

  /**
   * @param {import('./held.js').Held} held  `key`: under which the delay is stored in the browser
   * @param {{key: string, words: import('../lib/words.js').Words, came: Map<string, number>, newest: () => ?{id: string, text: string},
   *   tell: () => void, view: import('./view.js').View, place: import('./scroll_position.js').ScrollPosition}} with_  `came`: line id →
   *   when its first event came, Unix ms
   */
  constructor(held, { key, words, came, newest, tell, view, place: scroll }) { // `place`: as open pages of 0.2.0 call it
    this.held = held;
    this.key = key;
    this.words = words;
    this.came = came;
    this.newest = newest;
    this.tell = tell;
    this.view = view;
    this.scroll = scroll;
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

  /** A frame came: if no line was there to listen for, choose one. */
  note() {
    if (this.#asked === null && at('Video').open) setTimeout(() => this.#ask());
  }

  /**
   * Hide the text that the page had from the start until the video is as far.
   * @param {number} made  when the page was made, Unix ms
   */
  wait(made) {
    const { view, scroll, held } = this;
    if (!held.seconds || !view.reader.session.clock) return;
    const [media, wall] = view.reader.session.clock;
    const hide = (/** @type {HTMLElement} */ item, /** @type {number} */ ms) => {
      if (ms <= 0) return;
      item.hidden = true;
      setTimeout(() => scroll.around(() => (item.hidden = false)), ms);
    };
    for (const item of view.list.children) {
      hide(item, wall + Number(item.dataset.t0) - media + held.seconds * 1000 - made);
    }
    hide(view.growing, held.seconds * 1000);
  }

  /** Choose the newest line as the one to listen for. */
  #ask() {
    const line = this.newest();
    this.#asked = line && this.came.has(line.id) ? line.id : null;
    at('HearNow').disabled = this.#asked === null;
    const text = line?.text.split(/\s+/).slice(0, WORDS).join(' ');
    at('Hear').textContent = this.#asked === null ? this.words.text('hear.nothing') : this.words.text('hear', { text });
  }

  /** Set and store the delay, and show all text that was hidden. @param {number} seconds */
  #hold(seconds) {
    this.held.by(seconds);
    keep(this.key, this.held.seconds);
    this.#show();
    this.scroll.around(() => {
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
