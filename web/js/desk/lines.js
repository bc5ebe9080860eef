// The lines on a staff page: shown, picked (one, or a range), and handed to the editor.

import { gapMark, headed } from '../lib/headings.js';
import { at, element } from '../lib/nodes.js';
import { Turn } from '../lib/reading_order.js';
import { direction, mediaTime } from '../lib/words.js';

const CALM = 120; // lines kept on the screen; older ones are on the reader's page
const SLACK = 60; // px from the end that still count as the end

/** The line to which something on the page belongs. @param {Element} part */
const idOf = (part) => part.closest('li.line')?.id ?? '';

export class DeskLines {
  /**
   * @param {import('./state.js').DeskState} state
   * @param {import('../lib/words.js').Words} words
   * @param {{picked: (segments: string[]) => void, mend: (segment: string) => void}} ears
   */
  constructor(state, words, ears) {
    this.state = state;
    this.words = words;
    this.ears = ears;
    this.list = at('Lines');
    this.growing = at('Growing');
    this.box = at('Log');
    /** @type {Set<string>} */
    this.picked = new Set();
    /** @type {?string} */
    this.anchor = null; // where a range begins
    /** @type {Map<string, string[]>} */
    this.marks = new Map(); // line → what it is marked as, in words
    /** @type {?string} */
    this.editing = null; // the line in the editor, which is left alone
    this.way = at('Newest'); // to the newest line, while that is out of view
    this.box.addEventListener('scroll', () => this.#shows(), { passive: true });
    this.way.addEventListener('click', () => {
      this.toEnd();
      this.box.focus({ preventScroll: true });
    });
    this.list.addEventListener('click', (event) => this.#click(event));
    this.list.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Bring what changed to the screen. @param {Pick<DeskChange, 'whole' | 'lines'>} change */
  update(change) {
    const follows = this.follows();
    const shown = this.state.shown();
    const finished = shown.filter((line) => line.t1 !== null).slice(-CALM);
    if (change.whole) for (const item of [...this.list.children]) if (item.id !== this.editing) item.remove();
    const wanted = new Set(finished.map((line) => line.segment));
    for (const item of [...this.list.children]) if (item.id && !wanted.has(item.id) && item.id !== this.editing) item.remove();
    const turn = new Turn();
    const rows = this.#rows(finished);
    const marks = new Set();
    rows.forEach((row, i) => {
      const item = 'reason' in row ? this.#mark(row) : this.#item(row, change);
      const there = this.list.children[i];
      if (there !== item) this.list.insertBefore(item, there ?? null);
      if ('reason' in row) {
        marks.add(item);
        turn.apart = true;
      } else headed(item, turn.then(this.#name(row)), this.words.text('unnamed'));
    });
    for (const mark of this.list.querySelectorAll('.gap')) if (!marks.has(mark)) mark.remove();
    for (const segment of this.picked) if (!wanted.has(segment)) this.picked.delete(segment);
    this.#grow(shown.filter((line) => line.t1 === null).at(-1) ?? null, turn);
    if (follows) this.toEnd();
    this.#shows();
  }

  /**
   * Lines, and the spans without text between them: each before the first line that begins behind its beginning.
   * @param {DeskLine[]} lines
   */
  #rows(lines) {
    const gaps = (this.state.session?.gaps ?? []).filter(({ t0 }) => lines.length < CALM || t0 > lines[0].t0); // else among older ones
    const rows = lines.flatMap(/** @returns {(Gap | DeskLine)[]} */ (line) => [...gaps.splice(0, gaps.findLastIndex(({ t0 }) => t0 <= line.t0) + 1), line]);
    return [...rows, ...gaps];
  }

  /** @param {Gap} gap */
  #mark(gap) {
    return this.list.querySelector(`.gap[data-t0="${Number(gap.t0)}"]`) ?? gapMark(gap, this.words);
  }

  /** A line's item, as it stands unless the line changed. @param {DeskLine} line  @param {Pick<DeskChange, 'lines'>} change */
  #item(line, change) {
    const item = document.getElementById(line.segment);
    return item && (!change.lines.has(line.segment) || line.segment === this.editing) ? item : this.#place(item, line);
  }

  /** Go to the newest line. */
  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.#shows();
  }

  /** Whether the page goes along with what comes: the newest line is in view, and none is being corrected. */
  follows() {
    return this.#atEnd() && !this.editing;
  }

  #shows() {
    this.way.hidden = this.#atEnd();
  }

  /** Pick nothing any more. */
  clear() {
    this.picked.clear();
    this.anchor = null;
    this.#show();
  }

  /** The picked lines, in their order. */
  chosen() {
    return [...this.list.children].map((item) => item.id).filter((id) => this.picked.has(id));
  }

