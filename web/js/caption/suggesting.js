// The list of names and terms under the word that is being typed. Tab takes one; none is ever inserted by itself.

import { completions } from './completing.js';
import { at, element } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

export class Suggesting {
  /** @type {import('./completing.js').Completion[]} */
  #found = [];
  #chosen = 0;
  #of = ''; // the text before the caret when the list was made

  /**
   * @param {HTMLTextAreaElement} field  @param {() => string[]} terms
   * @param {(from: number, text: string) => void} take
   */
  constructor(field, terms, take) {
    this.field = field;
    this.terms = terms;
    this.take = take;
    this.list = at('Suggested');
    field.addEventListener('keydown', (event) => this.#key(event));
    field.addEventListener('input', () => this.look());
    // When the caret has moved elsewhere, or Tab has moved the focus here, the list is closed.
    for (const moved of ['click', 'keyup']) field.addEventListener(moved, () => this.#before() === this.#of || this.#show([]));
    // A press on the list takes the focus from the field before it becomes a click.
    field.addEventListener('blur', () => this.list.matches(':hover') || this.#show([]));
    this.list.addEventListener('click', ({ target }) => {
      const item = target.closest('li');
      this.field.focus();
      if (item) this.#take([...this.list.children].indexOf(item));
    });
  }

  /** The text before the caret has changed: make the list anew. */
  look() {
    const { selectionStart: from, selectionEnd: to } = this.field;
    this.#of = this.#before();
    this.#show(from === to && document.activeElement === this.field ? completions(this.#of, this.terms()) : []);
  }

  #before() {
    return this.field.value.slice(0, this.field.selectionStart);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#found.length || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const { key } = event;
    if (key === 'Tab' && !event.shiftKey) this.#take(this.#chosen);
    else if (key === 'ArrowDown' || key === 'ArrowUp') {
      this.#chosen = (this.#chosen + (key === 'ArrowDown' ? 1 : this.#found.length - 1)) % this.#found.length;
      this.#mark(true);
    } else if (key === 'Escape') this.#show([]);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** @param {number} n */
  #take(n) {
    const { from, text } = this.#found[n];
    this.#show([]);
    this.take(from, text);
  }

  /** @param {import('./completing.js').Completion[]} found */
  #show(found) {
    const same = found.length === this.#found.length && found.every(({ text }, n) => text === this.#found[n].text);
    this.#found = found;
    if (same) return;
    this.#chosen = 0;
    this.list.hidden = !found.length;
    const { lang } = this.field;
    this.list.replaceChildren(...found.map(({ text }, n) => element('li', { id: `Suggested${n}`, role: 'option', lang, dir: direction(lang) }, text)));
    this.#mark(false);
    this.#under();
  }

  /** Mark the chosen item. @param {boolean} byKey  whether screen readers are to announce it */
  #mark(byKey) {
    [...this.list.children].forEach((item, n) => item.setAttribute('aria-selected', String(n === this.#chosen)));
    if (byKey) this.field.setAttribute('aria-activedescendant', `Suggested${this.#chosen}`);
    else this.field.removeAttribute('aria-activedescendant');
  }

  /** Put the list under the word. Its position is measured in a copy of the text with the field's style. */
  #under() {
    if (!this.#found.length) return;
    const { field } = this;
    const [like, mark] = [getComputedStyle(field), element('span')];
    const copy = element('div', { class: 'copy', dir: field.dir, 'aria-hidden': 'true' });
    for (const name of ['font', 'lineHeight', 'letterSpacing', 'padding', 'border', 'boxSizing']) copy.style[/** @type {'font'} */ (name)] = like[/** @type {'font'} */ (name)];
    copy.style.inlineSize = `${field.offsetWidth}px`;
    copy.append(field.value.slice(0, this.#found[0].from), mark, field.value.slice(this.#found[0].from));
    field.parentElement?.append(copy);
    const most = Math.max(0, field.offsetWidth - this.list.offsetWidth);
    const line = parseFloat(like.lineHeight) || 1.5 * parseFloat(like.fontSize);
    // In a right-to-left text the word begins at its right edge.
    const edge = mark.offsetLeft - (like.direction === 'rtl' ? this.list.offsetWidth : 0);
    this.list.style.left = `${field.offsetLeft + Math.min(most, Math.max(0, edge))}px`;
    this.list.style.top = `${field.offsetTop + Math.min(field.offsetHeight, mark.offsetTop + line - field.scrollTop)}px`;
    copy.remove();
  }
}
