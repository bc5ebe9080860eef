// The field in which a captioner writes: readers see its text grow, and each finished sentence is sent as a line, in
// order.

import { at, element, set } from '../lib/nodes.js';
import { oneLine, sentences } from '../lib/sentences.js';
import { direction } from '../lib/words.js';

const GAP = 40; // ms between two updates for readers

/** @typedef {import('./draft.js').Waiting} Waiting */

export class Composing {
  #timer = 0;
  #told = ''; // the unfinished line as readers see it
  #kept = false; // whether words of this moment are kept: the meeting is open and recorded
  #sending = false;
  #building = false; // whether an input method is composing a word

  /**
   * @param {import('./draft.js').Draft} draft  @param {{saved: () => Promise<void>}} store
   * @param {{send: (line: Waiting) => Promise<Answer>, stands: (segment: string) => boolean, how: () => import('./draft.js').How,
   *          tell: (typed: {line: string, text: string, language: string}) => void, ended: (text: string) => string,
   *          refused: (refusal: Refusal) => void, changed: () => void}} does
   *   `saved` of `store`: resolves when the draft is on disk; `stands`: whether a line is in the text already; `how`:
   *   channel, language and speaker of new lines; `tell`: show readers the unfinished line; `ended`: gives a text as it
   *   is to be sent; `changed`: the list of lines waiting for their answer has changed
   */
  constructor(draft, store, does) {
    this.draft = draft;
    this.store = store;
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

  /** Take over the meeting's status. @param {Session} session */
  stands({ status, not_recorded: since = null }) {
    this.#kept = status === 'open' && since === null;
    this.draft.type(this.field.value, this.#kept);
    this.#show();
  }

  /** The text in the field, which has not been sent as a line yet. */
  get own() {
    return this.field.value.trim();
  }

  /** Set language and direction of the field as chosen. */
  written() {
    const { value } = this.form.elements.language;
    this.field.lang = value;
    this.field.dir = direction(value);
  }

  /** The connection is open again: show readers the unfinished line anew, and continue to send lines. */
  again() {
    this.#told = '';
    this.#tell();
    this.#send();
  }

  /** Send the whole field, one line for each sentence, the last one even if it hasn't ended. */
  sendAll() {
    const { ended, rest } = sentences(this.field.value);
    this.#ended([...ended, this.does.ended(oneLine(rest))], '');
  }

  /** Replace the text from `from` up to the caret. @param {number} from  @param {string} text */
  complete(from, text) {
    this.field.setRangeText(text, from, this.field.selectionStart, 'end');
    this.#typed();
  }

  /**
   * Put a text before that in the field; the captioner can edit it, and it is sent with the next line.
   * @param {string} text
   */
  put(text) {
    this.draft.type([text, this.own].filter(Boolean).join(' '), this.#kept);
    this.#fill();
  }

  /** A line was to be taken back into the field: `gone` says whether it has left the text. @param {boolean} gone */
  takenBack(gone) {
    this.draft.taken(gone);
    if (gone) this.#fill();
  }

  #typed() {
    const { value, selectionEnd } = this.field;
    this.draft.type(value, this.#kept);
    if (!this.#building && this.#kept && !this.draft.apart) {
      // Sentences after the caret have ended already: they were taken back into the field to be edited, and stay there.
      const { ended, rest } = sentences(value.slice(0, selectionEnd));
      if (ended.length) this.#ended(ended, rest + value.slice(selectionEnd));
    }
    // In these languages an input method shows sounds until the characters are chosen, which readers should not see.
    if (!this.#building || !/^(?:zh|ja|ko)/.test(this.field.lang)) this.#tell();
    this.#show();
  }

  /**
   * Queue finished texts as lines, and keep the rest in the field with the caret where it was.
   * @param {string[]} texts  @param {string} rest
   */
  #ended(texts, rest) {
    if (!this.draft.send(texts, rest, this.does.how())) {
      this.does.refused({ code: 'busy' });
      return;
    }
    const behind = this.field.value.length - this.field.selectionEnd;
    this.field.value = rest;
    const caret = Math.max(0, rest.length - behind);
    this.field.setSelectionRange(caret, caret);
    this.#told = ''; // the next line begins
    this.#show();
    this.does.changed();
    this.#send();
  }

  /** Send the waiting lines one after the other. After a refusal all of them go back into the field. */
  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    for (let [next] = this.draft.waiting; next; [next] = this.draft.waiting) {
      await this.store.saved(); // before it is sent: a crash must not leave the words of a sent line in the field
      const { refusal } = this.does.stands(next.segment) ? {} : await this.does.send(next);
      if (refusal && !this.does.stands(next.segment)) {
        // To change the field now would lose the word that the input method is composing.
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

  /** Put the draft's text into the field. */
  #fill() {
    this.field.value = this.draft.text;
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    this.#told = '';
    this.#tell();
    this.#show();
    this.does.changed();
  }

  /** Show readers the unfinished line: at once, or GAP ms after the last update. */
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

/**
 * Show the lines that wait for the server's answer, after the text.
 * @param {readonly Waiting[]} waiting  @param {import('../lib/words.js').Words} words
 */
export function onTheirWay(waiting, words) {
  at('OnWay').replaceChildren(...waiting.map(({ segment, text, language }) => element('li', { 'data-of': segment },
    element('p', { class: 'text', lang: language, dir: direction(language) }, text))));
  at('OnWay').hidden = !waiting.length;
  set(at('OnWayMany'), waiting.length > 1 ? words.counted('on-way', waiting.length) : '');
}