  #atEnd() {
    return this.box.scrollHeight - this.box.clientHeight - this.box.scrollTop <= SLACK;
  }

  /** @param {DeskLine} line */
  #name(line) {
    return this.state.session?.speakers[line.speaker ?? ''] ?? '';
  }

  /** @param {?HTMLElement} old  @param {DeskLine} line */
  #place(old, line) {
    const focused = old?.contains(document.activeElement) ? document.activeElement?.dataset.does : null;
    const name = this.#name(line);
    const time = mediaTime(line.t0);
    const text = line.text.trim();
    const item = element('li', { class: 'line', id: line.segment, 'data-speaker': line.speaker ?? '' });
    if (name) item.append(element('p', { class: 'speaker' }, element('bdi', {}, name)));
    item.append(element('p', { class: 'text', lang: line.language, dir: direction(line.language) }, ...this.#marked(line, text)));
    const said = (/** @type {string} */ does) => `${this.words.text(does)}: ${time} ${text.slice(0, 40)}`;
    const pick = element('input', { type: 'checkbox', 'data-does': 'pick', 'aria-label': said('select') });
    pick.checked = this.picked.has(line.segment);
    const about = element('p', { class: 'about' }, element('label', { class: 'pick' }, pick, element('span', { class: 'time' }, time)));
    about.append(' ', element('button', { type: 'button', class: 'mend', 'data-does': 'mend', 'aria-label': said('correct') }, this.words.text('correct')));
    if (line.mended) about.append(' ', element('span', { class: 'mark' }, this.words.text(line.accepted ? 'accepted' : 'mended')));
    else if (line.origin !== 'machine') about.append(' ', element('span', { class: 'mark' }, this.words.text(`origin.${line.origin}`)));
    for (const mark of this.marks.get(line.segment) ?? []) about.append(' ', element('span', { class: 'mark tag' }, mark));
    item.append(about);
    item.classList.toggle('picked', pick.checked);
    old?.replaceWith(item);
    if (focused) item.querySelector(`[data-does="${focused}"]`)?.focus({ preventScroll: true });
    return item;
  }

  /** The text, with the words marked that the machine was not sure of. @param {DeskLine} line  @param {string} text */
  #marked(line, text) {
    /** @type {(Node | string)[]} */
    const nodes = [];
    let rest = text;
    for (const word of this.state.doubtful(line)) {
      const bare = word.trim();
      const at = bare ? rest.indexOf(bare) : -1;
      if (at < 0) continue;
      nodes.push(rest.slice(0, at), element('span', { class: 'doubt' }, bare));
      rest = rest.slice(at + bare.length);
    }
    return [...nodes, rest];
  }

  /** @param {?DeskLine} line  @param {Turn} turn */
  #grow(line, turn) {
    const rest = this.state.rest();
    const own = rest && (!line || rest.segment === line.segment) ? rest.text : '';
    const text = line ? line.text : '';
    const language = line?.language ?? rest?.language ?? '';
    if (!text.trim() && !own.trim()) {
      this.growing.replaceChildren();
      return;
    }
    const paragraph = element('p', { class: 'text', lang: language, dir: direction(language) });
    paragraph.append(element('span', { class: 'sure' }, text.trimStart()), element('span', { class: 'rest' }, text ? own : own.trimStart()));
    const { name } = line ? turn.then(this.#name(line)) : { name: null };
    const over = name === null ? [] : [element('p', { class: 'speaker' }, name ? element('bdi', {}, name) : this.words.text('unnamed'))];
    this.growing.replaceChildren(...over, paragraph);
  }

  // Picking

  /** @param {MouseEvent} event */
  #click(event) {
    const does = event.target.closest('[data-does]')?.dataset.does;
    const segment = idOf(event.target);
    if (does === 'mend') this.ears.mend(segment);
    else if (does === 'pick') this.#pick(segment, /** @type {HTMLInputElement} */ (event.target).checked, event.shiftKey);
  }

  /** @param {string} segment  @param {boolean} on  @param {boolean} range */
  #pick(segment, on, range) {
    const ids = [...this.list.querySelectorAll('.line')].map((item) => item.id);
    const from = range && this.anchor ? ids.indexOf(this.anchor) : -1;
    const to = ids.indexOf(segment);
    const touched = from < 0 ? [segment] : ids.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const id of touched) {
      if (on) this.picked.add(id);
      else this.picked.delete(id);
    }
    this.anchor = segment;
    this.#show();
  }

  #show() {
    for (const item of this.list.children) {
      const on = this.picked.has(item.id);
      item.classList.toggle('picked', on);
      const box = item.querySelector('input[data-does="pick"]');
      if (box) box.checked = on;
    }
    this.ears.picked(this.chosen());
  }

  /** Arrow keys walk from box to box; with Shift they take the lines along. @param {KeyboardEvent} event */
  #key(event) {
    if (event.target.dataset.does !== 'pick') return;
    if (event.key === 'Enter') {
      event.preventDefault();
      this.ears.mend(idOf(event.target));
    }
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (!step) return;
    event.preventDefault();
    const boxes = [...this.list.querySelectorAll('[data-does="pick"]')];
    const next = boxes[boxes.indexOf(event.target) + step];
    if (!next) return;
    next.focus();
    if (!event.shiftKey) return;
    const here = idOf(event.target);
    if (!this.picked.has(here)) this.#pick(here, true, false);
    this.#pick(idOf(next), true, true);
  }
}
