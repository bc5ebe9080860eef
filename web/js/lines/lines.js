// The lines on a staff page: shows them, lets them be picked (one, or a range), and opens them in the editor. Only some
// of the lines are on the page at a time; more are added when somebody scrolls.

import { doubtAt, doubts, wordAt, wordSpans } from './word_spans.js';
import { gapMark, headed, named } from '../lib/headings.js';
import { made } from '../lib/made.js';
import { at, element } from '../lib/nodes.js';
import { Turn } from '../lib/reading_order.js';
import { unquotable } from '../panels/rough.js';
import { direction, mediaTime } from '../lib/words.js';

const CALM = 120; // lines on the page while the newest is in view; also how many older or newer ones are added at once
const MOST = 480; // lines on the page at most while somebody reads further up
const NEAR = 400; // px from either end at which more are added
const SLACK = 60; // px: so near to the end counts as the end

/** @typedef {import('./word_spans.js').Span} WordSpan  the selected part of a line's text */

/** The id of the line to which an element belongs; empty for none. @param {Element} part */
const idOf = (part) => part.closest('li.line')?.id ?? '';

/**
 * The index in an element's text at a point of the window; null where there is none.
 * @param {Element} text  @param {number} x  @param {number} y
 */
function offsetAt(text, x, y) {
  const found = document.caretPositionFromPoint?.(x, y) ?? document.caretRangeFromPoint?.(x, y) ?? null;
  if (!found) return null;
  const [node, offset] = found instanceof Range ? [found.startContainer, found.startOffset] : [found.offsetNode, found.offset];
  if (!text.contains(node)) return null;
  const before = document.createRange();
  before.setStart(text, 0);
  before.setEnd(node, offset);
  return before.toString().length;
}

