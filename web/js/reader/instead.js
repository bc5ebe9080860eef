// Takes readers of an interpreter who falls silent to the machine's translation, and back when the interpreter
// continues. Readers who chose the translation themselves stay there. A reader who looks back at older lines gets a
// link instead.

import { at, element } from '../lib/nodes.js';

const CALM = 1000; // ms for which the change is announced before the page is left; until then it can be cancelled
const MARK = 'instead-of'; // in the translation's address: the interpreter's channel in whose place it is read

export class Instead {
  #timer = 0;
  /** @type {?string} */
  #target = null;

  /** @param {{words: import('../lib/words.js').Words, tell: (text: string) => void, following: () => boolean}} with_ */
  constructor({ words, tell, following }) {
    this.words = words;
    this.tell = tell;
    this.following = following;
    this.back = false; // whether the change leads back to the interpreter's text
    this.note = at('Instead');
    this.came = new URLSearchParams(location.search).get(MARK);
    if (this.came && this.note.textContent) tell(this.note.textContent);
    else this.note.hidden = true; // the note for readers without scripts; `look` writes a new one
  }

  /**
   * Go to another text, offer a link to it, or take that back.
   * @param {?string} channel  the text to read in place of this one; null: this one continues
   * @param {boolean} translated  whether this text is a translation
   * @param {boolean} over  whether the meeting is closed: then the reader stays with this text
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

  /** Announce the change, then load the other text. */
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
