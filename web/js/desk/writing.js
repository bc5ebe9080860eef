// The form *Write a line*: Enter sends a line, a refused line stays in the field, and readers can see it as it is typed
// if the writer has chosen that.

import { keep, recall } from '../lib/kept.js';
import { newId } from './link.js';
import { at } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

const GAP = 300; // ms between two updates for readers

export class DeskWriting {
  #line = newId();
  #timer = 0;
  #told = ''; // the unfinished line as readers see it
  #kept = false; // whether words of this moment are kept: the meeting is open and recorded
  #apart = false; // whether some of the text was typed while nothing was kept: readers don't see it before it is sent

  /**
   * @param {DeskData} data
   * @param {{ended: (text: string) => string, type: (segment: string, text: string, language: string) => Promise<Answer>, refused: (refusal?: Refusal) => void, tell: (data: {line: string, text: string, language: string}) => void, left: () => void}} does
   *   `ended`: gives a text as it is to be sent; `tell`: shows readers the unfinished line; `left`: Escape was pressed
   */
  constructor(data, does) {
    this.does = does;
    this.form = at('Write');
    this.field = this.form.elements.text;
    this.setting = at('AsTyped');
    this.kept = `moothall.desk.as-typed.${data.link}.${data.session}`;
    this.setting.checked = recall(this.kept) === true;
    this.setting.addEventListener('change', () => {
      keep(this.kept, this.setting.checked);
      this.#show();
    });
    this.field.addEventListener('input', () => this.#typed());
    this.field.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Escape') {
        event.preventDefault();
        this.does.left(); // the typed text stays
      }
      if (event.key !== 'Enter' || event.shiftKey) return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.form.elements.language.addEventListener('change', () => this.written());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** Take over the meeting's status. @param {Session} session */
  stands({ status, not_recorded: since = null }) {
    this.#kept = status === 'open' && since === null;
    this.#mark();
  }

  #mark() {
    this.#apart = this.field.value.trim() !== '' && (this.#apart || !this.#kept);
  }

  /** The connection is open again: show readers the unfinished line anew. */
  again() {
    this.#told = '';
    this.#show();
  }

  /** Set language and direction of the field as chosen. */
  written() {
    const { value } = this.form.elements.language;
    this.field.lang = value;
    this.field.dir = direction(value);
  }

  /** Send the line; after a refusal it is back in the field, before anything typed since. */
  async #send() {
    const line = this.does.ended(this.field.value.replace(/\s+/g, ' ').trim());
    if (!line) return;
    this.field.value = '';
    this.#apart = false;
    clearTimeout(this.#timer);
    this.#timer = 0;
    const [segment, { value: language }] = [this.#line, this.form.elements.language];
    this.#line = newId();
    this.#told = '';
    const answer = await this.does.type(segment, line, language);
    if (answer.refusal) this.field.value = this.field.value ? `${line} ${this.field.value}` : line;
    this.#mark();
    this.does.refused(answer.refusal);
  }

  #typed() {
    this.#mark();
    if (this.#timer || !this.setting.checked) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#show();
    }, GAP);
  }

  /** Show readers the unfinished line, if that was chosen and the text has changed. */
  #show() {
    const text = this.setting.checked && !this.#apart ? this.field.value.replace(/\s+/g, ' ').trimStart() : '';
    if (text === this.#told) return;
    this.#told = text;
    this.does.tell({ line: this.#line, text, language: this.form.elements.language.value });
  }
}
