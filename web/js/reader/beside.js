// The meeting's questions beside its text, in a window with room for them: parts of their page, renewed when something
// happens to them. What is pressed here is sent from here, so that nobody leaves the text for it.

import { keep } from '../lib/kept.js';
import { Renewal, concerns } from '../lib/renewal.js';

const PARTS = ['Now', 'NowActs', 'Hands', 'Room', 'Queue'];
const SPREAD = 8000; // ms over which readers spread their questions: many may have this open
const KEY = 'moothall.beside'; // js/reader/page.js opens it again where there is room

export class Beside {
  /** @param {HTMLDetailsElement & {dataset: DOMStringMap & {address: string}}} panel */
  constructor(panel) {
    this.panel = panel;
    this.renewal = new Renewal(PARTS, () => {}, panel.dataset.address);
    panel.addEventListener('submit', (event) => this.#send(event));
    this.open();
  }

  /** It was opened or closed: remembered for the next text. */
  open() {
    keep(KEY, this.panel.open);
    if (this.panel.open) this.renewal.now();
  }

  /** Something happened in the meeting. @param {EventBody} body */
  happened(body) {
    if (this.panel.open && (concerns({ body }) || /^(poll|support)\./.test(body.type))) this.renewal.soon(SPREAD);
  }

  /** @param {SubmitEvent} event */
  async #send(event) {
    event.preventDefault();
    const { target: form, submitter } = event;
    try {
      const body = new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form, submitter)]));
      const answer = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'text/html' } });
      if (!answer.ok) throw new Error('It was refused.');
      this.renewal.now();
    } catch {
      form.submit(); // the page that answers says why
    }
  }
}
