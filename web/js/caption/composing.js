// The field in which a captioner writes: readers see it grow, and what has ended becomes lines, one after the other.

import { at, element, set } from '../lib/nodes.js';
import { oneLine, sentences } from '../lib/sentences.js';
import { direction } from '../lib/words.js';

const GAP = 40; // ms between two texts that readers are shown

/** @typedef {import('./draft.js').Waiting} Waiting */

export class Composing {
  #timer = 0;
  #told = ''; // what readers were shown of the line
  #kept = false; // whether what is said now is kept
  #sending = false;
  #building = false; // whether an input method builds a word

  /**
   * @param {import('./draft.js').Draft} draft  @param {{saved: () => Promise<void>}} place
   * @param {{send: (line: Waiting) => Promise<Answer>, stands: (segment: string) => boolean, how: () => import('./draft.js').How,
   *          tell: (typed: {line: string, text: string, language: string}) => void, ended: (text: string) => string,
   *          refused: (refusal: Refusal) => void, changed: () => void}} does
   *   `stands`: whether a line is among the text already; `ended`: a text as it is sent; `changed`: of what is on its way
   */
  constructor(draft, place, does) {
    this.draft = draft;
    this.place = place;
    this.does = does;
    this.form = at('Compose');
    this.field = this.form.elements.text;
    this.field.value = draft.text;
    this.field.addEventListener('input', () => this.#typed());
    this.field.addEventListener('compositionstart', () => (this.#building = true));
    this.field.addEventListener('compositionend', () => {
      this.#building = false;
      this.#typed();
    });
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.sendAll();
    });
    this.form.elements.language.addEventListener('change', () => this.written());
    this.#show();
  }

  /** How the meeting stands. @param {Session} session */
  stands({ status, not_recorded: since = null }) {
    this.#kept = status === 'open' && since === null;
    this.draft.type(this.field.value, this.#kept);
    this.#show();
  }

  /** Whether whoever types still has some of it, which no reader's page keeps. */
  get own() {
    return this.field.value.trim();
  }

  /** What is written is of the language that is chosen. */
  written() {
    const { value } = this.form.elements.language;
    this.field.lang = value;
    this.field.dir = direction(value);
  }

  /** The line to the server is open again: readers have lost what was shown before, and what is on its way goes once more. */
  again() {
    this.#told = '';
    this.#tell();
    this.#send();
  }

  /** All that stands there is sent, a line a sentence, whether one ends with it or not. */
  sendAll() {
    const { ended, rest } = sentences(this.field.value);
    this.#ended([...ended, this.does.ended(oneLine(rest))], '');
  }

  /** Put a text in place of what stands before the caret from `from` on. @param {number} from  @param {string} text */
  complete(from, text) {
    this.field.setRangeText(text, from, this.field.selectionStart, 'end');
    this.#typed();
  }

  /** Put a text in front of what stands there; it is the typist's to change, and goes with what they type next. @param {string} text */
  put(text) {
    this.draft.type([text, this.own].filter(Boolean).join(' '), this.#kept);
    this.#fill();
  }

  /** What was to be taken back is gone from the text, or stays there. @param {boolean} gone */
  takenBack(gone) {
    this.draft.taken(gone);
    if (gone) this.#fill();
  }

  #typed() {
    const { value, selectionEnd } = this.field;
    this.draft.type(value, this.#kept);
    if (!this.#building && this.#kept && !this.draft.apart) {
      // What is behind the caret has its end already: it was taken back to be mended.
      const { ended, rest } = sentences(value.slice(0, selectionEnd));
      if (ended.length) this.#ended(ended, rest + value.slice(selectionEnd));
    }
    // Sounds of which characters are still to be chosen are nobody's to read.
    if (!this.#building || !/^(?:zh|ja|ko)/.test(this.field.lang)) this.#tell();
    this.#show();
  }

  /** @param {string[]} texts  @param {string} rest */
  #ended(texts, rest) {
    if (!this.draft.send(texts, rest, this.does.how())) {
      this.does.refused({ code: 'busy' });
      return;
    }
    const behind = this.field.value.length - this.field.selectionEnd;
    this.field.value = rest;
    const caret = Math.max(0, rest.length - behind);
    this.field.setSelectionRange(caret, caret);
    this.#told = ''; // Another line is typed now.
    this.#show();
    this.does.changed();
    this.#send();
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    for (let [next] = this.draft.waiting; next; [next] = this.draft.waiting) {
      await this.place.saved(); // Else a kill now would leave a line that was sent, and its words in the field.
      const { refusal } = this.does.stands(next.segment) ? {} : await this.does.send(next);
      if (refusal && !this.does.stands(next.segment)) {
        // A word that is being built would be lost by what is put into the field.
        if (this.#building) await new Promise((done) => this.field.addEventListener('compositionend', done, { once: true }));
        this.draft.back();
        this.#fill();
        this.does.refused(refusal);
        break;
      }
      this.draft.done(next.segment);
      this.does.changed();
    }
    this.#sending = false;
  }

  #fill() {
    this.field.value = this.draft.text;
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    this.#told = '';
    this.#tell();
    this.#show();
    this.does.changed();
  }

  /** Tell readers how the line reads: at once where nothing was told just now. */
  #tell() {
    if (this.#timer) return;
    const text = this.draft.apart ? '' : this.field.value.replace(/\s+/g, ' ').trimStart();
    if (text === this.#told) return;
    this.#told = text;
    this.does.tell({ line: this.draft.line, text, language: this.form.elements.language.value });
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#tell();
    }, GAP);
  }

  #show() {
    this.form.classList.toggle('yours', this.own !== '');
    this.form.classList.toggle('apart', this.draft.apart);
  }
}

/** Lines on their way, as they are shown behind the text. @param {readonly Waiting[]} waiting  @param {import('../lib/words.js').Words} words */
export function onTheirWay(waiting, words) {
  at('OnWay').replaceChildren(...waiting.map(({ segment, text, language }) => element('li', { 'data-of': segment },
    element('p', { class: 'text', lang: language, dir: direction(language) }, text))));
  at('OnWay').hidden = !waiting.length;
  set(at('OnWayMany'), waiting.length > 1 ? words.counted('on-way', waiting.length) : '');
}
