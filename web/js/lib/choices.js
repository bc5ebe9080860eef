// How a reader wants to read: names and values are those of server/moothall/adapters/reading/page_choices.py.

import { keep, recall } from './kept.js';

const KEY = 'moothall.choices';
const root = document.documentElement;

/** @param {Field} field */
const value = (field) => (field.type === 'checkbox' ? (field.checked ? field.value : 'no') : field.value);

export class Choices {
  /**
   * @param {HTMLFormElement} form
   * @param {(name: string, value: string) => void} tell  called when the reader chose
   * @param {(change: () => void) => void} around  changes the page without moving what is read
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

  /** Choose the next or previous value of a list. @param {string} name  @param {number} by */
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

  /** @param {string} name  @param {string} now */
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

  /** @param {{href: string}} address  @param {string} name  @param {string} now */
  #with(address, name, now) {
    const changed = new URL(address.href);
    changed.searchParams.delete('feed'); // the older name of one of the choices
    if (now === 'no') changed.searchParams.delete(name);
    else changed.searchParams.set(name, now);
    return changed.href;
  }
}
