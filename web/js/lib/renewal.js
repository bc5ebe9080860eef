// Renews a page in place: fetches it again from the server and replaces those of its named parts that have changed.

import { at, set } from './nodes.js';

const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const SPREAD = 2000; // ms over which readers spread their requests
const CUT = 1500; // ms: a shorter interruption is not mentioned
const WORDS = /^(intervention|queue|turn)\.|^session\.|^body\.removed/;

/**
 * Return a callback for the state of the link, which shows in #Away while the link is lost that the page may be out of
 * date. Its arguments: whether the link is open, and since when (Unix ms).
 */
export function stands() {
  let timer = 0;
  return (/** @type {boolean} */ open, /** @type {number} */ since) => {
    clearTimeout(timer);
    const { lost = '' } = at('Away').dataset;
    if (open) set(at('Away'), '');
    else timer = setTimeout(() => set(at('Away'), lost), CUT - (Date.now() - since));
  };
}

/** Whether an event of the meeting may change a page of questions. @param {{body: ?EventBody}} event */
export const concerns = (event) => WORDS.test(event.body?.type ?? '');

/** With scripts, a link to a line leads to the live page (`data-live`), which can load a line of any age. */
for (const kind of ['click', 'auxclick']) { // keys cause them too, and both come before the browser follows the link
  addEventListener(kind, ({ target }) => {
    /** @type {?HTMLAnchorElement} */
    const link = target instanceof Element ? target.closest('a[data-live]') : null;
    if (link?.dataset.live) link.href = link.dataset.live;
  });
}

/** A page that answers a form has the form's address. Give it its own, from which it can be renewed and reloaded. */
const { here } = document.querySelector('main')?.dataset ?? {};
if (here && new URL(here, location.href).pathname !== location.pathname) history.replaceState(null, '', here);

export class Renewal {
  #timer = 0;
  #busy = false;
  #again = false;
  #atOnce = false;

  /**
   * @param {string[]} parts  ids of the elements to renew
   * @param {(made: Document) => void} then  called with each page that was fetched
   * @param {?string} address  from where these parts are fetched; null: from the address of this page
   */
  constructor(parts, then = () => {}, address = null) {
    this.parts = parts;
    this.address = address;
    this.then = then;
  }

  /** Renew within `spread` ms; calls until then share one request. */
  soon(spread = SPREAD) {
    this.#timer ||= setTimeout(() => this.#ask(), 200 + Math.random() * spread);
  }

  /** Renew at once. While a request is under way, whose answer may already be old, renew again when it has ended. */
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
      this.#again = true; // there is no connection: try again later
      this.#atOnce = false;
    }
    this.#busy = false;
    if (this.#atOnce) this.now();
    else if (this.#again) this.soon();
  }

  /** Put the fetched parts on the page. @param {Document} made */
  #put(made) {
    if (!this.address) document.title = made.title;
    for (const id of this.parts) {
      const old = document.getElementById(id);
      const next = made.getElementById(id);
      const open = [...(old?.querySelectorAll('details') ?? [])].map((each) => each.open);
      next?.querySelectorAll('details').forEach((each, n) => (each.open = open[n] ?? each.open)); // what the reader has opened stays open
      if (this.address && old && !next) old.replaceChildren(); // the server has no such part any more
      if (!old || !next || old.innerHTML === next.innerHTML) continue; // a screen reader would read it again
      const focused = old.contains(document.activeElement) ? document.activeElement?.id : '';
      old.replaceChildren(...next.childNodes);
      if (focused) document.getElementById(focused)?.focus();
    }
    this.then(made);
  }
}
