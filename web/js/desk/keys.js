// Single-key shortcuts of staff pages. They can be changed and switched off (WCAG 2.1.4), and never act in a text box.

import { keep, recall } from '../lib/kept.js';
import { element } from '../lib/nodes.js';

const KEPT = 'moothall.desk.keys';
const FIELD = 'textarea, select, input:not([type="checkbox"]), [contenteditable]';
/** @type {Record<string, string>} */
const STANDARD = {
  nobody: '0', ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`speaker${i + 1}`, String(i + 1)])),
  correct: 'e', doubt: 'd', replace: 'r', newest: 'n', yes: 'y', no: 'z', write: 'w', undo: 'u', air: 't', machine: 'm', topic: 'p', question: 'q', agreed: 'a', diverging: 'v', option: 'o', untag: 'x',
};

export class DeskKeys {
  /**
   * @param {Record<string, () => unknown>} acts  by the same names as `standard`
   * @param {(name: string) => string} label  the text of an act for the form
   * @param {Record<string, string>} standard  the default key of each act
   * @param {string} name  under which the browser stores the changes
   */
  constructor(acts, label, standard = STANDARD, name = KEPT) {
    this.acts = acts;
    this.label = label;
    this.standard = standard;
    this.name = name;
    const kept = recall(name);
    this.on = kept?.on ?? true;
    /** @type {Record<string, string>} */
    const own = kept?.keys ?? {};
    const taken = new Set(Object.values(own)); // the user's own keys win over the defaults of a later release
    this.keys = { ...Object.fromEntries(Object.entries(standard).map(([act, key]) => [act, taken.has(key) ? '' : key])), ...own };
    addEventListener('keydown', (event) => this.#press(event));
  }

  /** The key of an act; empty while keys are off. @param {string} name */
  key(name) {
    return this.on ? this.keys[name] : '';
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { target: field } = event;
    if (event.key === 'Escape' && !event.isComposing && !event.defaultPrevented && field.matches?.(FIELD) && !field.closest('dialog')) field.blur(); // the typed text stays
    if (!this.on || document.querySelector('dialog[open]') || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const { target } = event;
    if (target.matches?.(FIELD)) return;
    const name = this.#meant(event);
    if (!name || !this.acts[name]) return;
    event.preventDefault();
    this.acts[name]();
  }

  /**
   * The act of a key. On a keyboard without Latin letters the position of the key counts.
   * @param {KeyboardEvent} event
   */
  #meant({ key, code }) {
    const of = (/** @type {string} */ letter) => Object.keys(this.keys).find((each) => this.keys[each] === letter);
    const [, latin] = /[\u0080-\uffff]/.test(key) ? /^Key([A-Z])$/.exec(code) ?? [] : [];
    return of(key.toLowerCase()) ?? (latin && of(latin.toLowerCase()));
  }

  /**
   * Fill the form in which keys are changed. `tell` is called after each change.
   * @param {HTMLInputElement} box  @param {HTMLElement} list  @param {() => void} tell
   */
  form(box, list, tell) {
    box.checked = this.on;
    box.addEventListener('change', () => {
      this.on = box.checked;
      this.#keep(tell);
    });
    for (const name of Object.keys(this.standard)) {
      const input = document.createElement('input');
      Object.assign(input, { type: 'text', value: this.keys[name], maxLength: 1, size: 2, autocomplete: 'off' });
      list.append(element('li', {}, element('label', {}, input, element('span', {}, this.label(name)))));
      input.addEventListener('change', () => {
        this.keys[name] = input.value.trim().toLowerCase();
        this.#keep(tell);
      });
    }
  }

  /** @param {() => void} tell */
  #keep(tell) {
    keep(this.name, { on: this.on, keys: this.keys });
    tell();
  }
}
