// Typing in one's turn: readers see the words while they are written, and sentences become lines one by one. Lines that
// are not acknowledged are sent again; each has an id, so that it is stored once. At a hub (`data-by-line`) only lines
// that their author has finished are sent, and none while nothing is recorded.

import { at, element, set } from '../lib/nodes.js';
import { sentences } from '../lib/sentences.js';

const GAP = 300; // ms between two requests at least: fewer than four a second
const AGAIN = 1500; // ms until a failed request is sent again
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const PAUSE = 5000; // ms without typing after which the text becomes a line
const LINES = { rows: true, longest: 300 }; // how the text is divided into lines
const MOST = 20; // lines in one request, the server's limit

const newName = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export class Typing {
  #page = newName();
  #n = 0;
  /** @type {{line: string, text: string, unkept: boolean}[]} */
  #waiting = []; // lines that are not acknowledged yet; `unkept`: typed while nothing was recorded
  #busy = false;
  #again = false;
  #late = false; // whether the last request failed
  #timer = 0; // until the next request may be sent
  #pause = 0;
  #over = false;

  /** Take over the form on the page. */
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
    // The text is not lost when the page is left.
    addEventListener('pagehide', () => {
      if (this.#over || (!this.#waiting.length && (this.byLine || !this.field.value.trim()))) return;
      navigator.sendBeacon(this.form.action, new Blob([this.#body()], { type: 'application/json' }));
    });
    if (this.field.value.trim()) this.#written();
    if (this.byLine && !this.recorded) this.#say(this.form.dataset.notRecorded);
  }

  /**
   * Recording has begun or ended. The text in the field was typed before that, so it becomes a line now; by line it
   * stays in the field.
   * @param {boolean} recorded
   */
  keep(recorded) {
    if (recorded === this.recorded) return;
    if (!this.byLine) this.#finish();
    this.recorded = recorded;
    at('Unkept').hidden = recorded;
    if (this.byLine && !this.#over) this.#say(recorded ? '' : this.form.dataset.notRecorded);
  }

  /** The turn is over: text that was not sent stays in the field, which can't be edited any more. */
  end() {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#pause);
    const left = [...this.#waiting.map(({ text }) => text), this.field.value.trim()].filter(Boolean).join(' ');
    for (const part of this.form.querySelectorAll('h2, .hint, button')) part.hidden = true; // they have no use any more
    this.field.value = left;
    this.field.readOnly = true;
    if (left) this.#say(this.form.dataset.over);
    else this.form.hidden = true;
  }

  /**
   * The text that was not sent when the turn ended, and whether it would have been recorded; null while the turn goes
   * on.
   */
  get left() {
    return this.field.readOnly ? { text: this.field.value, recorded: this.recorded } : null;
  }

  /**
   * Put such text into the field of the next turn, if recording is as it was then. It is sent only when its author
   * continues to type.
   * @param {Typing['left']} [left]
   */
  put(left) {
    if (left && left.recorded === this.recorded) this.field.value ||= left.text;
  }

  /** The text has changed: send sentences that have ended as lines, and show the rest. */
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

  /** Make lines of the whole text in the field, and send them. */
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

  /** Queue a line. @param {string} text */
  #add(text) {
    this.#waiting.push({ line: this.line, text, unkept: !this.recorded });
    this.line = newName();
    this.form.elements.line.value = this.line;
    at('Typed').append(element('li', {}, text));
  }

  /** Put the lines that the server refused back into the field. They are the last ones in the list of lines. */
  #giveBack() {
    for (const { text } of this.#waiting.reverse()) {
      at('Typed').lastElementChild?.remove();
      this.field.value = `${text} ${this.field.value}`.trim();
    }
    this.#waiting = [];
  }

  /** The body of the next request, as JSON. */
  #body() {
    this.#n += 1;
    const text = this.byLine ? '' : this.field.value;
    return JSON.stringify({ page: this.#page, n: this.#n, line: this.line, text, done: this.#waiting.slice(0, MOST) });
  }

  /** Don't wait with a finished line: the turn may end with it. */
  #hurry() {
    if (this.#late) return; // after a failure the next attempt has its own time
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
      this.#send(); // lines were finished meanwhile
      return;
    }
    this.#again ||= !arrived;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#again) this.#send();
    }, arrived ? GAP : AGAIN);
  }

  /** Send one request; resolves to whether the server has answered it for good. */
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
