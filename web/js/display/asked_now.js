// The question asked now, on a wall or over a video: after an event of a question the page is fetched again, and this
// part of it (web/pages/questions/_asked.html) replaced.

import { backOff } from '../lib/link.js';
import { at } from '../lib/nodes.js';

const WORDS = /^(intervention|queue)\.|^poll\.(opened|closed)/;
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const AGAIN = 3000; // ms until the next attempt after a failure
const LONGEST = 60000; // ms between two requests for a translation that can't be had; the pause doubles each time

const SIZES = [0.85, 0.75, 0.65, 0.55, 0.5, 0.45, 0.41, 0.37, 0.33, 0.28, 0.24, 0.2, 0.16, 0.12]; // relative to the text's font size
const LEAST = 0.41; // the smallest of these: legible from 3 m on a screen of 55 inches (docs/how-to/embed.md)
const ROWS = 12; // rows of each text at most; fewer where even the smallest size leaves no room
const FEW = 3; // rows of the texts, from which on each option has one row instead of two

/** Whether the whole content of a box is visible. @param {Element} box */
const whole = (box) => box.scrollHeight <= box.clientHeight + 1;

/**
 * Choose for the question and for the show of hands the largest font sizes at which all of their texts fit. If there are
 * none, leave out how each figure came about (`data-tight`), and then cut off rows: all options stay.
 */
function fit() {
  const asked = at('Asked');
  const parts = [...asked.querySelectorAll('.now, .hands')];
  const { style, dataset } = document.documentElement;
  if (!parts.length) return;
  const zoom = Number(style.getPropertyValue('--zoom')) || 1;
  const sizes = SIZES.filter((each) => each * Math.max(zoom, 1) >= LEAST);
  /** @param {Element} part  @param {'fit' | 'rows'} what  @param {number} value */
  const set = (part, what, value) => style.setProperty(`--${what}-${part.className}`, String(value));
  const uncut = () => [asked, ...parts, ...asked.querySelectorAll('.asks, .option')].every(whole);
  style.setProperty('--rows-option', '2');
  for (const part of parts) set(part, 'rows', ROWS);
  for (const tight of [false, true]) {
    dataset.tight = String(tight);
    const common = sizes.find((size) => {
      for (const part of parts) set(part, 'fit', size);
      return uncut();
    });
    if (common === undefined) continue;
    // One of two may have room for larger letters than the other.
    for (const part of parts.length > 1 ? parts : []) {
      sizes.find((size) => {
        set(part, 'fit', size);
        return size === common || uncut();
      });
    }
    return;
  }
  for (let rows = ROWS; rows > 0 && ![asked, ...parts].every(whole); rows -= 1) {
    if (rows === FEW) style.setProperty('--rows-option', '1');
    for (const part of parts) if (!whole(asked) || !whole(part)) set(part, 'rows', rows);
  }
}

export class AskedNow {
  #turn = 0; // grows when an answer that is under way becomes outdated
  #busy = false;
  #again = false;
  #tries = 0; // requests for the page since translations last were complete
  #timer = 0;
  #beside = '';

  constructor() {
    addEventListener('resize', fit);
    fit();
    this.#await();
  }

  /**
   * Fit the text again if other parts of the wall have changed its room.
   * @param {string} beside  describes these parts
   */
  makeRoom(beside) {
    if (beside === this.#beside) return;
    this.#beside = beside;
    fit();
  }

  /** Handle an event. @param {?EventBody} event  null: a snapshot came, and anything may have changed */
  heard(event) {
    if (event?.type === 'wall.cleared') {
      this.#empty();
      this.#ask();
    } else if (event?.type === 'poll.counted') {
      const hands = document.querySelector('#Asked .hands');
      if (hands) import('../questions/hands.js').then(({ putHands }) => putHands(hands, event, hands.dataset.counted ?? ''));
    } else if (!event || WORDS.test(event.type) || (event.type === 'support.counted' && 'moves' in at('Asked').dataset)) this.#ask();
  }

  /** Remove the question at once; an answer that is under way doesn't bring it back. */
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

  /** Show the fetched part. @param {HTMLElement} made */
  #put(made) {
    const old = at('Asked');
    if (!old.isEqualNode(made)) old.replaceWith(document.adoptNode(made));
    fit();
    this.#await();
  }

  /**
   * Wait for translations that are being made and show them; for those that can't be had, fetch the page again later.
   */
  async #await() {
    clearTimeout(this.#timer);
    const { pending = '', lacks } = at('Asked').dataset;
    const last = pending.split(' ').at(-1);
    if (!last && lacks === undefined) {
      this.#tries = 0;
      return;
    }
    try {
      if (last && (await fetch(last, { cache: 'no-store' })).ok) return void this.#ask();
    } catch {
      // The next attempt follows below.
    }
    this.#timer = setTimeout(() => this.#ask(), backOff(this.#tries++, AGAIN, LONGEST));
  }
}