export class DeskLines {
  /**
   * @param {import('./state.js').DeskState} state
   * @param {import('../lib/words.js').Words} words
   * @param {{picked: (segments: string[]) => void, mend: (segment: string, span?: WordSpan) => void,
   *         named?: (segment: string, right: boolean) => void}} ears
   */
  constructor(state, words, ears) {
    this.state = state;
    this.words = words;
    this.made = made(words, document.documentElement.lang); // says how a line was translated
    this.ears = ears;
    this.list = at('Lines');
    this.growing = at('Growing');
    this.box = at('Log');
    /** @type {Set<string>} */
    this.picked = new Set();
    /** @type {?string} */
    this.anchor = null; // id of the line picked last, where a range begins
    /** @type {Map<string, string[]>} */
    this.marks = new Map(); // line → its marks for the report, in words
    /** @type {Map<string, string>} */
    this.claims = new Map(); // line → who is correcting it at another desk, in words
    /** @type {Map<string, string>} */
    this.names = new Map(); // line → who is proposed as its speaker, in words
    /** @type {?string} */
    this.editing = null; // the line in the editor, whose element is not touched
    this.way = at('Newest'); // the button to the newest line, shown while that is out of view
    /** @type {?string} */
    this.first = null; // id of the first line on the page
    /** @type {?string} */
    this.last = null; // id of the last one; null: the page goes up to the newest
    /** @type {?string} */
    this.stop = null; // the line that is a stop of the Tab key
    this.held = false; // whether somebody moves from line to line by keys, so that the text must not scroll
    this.box.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(this.box);
    this.list.addEventListener('click', (event) => this.#click(event));
  }

  /** Show what has changed. @param {Pick<DeskChange, 'whole' | 'lines'>} change */
  update(change) {
    const follows = this.follows();
    const shown = this.state.shown();
    const all = shown.filter((line) => line.t1 !== null);
    const finished = this.#part(all, follows);
    const held = follows ? null : this.#stands();
    if (change.whole) for (const item of [...this.list.children]) if (item.id !== this.editing) item.remove();
    const wanted = new Set(finished.map((line) => line.segment));
    for (const item of [...this.list.children]) if (item.id && !wanted.has(item.id) && item.id !== this.editing) item.remove();
    const turn = new Turn();
    const rows = this.#rows(finished);
    const marks = new Set();
    const apart = this.editing !== null && !wanted.has(this.editing) ? document.getElementById(this.editing) : null;
    let passed = 0; // an editor whose line isn't among them stays where it is
    rows.forEach((row, i) => {
      const item = 'reason' in row ? this.#mark(row) : this.#item(row, change);
      if (this.list.children[i] === apart) passed = 1;
      const there = this.list.children[i + passed];
      if (there !== item) this.list.insertBefore(item, there ?? null);
      if ('reason' in row) {
        marks.add(item);
        turn.apart = true;
      } else headed(item, turn.then(this.#name(row), row.voice_changes), this.words.text('unnamed'));
    });
    for (const mark of this.list.querySelectorAll('.gap')) if (!marks.has(mark)) mark.remove();
    for (const segment of this.picked) if (!wanted.has(segment)) this.picked.delete(segment);
    this.growing.hidden = this.last !== null; // lines before it are not on the page
    this.#grow(shown.filter((line) => line.t1 === null).at(-1) ?? null, turn);
    this.#tabs();
    if (follows) this.toEnd();
    else this.#keep(held);
    this.#shows();
  }

  /**
   * The finished lines that belong on the page: the newest ones, or the same part as before while somebody reads
   * further up.
   * @param {DeskLine[]} all  @param {boolean} follows
   */
  #part(all, follows) {
    const numberOf = (/** @type {?string} */ id) => (id === null ? -1 : all.findIndex(({ segment }) => segment === id));
    const from = follows ? -1 : numberOf(this.first);
    const begins = from < 0 ? Math.max(0, all.length - CALM) : from;
    const end = from < 0 ? -1 : numberOf(this.last);
    const ends = Math.min(end < 0 ? all.length : end + 1, begins + MOST);
    this.first = all[begins]?.segment ?? null;
    this.last = ends < all.length ? all[ends - 1].segment : null;
    return all.slice(begins, ends);
  }

  /** Add older (`way` -1) or newer (1) lines to the page; returns whether there were any. @param {number} way */
  more(way) {
    if (way > 0 && this.last === null) return false;
    const all = this.state.shown().filter((line) => line.t1 !== null);
    const begins = all.findIndex(({ segment }) => segment === this.first);
    if (begins < 0 || (way < 0 && !begins)) return false;
    const end = this.last === null ? all.length : all.findIndex(({ segment }) => segment === this.last) + 1;
    const from = way < 0 ? Math.max(0, begins - CALM) : Math.max(begins, Math.min(all.length, end + CALM) - MOST);
    const to = way < 0 ? Math.min(end, from + MOST) : Math.min(all.length, end + CALM);
    this.first = all[from].segment;
    this.last = to < all.length ? all[to - 1].segment : null;
    const { held } = this;
    this.held = true; // the lines in view must not move
    this.update({ whole: false, lines: new Set() });
    this.held = held;
    return true;
  }

  /** Add more lines near either end. */
  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    if (scrollTop < NEAR) this.more(-1);
    else if (scrollHeight - clientHeight - scrollTop < NEAR) this.more(1);
    if (this.#atEnd() && !this.list.contains(document.activeElement)) this.held = false;
    this.#shows();
  }

  /** Where the newest line was in view it stays so, unless lines are picked: they must not move under the pointer. */
  #resized() {
    if (this.way.hidden && !this.editing && !this.held && !this.picked.size) this.toEnd();
    else this.#shows();
  }

  /**
   * The line that must not move, and its top in px: the one in the editor or with the focus, or else the first in view.
   */
  #stands() {
    const top = this.box.getBoundingClientRect().top;
    const own = this.editing ?? idOf(/** @type {Element} */ (document.activeElement));
    const item = (own && document.getElementById(own)) || [...this.list.children].find((each) => each.id && each.getBoundingClientRect().bottom > top);
    return item ? { id: item.id, top: item.getBoundingClientRect().top } : null;
  }

