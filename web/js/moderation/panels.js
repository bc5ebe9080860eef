// The panels of questions on the page: filled anew where something changed, without taking the focus from anybody.

import { at, set } from '../lib/nodes.js';

const NAMES = ['Called', 'Checked', 'Queued', 'Answered', 'Others'];
const PRESSED = '.panels .question :is(button, label, summary, a):active';
const AGAIN = 50; // ms until it is looked again whether anything is pressed

/** Have a list hold these rows in their order; those that stay are not touched. */
function put(list, rows) {
  const wanted = new Set(rows);
  for (const row of [...list.children]) if (!wanted.has(row)) row.remove();
  rows.forEach((row, n) => list.children[n] !== row && list.insertBefore(row, list.children[n] ?? null));
}

export class QuestionPanels {
  /**
   * @param {object} questions  a Questions
   * @param {object} items  a QuestionItems
   * @param {(name: string, ids: string[]) => void} does  what a button asks for
   */
  constructor(questions, items, does) {
    this.questions = questions;
    this.items = items;
    this.does = does;
    this.picked = new Set();
    this.fresh = new Set(); // came since, and nobody here has looked at them
    this.open = new Set(); // those of which all acts are shown
    this.current = null;
    this.place = null; // where the focus was last: {panel, index, id, key}
    this.made = new Map(); // id → [what it was made of, element]; of those that are shown
    this.waits = null; // for what is pressed to come up
    const box = document.querySelector('.panels');
    for (const part of [box, at('Several')]) part.addEventListener('click', ({ target }) => this.#click(target));
    box.addEventListener('focusin', ({ target }) => this.#focused(target));
    box.addEventListener('toggle', ({ target }) => this.open[target.open ? 'add' : 'delete'](target.closest('.question')?.dataset.id), true);
  }

  /** Whether something is pressed just now: were its row made anew the press would be lost. `then` is called later. */
  busy(then) {
    if (!document.querySelector(PRESSED)) return false;
    clearTimeout(this.waits);
    this.waits = setTimeout(then, AGAIN);
    return true;
  }

  /** Bring all panels to what is known; `fits` says what is shown. Gives how many are. */
  show(fits) {
    let shown = 0;
    const wanted = new Set();
    for (const name of NAMES) {
      const ids = this.questions.panel(name, fits);
      shown += ids.length;
      const list = at(name).querySelector('ol');
      const rows = ids.map((id) => this.#row(id));
      put(list, rows);
      set(at(name).querySelector('.count'), ids.length ? `(${ids.length})` : '');
      for (const id of ids) wanted.add(id);
    }
    for (const id of this.made.keys()) if (!wanted.has(id)) this.made.delete(id);
    for (const id of this.picked) if (!wanted.has(id)) this.picked.delete(id);
    this.hold();
    return shown;
  }

  /** Give the focus back where it was, or to whatever has taken that place; only where nothing has it. */
  hold() {
    if (!this.place || document.querySelector('dialog[open]') || (document.activeElement && document.activeElement !== document.body)) return;
    const { panel, index, id, key } = this.place;
    const list = at(panel).querySelector('ol');
    const own = list.querySelector(`#q-${CSS.escape(id)}`);
    const there = own ?? list.children[Math.min(index, list.children.length - 1)];
    const part = own && key ? own.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
    (part ?? there ?? at(`${panel}Title`)).focus({ preventScroll: true });
  }

  /** What an act is for: what was picked, else where the focus is. */
  chosen() {
    if (this.picked.size) return [...this.picked];
    return this.current && this.made.has(this.current) ? [this.current] : [];
  }

  /** Go to the next or the one before, through all panels. */
  go(by) {
    const all = [...document.querySelectorAll('.panels .question')];
    const from = all.findIndex(({ dataset }) => dataset.id === this.current);
    const to = from < 0 ? all[0] : all[Math.min(Math.max(from + by, 0), all.length - 1)];
    to?.focus();
    to?.scrollIntoView({ block: 'nearest' });
  }

  pick(id, on = !this.picked.has(id)) {
    this.picked[on ? 'add' : 'delete'](id);
  }

  /** Set the times anew. */
  times() {
    for (const row of document.querySelectorAll('.panels .question')) {
      const item = this.questions.get(row.dataset.id);
      if (item) set(row.querySelector('.when'), this.items.when(item));
    }
  }

  #row(id) {
    const item = this.questions.get(id);
    const state = { fresh: this.fresh.has(id), picked: this.picked.has(id), current: false, open: this.open.has(id) };
    const { questions, items } = this;
    const of = JSON.stringify([item, questions.over, { ...state, open: 0 }, questions.why(id), questions.like(id), questions.get(item.into)?.number, questions.aside?.support[id], questions.lately?.support[id], items.place(item), items.more.translated(item), items.more.lacks(item), items.more.said(item.said?.segment), items.more.said(item.segment)]);
    const [before, element] = this.made.get(id) ?? [];
    const row = before === of ? element : items.make(item, state);
    row.classList.toggle('current', id === this.current);
    this.made.set(id, [of, row]);
    return row;
  }

  #click(target) {
    const row = target.closest('.question');
    const button = target.closest('[data-does]');
    if (!button) return;
    if (button.dataset.does === 'pick') this.pick(row.dataset.id, button.checked);
    this.does(button.dataset.does, row ? [row.dataset.id] : [...this.picked]);
  }

  #focused(target) {
    const row = target.closest('.question');
    if (!row) {
      this.place = null;
      return;
    }
    const { id } = row.dataset;
    this.place = { panel: row.closest('.panel').id, index: [...row.parentElement.children].indexOf(row), id, key: target.dataset.key ?? null };
    document.querySelector('.question.current')?.classList.remove('current');
    row.classList.add('current');
    this.current = id;
    this.fresh.delete(id);
  }
}
