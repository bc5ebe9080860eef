// The panels of questions on the moderator's page: rows are made again only where something has changed, and the focus
// stays.

import { at, only, set } from '../lib/nodes.js';

const NAMES = ['Called', 'Checked', 'Queued', 'Answered', 'Others'];
const PRESSED = '.panels .question :is(button, label, a):active';
const AGAIN = 50; // ms until the next check whether anything is pressed

/**
 * Make a list hold these rows in this order; rows that stay are not touched.
 * @param {Element} list  @param {Element[]} rows
 */
function put(list, rows) {
  const wanted = new Set(rows);
  for (const row of [...list.children]) if (!wanted.has(row)) row.remove();
  rows.forEach((row, n) => list.children[n] !== row && list.insertBefore(row, list.children[n] ?? null));
}

export class QuestionPanels {
  /**
   * @param {import('./questions.js').Questions} questions
   * @param {import('./items.js').QuestionItems} items
   * @param {(name: string, ids: string[]) => void} does  carries out the act of a button
   */
  constructor(questions, items, does) {
    this.questions = questions;
    this.items = items;
    this.does = does;
    /** @type {Set<string>} */
    this.picked = new Set();
    /** @type {Set<string>} */
    this.fresh = new Set(); // new questions that had no focus here yet
    /** @type {Set<string>} */
    this.open = new Set(); // rows that somebody has opened
    /** @type {?string} */
    this.grown = null; // the row that is open while keys have brought the focus to it
    /** @type {?string} */
    this.current = null; // the row that had the focus last
    /** @type {?{panel: string, index: number, id: string, key: ?string}} where the focus was last */
    this.lastFocus = null;
    /** @type {Map<string, [of: string, row: HTMLElement, stands?: string]>} the rows shown: the data of each as JSON, its element, its look */
    this.made = new Map();
    this.waits = 0; // timer until what is pressed is released
    const box = only('.panels');
    for (const part of [box, at('Several')]) part.addEventListener('click', ({ target }) => this.#click(target));
    box.addEventListener('focusin', ({ target }) => this.#focused(target));
  }

  /**
   * Whether something is being pressed: to make its row again would lose the click. If so, `then` is called after AGAIN
   * ms.
   * @param {() => void} then
   */
  busy(then) {
    if (!document.querySelector('.panels:active') || !document.querySelector(PRESSED)) return false; // the first selector is a cheap test
    clearTimeout(this.waits);
    this.waits = setTimeout(then, AGAIN);
    return true;
  }

  /**
   * Show in all panels the questions that pass the filter; returns how many.
   * @param {(item: Question) => boolean} fits
   */
  show(fits) {
    let shown = 0;
    const wanted = new Set();
    for (const name of NAMES) {
      const ids = this.questions.panel(name, fits);
      shown += ids.length;
      const list = only('ol', at(name));
      const rows = ids.flatMap((id) => this.#row(id) ?? []);
      put(list, rows);
      for (const count of document.querySelectorAll(`#${name} .count, .jump .count[data-of="${name}"]`)) set(count, ids.length ? `(${ids.length})` : '');
      const all = at(name).querySelector('button[data-does="pick-all"]');
      if (all) all.hidden = !ids.length;
      for (const id of ids) wanted.add(id);
    }
    for (const id of this.made.keys()) if (!wanted.has(id)) this.made.delete(id);
    for (const id of this.picked) if (!wanted.has(id)) this.picked.delete(id);
    this.hold();
    return shown;
  }

  /** If nothing has the focus, give it back to the row that had it last, or to the one that is now at that position. */
  hold() {
    if (!this.lastFocus || document.querySelector('dialog[open]') || (document.activeElement && document.activeElement !== document.body)) return;
    const { panel, index, id, key } = this.lastFocus;
    const list = only('ol', at(panel));
    const own = list.querySelector(`#q-${CSS.escape(id)}`);
    const there = own ?? list.children[Math.min(index, list.children.length - 1)];
    const part = own && key ? own.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
    (part ?? there ?? at(`${panel}Title`)).focus({ preventScroll: true });
  }

  /** The ids to which an act applies: the picked rows, or else the current one. */
  chosen() {
    if (this.picked.size) return [...this.picked];
    return this.current && this.made.has(this.current) ? [this.current] : [];
  }

  /** Focus the next row (1) or the one before (-1), through all panels. @param {number} by */
  go(by) {
    const all = NAMES.flatMap((name) => this.shown(name));
    const from = all.indexOf(this.current ?? '');
    this.focus(from < 0 ? all[0] : all[Math.min(Math.max(from + by, 0), all.length - 1)]);
  }

  /** The ids of the rows in a panel, in order. @param {string} name */
  shown(name) {
    return [...only('ol', at(name)).children].map(({ dataset }) => dataset.id ?? '');
  }

  /** Focus a row, and scroll it into view. @param {?string} [id] */
  focus(id) {
    const row = id ? this.made.get(id)?.[1] : null;
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  }

  /**
   * One step back: close the open row, or else unpick all, or else drop the focus. Returns false if there was nothing
   * to do.
   */
  leave() {
    const { current } = this;
    if (current && (this.grown === current || this.open.has(current))) this.#shut(current);
    else if (this.picked.size) this.picked.clear();
    else if (this.lastFocus) {
      this.lastFocus = null;
      document.activeElement?.blur();
    } else return false;
    return true;
  }

  /** Pick all rows of a panel; by default of the panel with the focus. @param {string} [name] */
  pickAll(name = this.lastFocus?.panel || 'Checked') {
    for (const id of this.shown(name)) this.picked.add(id);
  }

  /** @param {string} id */
  pick(id, on = !this.picked.has(id)) {
    this.picked[on ? 'add' : 'delete'](id);
  }

  /** Update the times in all rows. */
  times() {
    for (const row of document.querySelectorAll('.panels .question')) {
      const item = this.questions.get(row.dataset.id ?? '');
      if (item) set(only('.when', row), this.items.when(item));
    }
  }

  /** The row of a question, made again only if its data has changed; null if it is unknown. @param {string} id */
  #row(id) {
    const item = this.questions.get(id);
    if (!item) return null;
    const fresh = this.fresh.has(id);
    const { questions, items } = this;
    const of = JSON.stringify([item, questions.over, fresh, questions.why(id), questions.like(id), questions.policyOf(item), questions.policy.length, questions.get(item.into)?.number, questions.aside?.support[id], questions.lately?.support[id], items.place(item), items.more.translated(item), items.more.lacks(item), items.more.said(item.said?.segment ?? ''), items.more.said(item.segment ?? '')]);
    const before = this.made.get(id);
    const row = before?.[0] === of ? before[1] : items.make(item, { fresh });
    this.made.set(id, [of, row, row === before?.[1] ? before[2] : '']);
    this.#stand(id);
    return row;
  }

  /** Update the look of a row: current, picked, open. @param {string} id */
  #stand(id) {
    const made = this.made.get(id);
    if (!made) return;
    const [, row] = made;
    const current = id === this.current, picked = this.picked.has(id), open = this.open.has(id) || this.grown === id;
    const stands = `${current} ${picked} ${open}`;
    if (made[2] === stands && only('input[data-does="pick"]', row).checked === picked) return;
    made[2] = stands;
    row.classList.toggle('current', current);
    row.classList.toggle('picked', picked);
    row.classList.toggle('open', open);
    only('input[data-does="pick"]', row).checked = picked;
    const box = only('.particulars', row);
    if (box.hidden !== open) return;
    box.hidden = !open;
    only('button.more', row).setAttribute('aria-expanded', String(open));
  }

  /** Open this row, and no other, for its keyboard focus; the row doesn't move on the screen. @param {?string} id */
  #grow(id) {
    if (this.grown === id) return;
    const before = this.grown, row = id ? this.made.get(id)?.[1] : null;
    const stood = row?.getBoundingClientRect().top ?? 0;
    this.grown = id;
    for (const each of [before, id]) if (each) this.#stand(each);
    if (!row) return;
    const list = row.closest('.panel');
    const moved = row.getBoundingClientRect().top - stood;
    if (moved) (list && list.scrollHeight > list.clientHeight ? list : document.scrollingElement)?.scrollBy(0, moved);
  }

