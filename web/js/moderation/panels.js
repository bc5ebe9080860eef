// The panels of questions on the page: filled anew where something changed, without taking the focus from anybody.

import { at, only, set } from '../lib/nodes.js';

const NAMES = ['Called', 'Checked', 'Queued', 'Answered', 'Others'];
const PRESSED = '.panels .question :is(button, label, a):active';
const AGAIN = 50; // ms until it is looked again whether anything is pressed

/** Have a list hold these rows in their order; those that stay are not touched. @param {Element} list  @param {Element[]} rows */
function put(list, rows) {
  const wanted = new Set(rows);
  for (const row of [...list.children]) if (!wanted.has(row)) row.remove();
  rows.forEach((row, n) => list.children[n] !== row && list.insertBefore(row, list.children[n] ?? null));
}

export class QuestionPanels {
  /**
   * @param {import('./questions.js').Questions} questions
   * @param {import('./items.js').QuestionItems} items
   * @param {(name: string, ids: string[]) => void} does  what a button asks for
   */
  constructor(questions, items, does) {
    this.questions = questions;
    this.items = items;
    this.does = does;
    /** @type {Set<string>} */
    this.picked = new Set();
    /** @type {Set<string>} */
    this.fresh = new Set(); // came since, and nobody here has looked at them
    /** @type {Set<string>} */
    this.open = new Set(); // those that somebody has opened
    /** @type {?string} */
    this.grown = null; // the one that is open as long as keys are at it
    /** @type {?string} */
    this.current = null;
    /** @type {?{panel: string, index: number, id: string, key: ?string}} where the focus was last */
    this.place = null;
    /** @type {Map<string, [of: string, row: HTMLElement, stands?: string]>} of those that are shown, with what each was made of */
    this.made = new Map();
    this.waits = 0; // for what is pressed to come up
    const box = only('.panels');
    for (const part of [box, at('Several')]) part.addEventListener('click', ({ target }) => this.#click(target));
    box.addEventListener('focusin', ({ target }) => this.#focused(target));
  }

  /**
   * Whether something is pressed just now: were its row made anew the press would be lost. `then` is called later.
   * @param {() => void} then
   */
  busy(then) {
    if (!document.querySelector('.panels:active') || !document.querySelector(PRESSED)) return false; // The first is soon known.
    clearTimeout(this.waits);
    this.waits = setTimeout(then, AGAIN);
    return true;
  }

  /** Bring all panels to what is known; `fits` says what is shown. Gives how many are. @param {(item: Question) => boolean} fits */
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

  /** Give the focus back where it was, or to whatever has taken that place; only where nothing has it. */
  hold() {
    if (!this.place || document.querySelector('dialog[open]') || (document.activeElement && document.activeElement !== document.body)) return;
    const { panel, index, id, key } = this.place;
    const list = only('ol', at(panel));
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

  /** Go to the next or the one before, through all panels. @param {number} by */
  go(by) {
    const all = NAMES.flatMap((name) => this.shown(name));
    const from = all.indexOf(this.current ?? '');
    this.focus(from < 0 ? all[0] : all[Math.min(Math.max(from + by, 0), all.length - 1)]);
  }

  /** Those that a panel shows, in their order. @param {string} name */
  shown(name) {
    return [...only('ol', at(name)).children].map(({ dataset }) => dataset.id ?? '');
  }

  /** Go to a row, and have it in view. @param {?string} [id] */
  focus(id) {
    const row = id ? this.made.get(id)?.[1] : null;
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  }

  /** Leave the lists: what was opened is shut, else what was picked isn't any more, else the focus goes. Whether anything was left. */
  leave() {
    const { current } = this;
    if (current && (this.grown === current || this.open.has(current))) this.#shut(current);
    else if (this.picked.size) this.picked.clear();
    else if (this.place) {
      this.place = null;
      document.activeElement?.blur();
    } else return false;
    return true;
  }

  /** Pick all that a panel shows; where there is none of that name, all of the panel in which the focus is. @param {string} [name] */
  pickAll(name = this.place?.panel || 'Checked') {
    for (const id of this.shown(name)) this.picked.add(id);
  }

  /** @param {string} id */
  pick(id, on = !this.picked.has(id)) {
    this.picked[on ? 'add' : 'delete'](id);
  }

  /** Set the times anew. */
  times() {
    for (const row of document.querySelectorAll('.panels .question')) {
      const item = this.questions.get(row.dataset.id ?? '');
      if (item) set(only('.when', row), this.items.when(item));
    }
  }

  /** @param {string} id */
  #row(id) {
    const item = this.questions.get(id);
    if (!item) return null;
    const fresh = this.fresh.has(id);
    const { questions, items } = this;
    const of = JSON.stringify([item, questions.over, fresh, questions.why(id), questions.like(id), questions.get(item.into)?.number, questions.aside?.support[id], questions.lately?.support[id], items.place(item), items.more.translated(item), items.more.lacks(item), items.more.said(item.said?.segment ?? ''), items.more.said(item.segment ?? '')]);
    const before = this.made.get(id);
    const row = before?.[0] === of ? before[1] : items.make(item, { fresh });
    this.made.set(id, [of, row, row === before?.[1] ? before[2] : '']);
    this.#stand(id);
    return row;
  }

  /** Have a row look as it stands: current, picked, open. @param {string} id */
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

  /** Have this row alone be open for its focus, without moving it in sight. @param {?string} id */
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

  /** Open a row, or shut it. @param {string} id */
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
      // A press on the row itself opens it; one that has marked words doesn't.
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
      this.place = null;
      return;
    }
    const { id = '' } = row.dataset;
    this.place = { panel: row.closest('.panel')?.id ?? '', index: [...row.parentElement?.children ?? []].indexOf(row), id, key: target.dataset.key ?? null };
    const { current } = this;
    this.current = id;
    for (const each of [current, id]) if (each) this.#stand(each);
    this.fresh.delete(id);
    if (target.matches(':focus-visible')) this.#grow(id); // By keys: a row that grew under a pointer would be missed.
  }
}
