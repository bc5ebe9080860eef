// Moves through the text by keys: up and down from line to line, left and right from word to word. Typed text replaces
// the chosen word.

import { nextSpan, reread, wordSpans } from './word_spans.js';
import { element } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

/** @typedef {import('./word_spans.js').Span} Span */

const FIELD = 'textarea, select, input:not([type="checkbox"]), [contenteditable]';

export class DeskWalking {
  /** @type {?{segment: string, text: string, span: Span}} */
  #chosen = null; // the chosen word, with the line's text at that time

  /**
   * @param {import('./lines.js').DeskLines} lines
   * @param {{mend: (segment: string, span?: Span) => void, mends: () => boolean, say: (text: string, there: string) => void, left?: () => void, picks?: boolean,
   *          reread?: (line: DeskLine, text: string) => unknown, split?: (line: DeskLine, offset: number) => unknown}} does
   *   `mend`: open a line in the editor; `mends`: whether lines may be corrected here; `left`: what Escape does; by
   *   default it leaves the word, then the line; `picks`: whether Space picks a line; `reread`: correct a line with
   *   another reading of a word; `split`: another person speaks from an index of a line's text on
   */
  constructor(lines, does) {
    this.lines = lines;
    this.does = does;
    lines.list.addEventListener('focusin', ({ target }) => {
      const item = target.closest('li.line');
      if (item) lines.stopAt(item.id);
      if (item?.id !== this.#chosen?.segment) this.#drop();
    });
    lines.list.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Element && !lines.list.contains(relatedTarget)) lines.held = false;
    });
    // In the capture phase: while a word is chosen, a letter is no single-key shortcut.
    addEventListener('keydown', (event) => this.#key(event), true);
    lines.way.addEventListener('click', () => this.newest());
    lines.list.addEventListener('click', ({ target }) => {
      const button = target.closest('.readings button');
      if (button) this.#reread(button.dataset.reading ?? '');
    });
  }

  /** The chosen word while its line has the focus and is unchanged; else null. */
  get chosen() {
    const chosen = this.#chosen;
    return chosen && this.#text(chosen.segment) === chosen.text && this.lines.current === chosen.segment ? chosen : null;
  }

  /** Lines were rendered again: select the chosen word again. */
  settle() {
    if (this.lines.editing) return; // the selection is in the editor; to select here would take the focus from it
    const { chosen } = this;
    if (chosen) this.#select(chosen.segment, chosen.span);
    else this.#drop();
  }

  /** Go to the newest line. */
  newest() {
    this.lines.newest();
    this.#to(this.#ids().at(-1));
    this.lines.held = false;
  }

  /**
   * Go to the next word in doubt from the chosen word, or else from the line with the focus, or else from the newest
   * line.
   * @param {number} step  1: forward, -1: back
   */
  doubt(step) {
    const ids = this.#ids();
    const here = this.lines.current ?? ids.at(-1);
    const doubts = (/** @type {string} */ id) => {
      const line = this.lines.state.lines.get(id);
      return line ? this.lines.doubts(line) : [];
    };
    const own = here ? nextSpan(doubts(here), this.chosen?.span ?? null, step) : null;
    if (here && own) {
      this.#choose(here, own);
      return;
    }
    const from = ids.indexOf(here ?? '');
    // Without a line with the focus it goes up from the newest line, since all words in doubt were said before.
    const others = step > 0 && this.lines.current ? ids.slice(from + 1) : ids.slice(0, Math.max(0, from)).reverse();
    const id = others.find((each) => doubts(each).length);
    if (id) this.#choose(id, doubts(id).at(step > 0 ? 0 : -1));
  }

  #ids() {
    return [...this.lines.list.querySelectorAll('.line')].map(({ id }) => id);
  }

  /** @param {string} segment */
  #text(segment) {
    return this.lines.state.lines.get(segment)?.text.trim() ?? '';
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (!(target instanceof Element) || target.matches(FIELD) || target.closest('.editor')) return;
    const { current } = this.lines;
    if (!current && target !== document.body && target !== this.lines.box) return;
    if (current ? this.#atLine(event, current) : (key === 'ArrowUp' || key === 'ArrowDown') && this.#to(this.#ids().at(-1))) event.preventDefault();
  }

  /**
   * Handle a key while a line has the focus; returns whether its default is to be prevented.
   * @param {KeyboardEvent} event  @param {string} current
   */
  #atLine(event, current) {
    const { key, shiftKey: shift, target } = event;
    const rtl = getComputedStyle(/** @type {Element} */ (document.getElementById(current)?.querySelector('.text'))).direction === 'rtl';
    const along = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }[key];
    if (key === 'ArrowUp' || key === 'ArrowDown') return this.#go(current, key === 'ArrowUp' ? -1 : 1, shift);
    if (along) {
      if (!this.does.mends()) return false;
      if (shift) this.doubt(along);
      else this.#walk(current, along);
      return true;
    }
    if (key === 'Home') return this.#to(this.#ids()[0]);
    if (key === 'End') {
      this.newest();
      return true;
    }
    if (key === 'Escape') return this.#leave();
    if (key === ' ' && target.matches('li.line') && this.does.picks !== false) {
      this.lines.pick(current, shift);
      return true;
    }
    const reading = /^[1-9]$/.test(key) ? this.#readings()[Number(key) - 1] : '';
    if (reading) {
      event.stopImmediatePropagation(); // here it is no single-key shortcut
      this.#reread(reading);
      return true;
    }
    const line = key === 'Enter' && shift && target.matches('li.line') ? this.lines.state.lines.get(current) : null;
    if (line && this.does.split) {
      this.does.split(line, this.chosen?.span.at ?? 0);
      return true;
    }
    if (key === 'Enter' && target.matches('li.line, [data-does="pick"]')) {
      this.does.mend(current, this.chosen?.span);
      return true;
    }
    this.#type(event, current);
    return false;
  }

  /**
   * Typing replaces the chosen word: the line opens with the word selected, and the key then takes effect in the
   * editor.
   * @param {KeyboardEvent} event  @param {string} current
   */
  #type(event, current) {
    const { chosen } = this;
    const typed = [...event.key].length === 1 || ['Process', 'Dead', 'Backspace', 'Delete'].includes(event.key);
    if (!chosen || !typed || event.key === ' ') return;
    event.stopImmediatePropagation(); // here it is no single-key shortcut
    this.does.mend(current, chosen.span);
  }

  /**
   * Go to the line above (-1) or below (1).
   * @param {string} current  @param {number} step  @param {boolean} picks  whether to pick both
   */
  #go(current, step, picks) {
    let ids = this.#ids();
    if (ids[ids.indexOf(current) + step] === undefined && this.lines.more(step)) ids = this.#ids();
    const next = ids[ids.indexOf(current) + step];
    if (!next) return true;
    this.#to(next);
    if (picks) {
      if (!this.lines.picked.has(current)) this.lines.pick(current);
      this.lines.pick(next, true);
    }
    return true;
  }

  /** Focus a line; returns whether it is on the page. @param {string} [segment] */
  #to(segment) {
    const item = segment && document.getElementById(segment);
    if (!item) return false;
    this.#drop();
    this.lines.held = true;
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: 'nearest', behavior: 'instant' });
    return true;
  }

  /** Escape leaves the word, then the line. */
  #leave() {
    if (this.does.left) {
      this.#drop();
      this.does.left();
    } else if (this.#chosen) this.#drop();
    else {
      this.lines.held = false;
      this.lines.box.focus({ preventScroll: true });
    }
    return true;
  }

  /** Choose the next word of a line, or the one before. @param {string} segment  @param {number} step */
  #walk(segment, step) {
    const { language = '' } = this.lines.state.lines.get(segment) ?? {};
    const next = nextSpan(wordSpans(this.#text(segment), language), this.chosen?.span ?? null, step);
    if (next) this.#choose(segment, next);
  }

  /** Choose a word and announce it with its other readings. @param {string} segment  @param {Span} [span] */
  #choose(segment, span) {
    if (!span || !this.#to(segment)) return;
    const text = this.#text(segment);
    this.#chosen = { segment, text, span };
    this.#select(segment, span);
    const others = this.#readings().map((each, n) => `${n + 1} ${each}`);
    this.does.say([text.slice(span.at, span.end), ...others].join(', '), `#${CSS.escape(segment)}`);
  }

  /** The other readings of the chosen word. */
  #readings() {
    const { chosen } = this;
    const line = chosen && this.lines.state.lines.get(chosen.segment);
    return line && this.does.reread && this.does.mends() ? this.lines.readings(line, chosen.span) : [];
  }

  /** Replace the chosen word by another reading. @param {string} reading */
  #reread(reading) {
    const { chosen } = this;
    const line = chosen && this.lines.state.lines.get(chosen.segment);
    if (!line || !this.#readings().includes(reading)) return;
    this.#drop();
    this.does.reread?.(line, reread(chosen.text, chosen.span, reading));
    this.does.left?.();
  }

  /** Show the other readings after the line, each with the figure of its key. @param {string} segment */
  #offer(segment) {
    this.lines.list.querySelector('.readings')?.remove();
    const others = this.#readings();
    if (!others.length) return;
    const { language = '' } = this.lines.state.lines.get(segment) ?? {};
    const buttons = others.map((text, n) => element('li', {}, element('button', { type: 'button', tabindex: '-1', 'data-reading': text, 'aria-keyshortcuts': String(n + 1) },
      element('kbd', { 'aria-hidden': 'true' }, String(n + 1)), ' ', element('span', { lang: language, dir: direction(language) }, text))));
    document.getElementById(segment)?.append(element('ul', { class: 'readings', 'aria-label': this.lines.words.text('readings') }, ...buttons));
  }

  /** Choose no word any more. */
  #drop() {
    if (!this.#chosen) return;
    this.#chosen = null;
    this.lines.list.querySelector('.readings')?.remove();
    getSelection()?.removeAllRanges();
  }

  /** Select the word, with the browser's own selection. @param {string} segment  @param {Span} span */
  #select(segment, { at, end }) {
    this.#offer(segment);
    const text = document.getElementById(segment)?.querySelector('.text');
    const selection = getSelection();
    if (!text || !selection) return;
    const [from, to] = [nodeAt(text, at), nodeAt(text, end)];
    if (from && to) selection.setBaseAndExtent(...from, ...to);
  }
}

/**
 * The text node and the index in it for an index in the whole text of an element.
 * @param {Element} text  @param {number} offset  @returns {?[Node, number]}
 */
function nodeAt(text, offset) {
  const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let rest = offset;
  while (nodes.nextNode()) {
    const { length } = /** @type {Text} */ (nodes.currentNode);
    if (rest <= length) return [nodes.currentNode, rest];
    rest -= length;
  }
  return null;
}
