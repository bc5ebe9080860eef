// The meeting's questions beside its text, in a window that is wide enough: parts of the page of questions, renewed
// when a question changes. Their forms are sent from here, so that nobody has to leave the text.

import { keep } from '../lib/kept.js';
import { Renewal, concerns } from '../lib/renewal.js';

const PARTS = ['Now', 'NowActs', 'Hands', 'Room', 'Queue'];
const SPREAD = 8000; // ms over which readers spread their requests: many may have this open
const KEY = 'moothall.beside'; // what the reader chose last, read by js/lib/early.js and js/reader/page.js

export class Beside {
  /** @param {HTMLDetailsElement & {dataset: DOMStringMap & {address: string}}} panel */
  constructor(panel) {
    this.panel = panel;
    this.renewal = new Renewal(PARTS, () => {}, panel.dataset.address);
    panel.addEventListener('submit', (event) => this.#send(event));
    this.open();
  }

  /** The panel was opened or closed: renew an open panel. */
  open() {
    if (this.panel.open) this.renewal.now();
  }

  /** The reader has chosen whether the panel is open: remember that for the next text. */
  choose() {
    keep(KEY, this.panel.open);
  }

  /** Renew the open panel where an event of the meeting concerns it. @param {EventBody} body */
  happened(body) {
    if (this.panel.open && (concerns({ body }) || /^(poll|support)\./.test(body.type))) this.renewal.soon(SPREAD);
  }

  /** Send a form without leaving the page. @param {SubmitEvent} event */
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
