// The reader's display choices (size, colours …), kept in the browser, in the page's address and in its links.
// Their names and values are those of server/moothall/adapters/reading/page_choices.py.

import { keep, recall } from './kept.js';

const KEY = 'moothall.choices';
const root = document.documentElement;

/** The chosen value; `no` for a check box that is not checked. @param {Field} field */
const value = (field) => (field.type === 'checkbox' ? (field.checked ? field.value : 'no') : field.value);

export class Choices {
  /**
   * @param {HTMLFormElement} form
   * @param {(name: string, value: string) => void} tell  called after each choice of the reader
   * @param {(change: () => void) => void} around  applies a change without moving the text that is read
   */
  constructor(form, tell = () => {}, around = (change) => change()) {
    this.form = form;
    this.tell = tell;
    this.around = around;
    this.fields = /** @type {Field[]} */ ([...form.elements]).filter((field) => field.name && field.type !== 'hidden');
    for (const field of this.fields) {
      const said = root.dataset[field.name];
      if (said === undefined) continue;
      if (field.type === 'checkbox') field.checked = said === field.value;
      else if ([...field.options].some((option) => option.value === said)) field.value = said;
    }
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', ({ target }) => {
      const field = /** @type {Field} */ (target);
      this.choose(field.name, value(field));
    });
    document.addEventListener('click', ({ target }) => {
      const chosen = /** @type {HTMLAnchorElement & HTMLButtonElement} */ (target);
      const language = chosen.closest?.('.texts, .yours') && (chosen.hreflang ?? chosen.value);
      if (typeof language === 'string') keep(KEY, { ...recall(KEY), language: language.toLowerCase() });
    });
  }

  /** @param {string} name */
  get(name) {
    return value(this.#field(name));
  }

  /**
   * Choose the value that is `by` positions further down a list; do nothing beyond its ends.
   * @param {string} name  @param {number} by
   */
  step(name, by) {
    const field = this.#field(name);
    const next = field.selectedIndex + by;
    if (next < 0 || next >= field.length) return;
    field.selectedIndex = next;
    this.choose(name, value(field));
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {Field} */ (this.fields.find((field) => field.name === name));
  }

  /**
   * Store a choice, apply it to the page, and write it into the addresses.
   * @param {string} name  @param {string} now
   */
  choose(name, now) {
    keep(KEY, { ...recall(KEY), [name]: now });
    this.around(() => (root.dataset[name] = now));
    history.replaceState(history.state, '', this.#with(location, name, now));
    const base = location.pathname.replace(/\/read$/, '');
    for (const link of document.links) {
      const ours = link.pathname === base || link.pathname === `${base}/read`;
      if (ours && !link.getAttribute('href')?.startsWith('#')) link.href = this.#with(link, name, now);
    }
    this.tell(name, now);
  }

  /**
   * The address with this choice in its query.
   * @param {{href: string}} address  @param {string} name  @param {string} now
   */
  #with(address, name, now) {
    const changed = new URL(address.href);
    changed.searchParams.delete('feed'); // the older name of one of the choices
    if (now === 'no') changed.searchParams.delete(name);
    else changed.searchParams.set(name, now);
    return changed.href;
  }
}
