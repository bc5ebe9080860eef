// Parts of the page that only translations and interpretations have: how a line was translated, the original beside it,
// and the translation in place of a silent interpreter. Loaded with such texts only, and its larger parts when needed.

import { made as described } from '../lib/made.js';
import { at, element, set } from '../lib/nodes.js';

const root = document.documentElement;

export const made = described; // as open pages of 0.2.0 call it

export class OtherText {
  /** @type {?import('./both.js').Both} */
  #both = null;
  /** @type {?import('./instead.js').Instead} */
  #instead = null;
  /** @type {?Element} the notice that names the way of the newest translation */
  #way = null;
  #said = ''; // what it says

  /**
   * @param {{view: import('./view.js').View, words: import('../lib/words.js').Words, place: import('./scroll_position.js').ScrollPosition, choices: import('../lib/choices.js').Choices,
   *   tell: (text: string) => void, base: string, translated: boolean, wait: () => number}} with_  `translated`: by a machine; `wait` as in js/reader/both.js
   */
  constructor({ view, words, place: scroll, choices, tell, base, translated, wait }) { // `place`: as open pages of 0.2.0 call it
    this.view = view;
    this.reader = view.reader;
    this.words = words;
    this.scroll = scroll;
    this.choices = choices;
    this.tell = tell;
    this.base = base;
    this.translated = translated;
    this.wait = wait;
    this.how = described(words, root.lang);
    view.after = () => this.#both?.update();
    this.#name();
    this.ways = at('Ways');
    this.ways?.addEventListener('click', (event) => {
      const { show } = event.target.dataset;
      if (!show || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.choices.choose('show', show);
    });
  }

  /** Show the original beside the translation, or not, as the reader chose. */
  async show() {
    if (!this.ways) return;
    const { show = 'translation' } = root.dataset;
    for (const link of this.ways.querySelectorAll('a')) {
      if (link.dataset.show === show) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
    const both = show === 'both' || show === 'side';
    if (both && !this.#both) {
      const { Both } = await import('./both.js');
      const { words, base, scroll, wait } = this;
      this.#both ??= new Both(this.view, { words, base, wait, around: (change) => scroll.around(change) });
    }
    this.scroll.around(() => this.#both?.show(both));
  }

  /** Name the way of the newest translation among the notices, as the server does: a page may be there before its lines. */
  #name() {
    const made = [...this.reader.lines.values()].findLast(({ made_from: from }) => from?.route)?.made_from;
    if (!made?.route || !at('Notices')) return;
    const said = made.rough || made.route.includes(', ') ? this.how(made) : '';
    if (said === this.#said) return;
    this.#said = said;
    const notices = [...at('Notices').querySelectorAll('p')];
    this.#way ??= notices.find(({ textContent }) => textContent === said) ?? element('p', {});
    set(this.#way, said);
    if (said) notices[0].after(this.#way);
    else this.#way.remove();
  }

  /** Check whether another text is to be read in place of this one. Called after each frame. */
  async look() {
    this.#name();
    if (!this.#instead) {
      if ((this.translated || !this.reader.instead) && !at('Instead').textContent) return;
      const { Instead } = await import('./instead.js');
      this.#instead ??= new Instead({ words: this.words, tell: this.tell, following: () => this.scroll.following });
    }
    this.#instead.look(this.reader.instead, this.translated, this.reader.session.status === 'closed');
  }

  /** The reader is at the end of the text again. */
  followed() {
    this.#instead?.followed();
  }
}