  /** Scroll so that the line from `#stands` is where it was. @param {?{id: string, top: number}} held */
  #keep(held) {
    const item = held && document.getElementById(held.id);
    const moved = item ? item.getBoundingClientRect().top - held.top : 0;
    if (moved) this.box.scrollTop += moved;
  }

  /** Make one line the stop of the Tab key: the one that had the focus last, or else the newest. */
  #tabs() {
    const there = this.stop === null ? null : document.getElementById(this.stop);
    const stop = there ?? this.list.querySelector('.line:last-child') ?? [...this.list.querySelectorAll('.line')].at(-1) ?? null;
    for (const item of this.list.querySelectorAll('.line[tabindex="0"]')) if (item !== stop) item.setAttribute('tabindex', '-1');
    stop?.setAttribute('tabindex', '0');
  }

  /**
   * Show on lines who is correcting them at another desk.
   * @param {Map<string, string>} claims  line → that, in words
   */
  claimed(claims) {
    const lines = new Set([...this.claims.keys(), ...claims.keys()]);
    if ([...lines].every((segment) => this.claims.get(segment) === claims.get(segment))) return;
    this.claims = claims;
    this.update({ whole: false, lines });
  }

  /**
   * Show on lines who is proposed as their speaker.
   * @param {Map<string, string>} names  line → that, in words
   */
  proposed(names) {
    const lines = new Set([...this.names.keys(), ...names.keys()]);
    if ([...lines].every((segment) => this.names.get(segment) === names.get(segment))) return;
    this.names = names;
    this.update({ whole: false, lines });
  }

  /** Make a line the stop of the Tab key. @param {string} segment */
  stopAt(segment) {
    this.stop = segment;
    this.#tabs();
  }

  /** The id of the line with the focus; null for none. */
  get current() {
    const { activeElement } = document;
    return (activeElement && this.list.contains(activeElement) && idOf(activeElement)) || null;
  }

  /**
   * The lines with the gaps between them: each gap before the first line that begins at or after its beginning.
   * @param {DeskLine[]} lines
   */
  #rows(lines) {
    const gaps = (this.state.session?.gaps ?? []).filter(({ t0 }) => lines.length < CALM || t0 > lines[0].t0); // earlier gaps are among lines not on the page
    const rows = lines.flatMap(/** @returns {(Gap | DeskLine)[]} */ (line) => [...gaps.splice(0, gaps.findLastIndex(({ t0 }) => t0 <= line.t0) + 1), line]);
    return [...rows, ...gaps];
  }

  /** The element of a gap. @param {Gap} gap */
  #mark(gap) {
    return this.list.querySelector(`.gap[data-t0="${Number(gap.t0)}"]`) ?? gapMark(gap, this.words);
  }

  /**
   * The element of a line, made anew only if the line has changed.
   * @param {DeskLine} line  @param {Pick<DeskChange, 'lines'>} change
   */
  #item(line, change) {
    const item = document.getElementById(line.segment);
    return item && (!change.lines.has(line.segment) || line.segment === this.editing) ? item : this.#place(item, line);
  }

  /** Scroll to the newest line, and follow from now on. */
  newest() {
    this.held = false;
    this.first = this.last = this.stop = null;
    this.update({ whole: false, lines: new Set() });
    this.toEnd();
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.#shows();
  }

  /** Whether the page scrolls with new lines: the newest is in view, and none is being corrected or visited by keys. */
  follows() {
    return this.#atEnd() && !this.editing && !this.held && this.last === null;
  }

  /** Show the button to the newest line while that is out of view. */
  #shows() {
    this.way.hidden = this.#atEnd() && this.last === null;
  }

  /** Unpick all lines. */
  clear() {
    this.picked.clear();
    this.anchor = null;
    this.#show();
  }

  /** The ids of the picked lines, in the order of the text. */
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

  /** The heading with the name of a line's speaker, who has one. @param {DeskLine} line */
  #heading(line) {
    return named(this.state.session?.speakers ?? {}, line.speaker ?? '');
  }

  /**
   * Make the element of a line in place of the old one; the focus stays.
   * @param {?HTMLElement} old  @param {DeskLine} line
   */
  #place(old, line) {
    const { activeElement } = document;
    const [own, focused] = [old && old === activeElement, old?.contains(activeElement) ? activeElement?.dataset.does : null];
    const name = this.#name(line);
    const time = mediaTime(line.t0);
    const text = line.text.trim();
    const item = element('li', { class: 'line', id: line.segment, 'data-speaker': line.speaker ?? '', tabindex: '-1' });
    if (name) item.append(this.#heading(line));
    const said = (/** @type {string} */ does) => `${this.words.text(does)}: ${time} ${text.slice(0, 40)}`;
    const pick = element('input', { type: 'checkbox', 'data-does': 'pick', tabindex: '-1', 'aria-label': said('select') });
    pick.checked = this.picked.has(line.segment);
    item.append(element('label', { class: 'pick' }, pick, element('span', { class: 'time' }, time)));
    item.append(element('p', { class: 'text', lang: line.language, dir: direction(line.language) }, ...this.#marked(line, text)));
    item.append(element('button', { type: 'button', class: 'mend', 'data-does': 'mend', tabindex: '-1', 'aria-label': said('correct') }, this.words.text('correct')));
    const marks = [];
    if (line.mended) marks.push(element('span', { class: 'mark' }, this.words.text(line.accepted ? 'accepted' : 'mended')));
    else if (unquotable(line)) marks.push(element('span', { class: 'mark' }, this.words.text('rough')));
    else if (line.respoken) marks.push(element('span', { class: 'mark' }, this.words.text('respoken')));
    else if (line.origin === 'translated' && line.made_from) marks.push(element('span', { class: 'mark' }, this.words.text('unofficial', { made: this.made(line.made_from) })));
    else {
      if (line.origin !== 'machine' && !(line.tool && line.origin === 'person')) marks.push(element('span', { class: 'mark' }, this.words.text(`origin.${line.origin}`)));
      if (line.tool) marks.push(element('span', { class: 'mark' }, this.words.text('tool', { name: line.tool })));
    }
    if (this.claims.has(line.segment)) marks.push(element('span', { class: 'mark claimed' }, this.claims.get(line.segment) ?? ''));
    for (const mark of this.marks.get(line.segment) ?? []) marks.push(element('span', { class: 'mark tag' }, mark));
    if (marks.length) item.append(element('p', { class: 'about' }, ...marks.flatMap((mark) => [mark, ' '])));
    const proposed = this.names.get(line.segment);
    if (proposed) {
      const choice = (/** @type {string} */ does) => element('button', { type: 'button', 'data-does': does, tabindex: '-1', 'aria-label': `${this.words.text(`proposed.${does}`)}: ${proposed}` }, this.words.text(`proposed.${does}`));
      item.append(element('p', { class: 'about proposed' }, element('span', { dir: document.documentElement.dir || 'ltr' }, proposed), ' ', choice('yes'), ' ', choice('no')));
    }
    item.classList.toggle('picked', pick.checked);
    old?.replaceWith(item);
    if (own) item.focus({ preventScroll: true });
    else if (focused) item.querySelector(`[data-does="${focused}"]`)?.focus({ preventScroll: true });
    return item;
  }

  /**
   * The text as nodes, with words in doubt marked: those of which recognition was not certain.
   * @param {DeskLine} line  @param {string} text
   */
  #marked(line, text) {
    /** @type {(Node | string)[]} */
    const nodes = [];
    let from = 0;
    for (const { at, end } of this.doubts(line)) {
      nodes.push(text.slice(from, at), element('span', { class: 'doubt' }, text.slice(at, end)));
      from = end;
    }
    return [...nodes, text.slice(from)];
  }

  /** The spans of words in doubt in a line. @param {DeskLine} line */
  doubts(line) {
    return doubts(line.text.trim(), this.state.certainties(line));
  }

  /**
   * Other readings of a word in doubt; empty for other words.
   * @param {DeskLine} line  @param {import('./word_spans.js').Span} span
   */
  readings(line, span) {
    return this.state.readings[line.segment]?.[doubtAt(line.text.trim(), this.state.certainties(line), span)] ?? [];
  }

  /**
   * Show the growing line, or only the partial words, after the finished lines.
   * @param {?DeskLine} line  @param {Turn} turn
   */
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
    const over = name === null ? [] : [line && name ? this.#heading(line) : element('p', { class: 'speaker unnamed' }, this.words.text('unnamed'))];
    this.growing.replaceChildren(...over, paragraph);
  }

  // Picking

  /** @param {MouseEvent} event */
  #click(event) {
    const does = event.target.closest('[data-does]')?.dataset.does;
    const segment = idOf(event.target);
    const text = event.target.closest('.line > .text');
    if (does === 'mend') this.ears.mend(segment);
    else if (does === 'yes' || does === 'no') this.ears.named?.(segment, does === 'yes');
    else if (does === 'pick') this.#pick(segment, /** @type {HTMLInputElement} */ (event.target).checked, event.shiftKey);
    else if (text && getSelection()?.isCollapsed !== false) this.ears.mend(segment, this.#pointed(text, segment, event)); // with a selection, somebody is copying text
  }

  /**
   * The span of the word at the pointer; an empty span between two characters where there is none; undefined outside
   * the text.
   * @param {Element} text  @param {string} segment  @param {MouseEvent} event  @returns {WordSpan | undefined}
   */
  #pointed(text, segment, { clientX, clientY }) {
    const offset = offsetAt(text, clientX, clientY);
    if (offset === null) return undefined;
    const spans = wordSpans(text.textContent, this.state.lines.get(segment)?.language);
    return wordAt(spans, offset) ?? { at: offset, end: offset };
  }

  /**
   * Pick or unpick a line; with `range`, pick all lines from the one picked before up to it.
   * @param {string} segment  @param {boolean} range
   */
  pick(segment, range = false) {
    this.#pick(segment, range || !this.picked.has(segment), range);
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
}
