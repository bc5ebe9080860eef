// An interpreter falls silent while others speak: whoever reads them reads the machine's translation until they go on.
// Whoever chose the translation stays with it. Who looks back at older lines is not taken away from them, but asked.

import { at, element } from '../lib/nodes.js';

const CALM = 1000; // ms in which it is said before the page is left, and may be called off
const MARK = 'instead-of'; // in the address of the translation: which interpreter's text it is read in place of

export class Instead {
  #timer = 0;
  /** @type {?string} */
  #target = null;

  /** @param {{words: import('../lib/words.js').Words, tell: (text: string) => void, following: () => boolean}} with_ */
  constructor({ words, tell, following }) {
    this.words = words;
    this.tell = tell;
    this.following = following;
    this.back = false; // whether the interpreter's text is gone back to
    this.note = at('Instead');
    this.came = new URLSearchParams(location.search).get(MARK);
    if (this.came && this.note.textContent) tell(this.note.textContent);
    else this.note.hidden = true; // what it says without scripts is told anew
  }

  /**
   * @param {?string} channel  which text to read in place of this one; null: this one goes on
   * @param {boolean} translated  whether this one is a translation
   * @param {boolean} over  whether the meeting is closed: nobody goes on, and this text stays
   */
  look(channel, translated, over) {
    const target = over || (translated && channel !== this.came) ? null : channel;
    if (over) this.note.hidden = true;
    if (target === this.#target) return;
    this.#target = target;
    this.back = translated;
    clearTimeout(this.#timer);
    if (target === null) {
      if (!translated) this.note.hidden = true;
      return;
    }
    if (this.following()) this.go();
    else {
      const link = element('a', { href: this.#address() }, this.words.text(translated ? 'instead.back' : 'instead.read'));
      this.note.replaceChildren(link);
      this.note.hidden = false;
      this.tell(link.textContent);
    }
  }

  /** The reader is at the end of the text again. */
  followed() {
    if (this.#target !== null) this.go();
  }

  go() {
    const text = this.words.text(this.back ? 'instead.over' : 'instead');
    this.note.replaceChildren(text);
    this.note.hidden = false;
    this.tell(text);
    this.#timer = setTimeout(() => location.replace(this.#address()), CALM);
  }

  #address() {
    const address = new URL(location.href);
    address.hash = '';
    const { searchParams: query } = address;
    if (this.back) query.delete(MARK);
    else query.set(MARK, query.get('channel') ?? '');
    query.set('channel', this.#target ?? '');
    return address.href;
  }
}
