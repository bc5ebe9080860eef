// By keys through the text: up and down from line to line, left and right from word to word, and what is typed takes the
// place of the word that is chosen.

import { nextSpan, reread, wordSpans } from './word_spans.js';
import { element } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

/** @typedef {import('./word_spans.js').Span} Span */

const FIELD = 'textarea, select, input:not([type="checkbox"]), [contenteditable]';

export class DeskWalking {
  /** @type {?{segment: string, text: string, span: Span}} */
  #chosen = null; // the word that is chosen, in the text as it was then

  /**
   * @param {import('./lines.js').DeskLines} lines
   * @param {{mend: (segment: string, span?: Span) => void, mends: () => boolean, say: (text: string, there: string) => void, left?: () => void, picks?: boolean,
   *          reread?: (line: DeskLine, text: string) => unknown}} does
   *   `mends`: whether whoever sits here corrects lines; `left`: where Escape leads to, else it leaves the word and then the line;
   *   `picks`: whether Space picks a line; `reread`: a line reads so, with another reading of a word
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
    // Before single keys, which are none where a word is chosen.
    addEventListener('keydown', (event) => this.#key(event), true);
    lines.way.addEventListener('click', () => this.newest());
    lines.list.addEventListener('click', ({ target }) => {
      const button = target.closest('.readings button');
      if (button) this.#reread(button.dataset.reading ?? '');
    });
  }

  /** The word that is chosen, as long as its line reads as it did. */
  get chosen() {
    const chosen = this.#chosen;
    return chosen && this.#text(chosen.segment) === chosen.text && this.lines.current === chosen.segment ? chosen : null;
  }

  /** Lines were shown anew: the word that is chosen stays so. */
  settle() {
    if (this.lines.editing) return; // What is marked is in its box; to mark it in the line would take what is typed from there.
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

  /** Go to the next word in doubt, from the one that is chosen, else from the line with the focus, else of the newest. @param {number} step */
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
    // From the newest line it goes up, as the eye does: what is in doubt there was said before.
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

  /** A key at a line; says whether it is used up. @param {KeyboardEvent} event  @param {string} current */
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
      event.stopImmediatePropagation(); // It is no single key now.
      this.#reread(reading);
      return true;
    }
    if (key === 'Enter' && target.matches('li.line, [data-does="pick"]')) {
      this.does.mend(current, this.chosen?.span);
      return true;
    }
    this.#type(event, current);
    return false;
  }

  /** What is typed takes the place of the chosen word: its line opens with it marked, and the key does the rest there. @param {KeyboardEvent} event  @param {string} current */
  #type(event, current) {
    const { chosen } = this;
    const typed = [...event.key].length === 1 || ['Process', 'Dead', 'Backspace', 'Delete'].includes(event.key);
    if (!chosen || !typed || event.key === ' ') return;
    event.stopImmediatePropagation(); // It is no single key now.
    this.does.mend(current, chosen.span);
  }

  /** @param {string} current  @param {number} step  @param {boolean} picks */
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

  /** Bring the focus to a line. @param {string} [segment] */
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

  /** @param {string} segment  @param {number} step */
  #walk(segment, step) {
    const { language = '' } = this.lines.state.lines.get(segment) ?? {};
    const next = nextSpan(wordSpans(this.#text(segment), language), this.chosen?.span ?? null, step);
    if (next) this.#choose(segment, next);
  }

  /** @param {string} segment  @param {Span} [span] */
  #choose(segment, span) {
    if (!span || !this.#to(segment)) return;
    const text = this.#text(segment);
    this.#chosen = { segment, text, span };
    this.#select(segment, span);
    const others = this.#readings().map((each, n) => `${n + 1} ${each}`);
    this.does.say([text.slice(span.at, span.end), ...others].join(', '), `#${CSS.escape(segment)}`);
  }

  /** What else the chosen word may be. */
  #readings() {
    const { chosen } = this;
    const line = chosen && this.lines.state.lines.get(chosen.segment);
    return line && this.does.reread && this.does.mends() ? this.lines.readings(line, chosen.span) : [];
  }

  /** The chosen word reads so. @param {string} reading */
  #reread(reading) {
    const { chosen } = this;
    const line = chosen && this.lines.state.lines.get(chosen.segment);
    if (!line || !this.#readings().includes(reading)) return;
    this.#drop();
    this.does.reread?.(line, reread(chosen.text, chosen.span, reading));
    this.does.left?.();
  }

  /** Show them behind the line, each with its figure. @param {string} segment */
  #offer(segment) {
    this.lines.list.querySelector('.readings')?.remove();
    const others = this.#readings();
    if (!others.length) return;
    const { language = '' } = this.lines.state.lines.get(segment) ?? {};
    const buttons = others.map((text, n) => element('li', {}, element('button', { type: 'button', tabindex: '-1', 'data-reading': text, 'aria-keyshortcuts': String(n + 1) },
      element('kbd', { 'aria-hidden': 'true' }, String(n + 1)), ' ', element('span', { lang: language, dir: direction(language) }, text))));
    document.getElementById(segment)?.append(element('ul', { class: 'readings', 'aria-label': this.lines.words.text('readings') }, ...buttons));
  }

  #drop() {
    if (!this.#chosen) return;
    this.#chosen = null;
    this.lines.list.querySelector('.readings')?.remove();
    getSelection()?.removeAllRanges();
  }

  /** Mark the word as the browser marks what is selected. @param {string} segment  @param {Span} span */
  #select(segment, { at, end }) {
    this.#offer(segment);
    const text = document.getElementById(segment)?.querySelector('.text');
    const selection = getSelection();
    if (!text || !selection) return;
    const [from, to] = [nodeAt(text, at), nodeAt(text, end)];
    if (from && to) selection.setBaseAndExtent(...from, ...to);
  }
}

/** The node of an element's text in which a character stands, and where in it. @param {Element} text  @param {number} place  @returns {?[Node, number]} */
function nodeAt(text, place) {
  const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let rest = place;
  while (nodes.nextNode()) {
    const { length } = /** @type {Text} */ (nodes.currentNode);
    if (rest <= length) return [nodes.currentNode, rest];
    rest -= length;
  }
  return null;
}
