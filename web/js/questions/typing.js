// Typing in one's turn: words are shown while they are written, and become lines one by one. What was not acknowledged
// is sent again; a line that is sent twice is one. At a hub (`data-by-line`) nothing leaves the page but the lines that
// their author finishes, and none while nothing is recorded.

import { at, element, set } from '../lib/nodes.js';
import { sentences } from '../lib/sentences.js';

const GAP = 300; // ms between two texts at least: fewer than four a second
const AGAIN = 1500; // ms until what did not arrive is sent again
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const PAUSE = 5000; // ms without a word after which what stands there is a line
const LINES = { rows: true, longest: 300 }; // where what is typed falls into lines
const MOST = 20; // lines that are sent at once, as the server takes them

const newName = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export class Typing {
  #page = newName();
  #n = 0;
  /** @type {{line: string, text: string, unkept: boolean}[]} */
  #waiting = []; // lines that may not have arrived: {line, text, unkept}
  #busy = false;
  #again = false;
  #late = false; // whether the last try failed
  #timer = 0; // until the next text may be sent
  #pause = 0;
  #over = false;

  /** Take the form of the page over. */
  constructor() {
    this.form = at('Typing');
    this.field = at('Words');
    this.line = this.form.elements.line.value;
    this.recorded = this.form.dataset.recorded === 'yes';
    this.byLine = this.form.dataset.byLine !== undefined;
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#finish();
      this.field.focus();
    });
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#finish();
    });
    this.field.addEventListener('input', (event) => event.isComposing || this.#written());
    this.field.addEventListener('compositionend', () => this.#written());
    // Whoever leaves the page loses nothing that stands there.
    addEventListener('pagehide', () => {
      if (this.#over || (!this.#waiting.length && (this.byLine || !this.field.value.trim()))) return;
      navigator.sendBeacon(this.form.action, new Blob([this.#body()], { type: 'application/json' }));
    });
    if (this.field.value.trim()) this.#written();
    if (this.byLine && !this.recorded) this.#say(this.form.dataset.notRecorded);
  }

  /**
   * Say whether what is typed from here on is kept. What was being written belongs to what was before; by line it stays in the field.
   * @param {boolean} recorded
   */
  keep(recorded) {
    if (recorded === this.recorded) return;
    if (!this.byLine) this.#finish();
    this.recorded = recorded;
    at('Unkept').hidden = recorded;
    if (this.byLine && !this.#over) this.#say(recorded ? '' : this.form.dataset.notRecorded);
  }

  /** The turn is over: what was not sent stays where it is. */
  end() {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#pause);
    const left = [...this.#waiting.map(({ text }) => text), this.field.value.trim()].filter(Boolean).join(' ');
    for (const part of this.form.querySelectorAll('h2, .hint, button')) part.hidden = true; // There is nothing to do any more.
    this.field.value = left;
    this.field.readOnly = true;
    if (left) this.#say(this.form.dataset.over);
    else this.form.hidden = true;
  }

  /** What its author had not sent when the turn ended, and whether it would have been kept. */
  get left() {
    return this.field.readOnly ? { text: this.field.value, recorded: this.recorded } : null;
  }

  /**
   * Have that stand in the field again, if it is kept now as it was to be then. Nobody reads it before its author goes on typing.
   * @param {Typing['left']} [left]
   */
  put(left) {
    if (left && left.recorded === this.recorded) this.field.value ||= left.text;
  }

  #written() {
    if (this.#over || this.byLine) return;
    const { value, selectionStart } = this.field;
    const { ended, rest } = sentences(value, LINES);
    for (const text of ended) this.#add(text);
    if (ended.length) {
      this.field.value = rest;
      const caret = Math.max(0, selectionStart - (value.length - rest.length));
      this.field.setSelectionRange(caret, caret);
    }
    clearTimeout(this.#pause);
    this.#pause = rest.trim() ? setTimeout(() => this.#finish(), PAUSE) : 0;
    if (ended.length) this.#hurry();
    this.#send();
  }

  /** Make lines of all that stands there. */
  #finish() {
    if (this.#over) return;
    if (this.byLine && !this.recorded) {
      this.#say(this.form.dataset.notRecorded);
      return;
    }
    clearTimeout(this.#pause);
    const { ended, rest } = sentences(this.field.value, LINES);
    for (const text of [...ended, rest.trim()]) if (text) this.#add(text);
    this.field.value = '';
    if (this.#waiting.length) this.#hurry();
    this.#send();
  }

  /** @param {string} text */
  #add(text) {
    this.#waiting.push({ line: this.line, text, unkept: !this.recorded });
    this.line = newName();
    this.form.elements.line.value = this.line;
    at('Typed').append(element('li', {}, text));
  }

  /** Put the lines that were not taken back into the field. What is shown last of all lines is those. */
  #giveBack() {
    for (const { text } of this.#waiting.reverse()) {
      at('Typed').lastElementChild?.remove();
      this.field.value = `${text} ${this.field.value}`.trim();
    }
    this.#waiting = [];
  }

  #body() {
    this.#n += 1;
    const text = this.byLine ? '' : this.field.value;
    return JSON.stringify({ page: this.#page, n: this.#n, line: this.line, text, done: this.#waiting.slice(0, MOST) });
  }

  /** A line that is finished doesn't wait: the turn may end with it. */
  #hurry() {
    if (this.#late) return; // The line was away, and is tried again in its time.
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  async #send() {
    if (this.byLine && !this.#waiting.length) return;
    if (this.#busy || this.#timer) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.#again = false;
    const arrived = await this.#ask();
    this.#busy = false;
    if (this.#over) return;
    this.#late = !arrived;
    if (arrived && this.#waiting.length) {
      this.#send(); // Finished meanwhile.
      return;
    }
    this.#again ||= !arrived;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#again) this.#send();
    }, arrived ? GAP : AGAIN);
  }

  /** Send what there is; says whether it has arrived. */
  async #ask() {
    try {
      const answer = await fetch(this.form.action, {
        method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: this.#body(), signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.ok) {
        const { kept, recorded } = await answer.json();
        this.#waiting = this.#waiting.filter(({ line }) => !kept.includes(line));
        this.#say('');
        this.keep(recorded);
        if (this.byLine && !recorded) {
          this.#giveBack();
          this.#say(this.form.dataset.notRecorded);
        }
        return true;
      }
      if (answer.status === 409) {
        const { why } = await answer.json();
        if (why !== 'recorded' && why !== 'not_recorded') {
          this.end();
          return false;
        }
        this.#giveBack();
        this.keep(why === 'recorded');
        this.#say(why === 'recorded' ? this.form.dataset.recordedNow : this.form.dataset.notRecorded);
        return true;
      }
      if (answer.status === 423) this.#say(this.form.dataset.break);
      else this.#say(this.form.dataset.again);
    } catch {
      this.#say(this.form.dataset.again);
    }
    return false;
  }

  #say(text = '') {
    set(at('TypingStands'), text);
  }
}
