// The question that is asked now, on a wall or over a picture: when something happens to a question the page is asked for
// again, and that part of it (web/pages/questions/_asked.html) put in its place.

import { at } from '../lib/nodes.js';

const WORDS = /^(intervention|queue)\.|^poll\.(opened|closed)/;
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const AGAIN = 3000; // ms until it is asked for again where the line was away
const LONGEST = 60000; // ms between two tries for a translation that is not to be had, each twice as long after the last

const SIZES = [0.85, 0.75, 0.65, 0.55, 0.5, 0.45, 0.41, 0.37, 0.33, 0.28, 0.24, 0.2, 0.16, 0.12]; // of the text's letters
const LEAST = 0.41; // of the text's usual letters: on a screen of 55 inches it is read from 3 m, as docs/how-to/embed.md says
const ROWS = 12; // of each text, at most; fewer where even the smallest letters leave no room

/** @param {Element} box */
const whole = (box) => box.scrollHeight <= box.clientHeight + 1;

/** Set what is asked now as large as there is room for all of it, its translation and the answers to choose from. */
function fit() {
  const asked = at('Asked');
  const parts = [...asked.querySelectorAll('.now, .hands')];
  const texts = [...asked.querySelectorAll('.asks, .option')];
  const { style } = document.documentElement;
  if (!parts.length) return;
  style.setProperty('--rows', String(ROWS));
  const zoom = Number(style.getPropertyValue('--zoom')) || 1;
  for (const size of SIZES.filter((each) => each * Math.max(zoom, 1) >= LEAST)) {
    style.setProperty('--fit', String(size));
    if ([asked, ...parts, ...texts].every(whole)) return;
  }
  for (let rows = ROWS; rows > 1 && ![asked, ...parts].every(whole); rows -= 1) style.setProperty('--rows', String(rows - 1));
}

export class AskedNow {
  #turn = 0; // counts what has made an answer that is under way out of date
  #busy = false;
  #again = false;
  #wait = AGAIN;
  #timer = 0;
  #beside = '';

  constructor() {
    addEventListener('resize', fit);
    fit();
    this.#await();
  }

  /** What else stands on the wall, `beside`, leaves the questions another room than before. @param {string} beside */
  makeRoom(beside) {
    if (beside === this.#beside) return;
    this.#beside = beside;
    fit();
  }

  /** Something has happened; null: much may have. @param {?EventBody} event */
  heard(event) {
    if (event?.type === 'wall.cleared') {
      this.#empty();
      this.#ask();
    } else if (event?.type === 'poll.counted') {
      const hands = document.querySelector('#Asked .hands');
      if (hands) import('../questions/hands.js').then(({ putHands }) => putHands(hands, event, hands.dataset.counted ?? ''));
    } else if (!event || WORDS.test(event.type) || (event.type === 'support.counted' && 'moves' in at('Asked').dataset)) this.#ask();
  }

  /** Nothing of it stays, and what is under way doesn't bring it back. */
  #empty() {
    this.#turn += 1;
    at('Asked').replaceChildren();
    at('Asked').hidden = true;
  }

  async #ask() {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    const turn = this.#turn;
    try {
      const answer = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
      const made = answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('Asked') : null;
      if (made && turn === this.#turn) this.#put(made);
    } catch {
      setTimeout(() => this.#ask(), AGAIN);
    }
    this.#busy = false;
    if (this.#again) {
      this.#again = false;
      this.#ask();
    }
  }

  /** @param {HTMLElement} made */
  #put(made) {
    const old = at('Asked');
    if (!old.isEqualNode(made)) old.replaceWith(document.adoptNode(made));
    fit();
    this.#await();
  }

  /** Wait for translations that are being made, and then show them; those that are not to be had are tried again. */
  async #await() {
    clearTimeout(this.#timer);
    const { pending = '', lacks } = at('Asked').dataset;
    const last = pending.split(' ').at(-1);
    if (!last && lacks === undefined) {
      this.#wait = AGAIN;
      return;
    }
    try {
      if (last && (await fetch(last, { cache: 'no-store' })).ok) return void this.#ask();
    } catch {
      // It is tried again.
    }
    this.#timer = setTimeout(() => this.#ask(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST);
  }
}
