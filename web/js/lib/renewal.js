// A page that the server makes, renewed in place: named parts of it are asked for again and put where they differ.

import { at, set } from './nodes.js';

const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const SPREAD = 2000; // ms over which readers spread their questions
const CUT = 1500; // ms: one that heals in this time isn't worth a word
const WORDS = /^(intervention|queue|turn)\.|^session\.|^body\.removed/;

/** Has the page say while its line is away: what stands there may be old. To be told whether the line is open, and since when. */
export function stands() {
  let timer = 0;
  return (/** @type {boolean} */ open, /** @type {number} */ since) => {
    clearTimeout(timer);
    const { lost = '' } = at('Away').dataset;
    if (open) set(at('Away'), '');
    else timer = setTimeout(() => set(at('Away'), lost), CUT - (Date.now() - since));
  };
}

/** Whether an event of the meeting may change what such a page says. @param {{body: ?EventBody}} event */
export const concerns = (event) => WORDS.test(event.body?.type ?? '');

/** With scripts a line of the text is found on the page that goes on, however old it is. */
for (const kind of ['click', 'auxclick']) { // by a key as well, and before the browser goes there
  addEventListener(kind, ({ target }) => {
    /** @type {?HTMLAnchorElement} */
    const link = target instanceof Element ? target.closest('a[data-live]') : null;
    if (link?.dataset.live) link.href = link.dataset.live;
  });
}

/** A page that answers a form stands under the form's address: it takes its own, which is asked for and loaded again. */
const { here } = document.querySelector('main')?.dataset ?? {};
if (here && new URL(here, location.href).pathname !== location.pathname) history.replaceState(null, '', here);

export class Renewal {
  #timer = 0;
  #busy = false;
  #again = false;
  #atOnce = false;

  /**
   * @param {string[]} parts  ids of what is renewed
   * @param {(made: Document) => void} then  told of the page that came
   * @param {?string} address  of what has those parts, where it isn't the page itself
   */
  constructor(parts, then = () => {}, address = null) {
    this.parts = parts;
    this.address = address;
    this.then = then;
  }

  /** Ask within so many ms; what is wanted meanwhile is asked for once. */
  soon(spread = SPREAD) {
    this.#timer ||= setTimeout(() => this.#ask(), 200 + Math.random() * spread);
  }

  /** Ask at once; while an answer is under way, which may be too old, as soon as it has come. */
  now() {
    clearTimeout(this.#timer);
    this.#atOnce = this.#busy;
    this.#ask();
  }

  async #ask() {
    this.#timer = 0;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.#again = false;
    try {
      const asked = { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) };
      const answer = await fetch(this.address ?? location.href, asked);
      if (answer.ok) this.#put(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch {
      this.#again = true; // The line is away.
      this.#atOnce = false;
    }
    this.#busy = false;
    if (this.#atOnce) this.now();
    else if (this.#again) this.soon();
  }

  /** @param {Document} made */
  #put(made) {
    if (!this.address) document.title = made.title;
    for (const id of this.parts) {
      const old = document.getElementById(id);
      const next = made.getElementById(id);
      const open = [...(old?.querySelectorAll('details') ?? [])].map((each) => each.open);
      next?.querySelectorAll('details').forEach((each, n) => (each.open = open[n] ?? each.open)); // What was opened stays so.
      if (this.address && old && !next) old.replaceChildren(); // There is nothing to say any more.
      if (!old || !next || old.innerHTML === next.innerHTML) continue; // What stays is not read out again.
      const focused = old.contains(document.activeElement) ? document.activeElement?.id : '';
      old.replaceChildren(...next.childNodes);
      if (focused) document.getElementById(focused)?.focus();
    }
    this.then(made);
  }
}