  /** @param {string} id */
  #shut(id) {
    this.open.delete(id);
    if (this.grown === id) this.grown = null;
    this.#stand(id);
  }

  /** Open or close a row. @param {string} id */
  #turn(id) {
    if (this.open.has(id) || this.grown === id) this.#shut(id);
    else {
      this.open.add(id);
      this.#stand(id);
    }
  }

  /** @param {Element} target */
  #click(target) {
    const id = target.closest('.question')?.dataset.id;
    const button = target.closest('[data-does]');
    if (!button?.dataset.does) {
      // A click on the row itself opens it, but not one that has selected words.
      if (id && !target.closest('a, label, .particulars') && getSelection()?.isCollapsed !== false) this.#turn(id);
      return;
    }
    if (button.dataset.does === 'more' && id) {
      this.#turn(id);
      return;
    }
    if (button.dataset.does === 'pick-all') this.pickAll(button.dataset.panel);
    else if (id && button instanceof HTMLInputElement) this.pick(id, button.checked);
    this.does(button.dataset.does === 'pick-all' ? 'pick' : button.dataset.does, id ? [id] : [...this.picked]);
  }

  /** @param {HTMLElement} target */
  #focused(target) {
    const row = target.closest('.question');
    if (!row) {
      this.lastFocus = null;
      return;
    }
    const { id = '' } = row.dataset;
    this.lastFocus = { panel: row.closest('.panel')?.id ?? '', index: [...row.parentElement?.children ?? []].indexOf(row), id, key: target.dataset.key ?? null };
    const { current } = this;
    this.current = id;
    for (const each of [current, id]) if (each) this.#stand(each);
    this.fresh.delete(id);
    if (target.matches(':focus-visible')) this.#grow(id); // only by keys: a row that grew under the pointer would make it miss
  }
}
