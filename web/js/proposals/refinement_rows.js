// The rows of a second pass's proposals: each with the line as it is and as proposed, and the proposal's fate.

import { at, element, only, set } from '../lib/nodes.js';
import { direction, mediaTime } from '../lib/words.js';

export const WAITING = 'wmt'; // fates of proposals that wait; letters of server/moothall/core/proposals/proposing.py
const PAST = 'acg'; // fates whose lines have changed since the second pass

export class RefinementRows {
  /**
   * @param {import('../lib/words.js').Words} words
   * @param {{does: (what: string, row: Proposal) => void, sound: boolean}} page
   */
  constructor(words, page) {
    this.words = words;
    this.page = page;
    this.list = at('Proposals');
    /** @type {Proposal[]} in order, without gaps */
    this.rows = [];
    this.fates = ''; // a letter for each proposal of the run, on the page or not
    /** @type {?Proposal} */
    this.current = null; // the row on which the keys act
    this.list.addEventListener('click', ({ target }) => {
      const does = target.closest('[data-does]')?.dataset.does;
      const row = this.#of(target);
      if (does && row) this.page.does(does, row);
    });
    this.list.addEventListener('focusin', ({ target }) => this.#mark(this.#of(target)));
  }

  /** The row to which an element belongs; null for none. @param {Element} part */
  #of(part) {
    const n = Number(part.closest('li')?.dataset.n);
    return this.rows.find((row) => row.n === n) ?? null;
  }

  /** Whether a proposal waits for a decision. @param {Proposal} row */
  waits(row) {
    return WAITING.includes(this.fates[row.n]);
  }

  /** How many proposals have one of these fates. @param {string} letters */
  count(letters) {
    return [...this.fates].filter((letter) => letters.includes(letter)).length;
  }

  /** Replace all rows. @param {Proposal[]} rows */
  begin(rows) {
    this.rows = [];
    this.current = null;
    this.list.replaceChildren();
    this.add(rows);
  }

  /** Add rows next to those on the page, or replace some. @param {Proposal[]} rows */
  add(rows) {
    for (const row of rows) {
      const known = this.rows.findIndex(({ n }) => n === row.n);
      if (known >= 0) this.rows[known] = row;
      else this.rows.push(row);
    }
    this.rows.sort((one, other) => one.n - other.n);
    for (const row of rows) this.#draw(row);
  }

  /**
   * Take over new fates. Returns the rows whose lines were changed otherwise, whose present text is still to be
   * fetched.
   * @param {string} fates
   */
  stand(fates) {
    const before = this.fates;
    this.fates = fates;
    const other = this.rows.filter(({ n }) => fates[n] !== before[n]);
    for (const row of other) {
      row.now = null;
      this.#draw(row);
    }
    return other.filter(({ n }) => fates[n] === 'c');
  }

  /** Go to the next row that waits (1), or back (-1); returns whether there is one. @param {number} step */
  go(step) {
    const from = this.current?.n ?? (step > 0 ? -1 : Infinity);
    const ahead = step > 0 ? this.rows.filter(({ n }) => n > from) : this.rows.filter(({ n }) => n < from).reverse();
    const next = ahead.find((row) => this.waits(row));
    if (!next) return false;
    this.focus(next.n);
    return true;
  }

  /** Focus the first button of a row. @param {number} n  number of the proposal */
  focus(n) {
    const item = this.#item(n);
    item?.querySelector('[data-does]')?.focus();
    item?.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  }

  /** Play a piece of sound below a row. @param {Proposal} row  @param {string} address */
  hear(row, address) {
    for (const old of this.list.querySelectorAll('.heard')) old.remove();
    const sound = element('audio', { controls: true, 'aria-label': this.words.text('hear') });
    const box = element('div', { class: 'heard' }, sound, element('p', { role: 'alert' }));
    sound.src = address;
    this.#item(row.n)?.append(box);
    sound.play().catch(() => set(only('p', box), this.words.text('hear.none')));
  }

  /** @param {number} n */
  #item(n) {
    return this.list.querySelector(`li[data-n="${n}"]`);
  }

  /** Make a row the current one. @param {?Proposal} row */
  #mark(row) {
    this.current = row;
    for (const item of this.list.children) item.classList.toggle('current', item.dataset.n === String(row?.n));
  }

  /** Render a row; a focus in it stays there. @param {Proposal} row */
  #draw(row) {
    const fate = this.fates[row.n];
    let item = this.#item(row.n);
    const focused = item?.contains(document.activeElement);
    if (!item) {
      item = element('li', { class: 'proposal', 'data-n': row.n });
      const behind = this.rows.find(({ n }) => n > row.n && this.#item(n));
      this.list.insertBefore(item, behind ? this.#item(behind.n) : null);
    }
    item.dataset.fate = fate;
    const about = element('p', { class: 'about' }, element('span', { class: 'time' }, mediaTime(row.t0)));
    if (row.name) about.append(element('bdi', {}, row.name));
    if (fate !== 'w') about.append(element('span', { class: 'mark' }, this.words.text(`fate.${fate}`)));
    const stands = PAST.includes(fate) ? 'stood' : 'stands';
    const texts = element('dl', {}, this.#text(stands, row, row.old, 'del'), this.#text('proposed', row, row.new, 'ins'));
    if (row.now) texts.append(this.#text('now', row, [[row.now, false]], 'ins'));
    item.replaceChildren(about, texts, this.#buttons(row, fate));
    if (focused) (item.querySelector('[data-does]') ?? at('Log')).focus({ preventScroll: true });
  }

  /**
   * One version of the line, with its differences marked.
   * @param {string} name  @param {Proposal} row  @param {Proposal['old']} pieces  @param {'del' | 'ins'} mark
   */
  #text(name, { language }, pieces, mark) {
    const shown = pieces.flatMap(([text, differs]) => {
      const word = text.trimStart();
      return differs && word ? [text.slice(0, -word.length), element(mark, {}, word)] : [text];
    });
    return element('div', {}, element('dt', {}, this.words.text(name)), element('dd', { lang: language, dir: direction(language) }, ...shown));
  }

  /** The buttons that fit a proposal's fate. @param {Proposal} row  @param {string} fate */
  #buttons(row, fate) {
    const box = element('p', { class: 'buttons' });
    const about = `${mediaTime(row.t0)} ${row.new.map(([text]) => text).join('').trim().slice(0, 40)}`;
    const add = (/** @type {string} */ name, kind = '') => {
      const text = this.words.text(name);
      box.append(element('button', { type: 'button', class: kind, 'data-does': name, 'aria-label': `${text}: ${about}` }, text));
    };
    if (WAITING.includes(fate)) {
      add('accept', 'first');
      add('leave');
    } else if (fate === 'l') add('back');
    if (this.page.sound && fate !== 'g') add('hear');
    return box;
  }
}

/**
 * Show how many proposals wait, and the fates of the others.
 * @param {RefinementRows} rows  @param {import('../lib/words.js').Words} words
 */
export function counts(rows, words) {
  const told = [['waiting', WAITING], ['accepted', 'a'], ['left', 'l'], ['past', 'cg']];
  set(at('Counts'), told.map(([name, letters]) => words.text(`count.${name}`, { n: rows.count(letters) })).join(' · '));
}
