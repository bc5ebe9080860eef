// The panel *Who is heard*: tables by origin and by what people say of themselves (sums in which no person can be
// found), and reminders of origins that wait for long.

import { hubName } from '../desk/hub_names.js';
import { at, element, set } from '../lib/nodes.js';
import { mediaTime } from '../lib/words.js';

/** @type {(keyof BalanceRow)[]} */
const PLACES = ['received', 'taken', 'turns', 'answered', 'spoken', 'wait'];
/** @type {(keyof BalanceRow)[]} */
const GROUPS = ['people', 'received', 'heard', 'answered', 'minutes', 'wait'];
/** @type {Record<string, string>} */
const HEADS = { people: 'people', received: 'received', taken: 'taken', turns: 'turns', heard: 'taken', answered: 'answered', spoken: 'spoken', minutes: 'spoken', wait: 'wait' };

export class BalancePanel {
  #known = '';
  /** @type {Set<string>} */
  #reminded = new Set(); // origins that were announced

  /**
   * @param {import('../lib/words.js').Words} words
   * @param {(text: string) => void} say  for screen readers
   */
  constructor(words, say) {
    this.words = words;
    this.say = say;
  }

  /** Show the figures; null while nobody has asked anything. @param {?BalanceNews} told */
  take(told) {
    this.#remind(told?.unheard ?? []);
    const known = JSON.stringify(told);
    if (!at('Heard') || known === this.#known) return;
    this.#known = known;
    const { origins, groups } = told ?? { origins: [], groups: [] };
    /** @type {HTMLElement[]} */
    const shown = [];
    if (origins.length) shown.push(this.#table('HeardPlace', this.words.text('heard.places'), PLACES, origins, ({ origin }) => this.#place(origin), (name, n) => this.#exact(name, n)));
    // A table is shown only if it has a figure for people who have said something of themselves.
    const telling = groups.filter(({ rows }) => rows.some((row) => row.cell !== 'not-said' && GROUPS.some((name) => row[name] !== null)));
    for (const { dimension, rows } of telling) {
      const cell = (/** @type {{cell: string}} */ row) => this.words.text(row.cell === 'not-said' ? 'heard.not-said' : `heard.${dimension}.${row.cell}`);
      shown.push(this.#table(`Heard-${dimension}`, this.words.text(`heard.${dimension}`), GROUPS, rows, cell, (name, n) => this.#whole(name, n)));
    }
    at('HeardTables').replaceChildren(...shown);
    at('HeardNone').hidden = shown.length > 0;
    at('HeardHint').hidden = !groups.length;
  }

  /** Show the origins that wait for long, and announce new ones. @param {BalanceNews['unheard']} unheard */
  #remind(unheard) {
    at('UnheardPart').hidden = !unheard.length;
    const texts = unheard.map(({ origin, waiting, minutes }) => this.words.text('unheard', { place: this.#place(origin), waiting, minutes }));
    if (at('Unheard').children.length !== texts.length) at('Unheard').replaceChildren(...texts.map(() => element('li')));
    texts.forEach((text, n) => set(at('Unheard').children[n], text));
    // An origin is announced when it comes to this list, not again each minute.
    const fresh = texts.filter((_, n) => !this.#reminded.has(unheard[n].origin));
    this.#reminded = new Set(unheard.map(({ origin }) => origin));
    if (fresh.length) this.say(fresh.join('. '));
  }

  /** The name of an origin. @param {string} origin */
  #place(origin) {
    if (!origin.startsWith('hub:')) return this.words.text(`from.${origin}`);
    return this.words.text('from.hub', { name: hubName(origin.slice(4), this.words) });
  }

  /** A figure of the table by origins; times are in ms. @param {string} name  @param {?number} n */
  #exact(name, n) {
    if (n === null) return '–'; // none yet
    return name === 'spoken' || name === 'wait' ? mediaTime(n) : n;
  }

  /**
   * A figure of the other tables, times in whole minutes; null where it must not be shown.
   * @param {string} name  @param {?number} n
   */
  #whole(name, n) {
    if (n === null) return null;
    return name === 'minutes' || name === 'wait' ? this.words.text('limit.min', { n }) : n;
  }

  /**
   * A table; figures that are null are shown as hidden.
   * @param {string} id  @param {string} title  @param {(keyof BalanceRow)[]} columns  @param {Row[]} rows
   * @param {(row: Row) => string} head  @param {(name: string, n: ?number) => string | number | null} figure
   * @template {BalanceRow} Row
   */
  #table(id, title, columns, rows, head, figure) {
    const heads = columns.map((name) => element('th', { scope: 'col' }, this.words.text(`heard.${HEADS[name]}`)));
    const body = rows.map((row) => {
      const figures = columns.map((name) => figure(name, row[name]));
      const first = element('th', { scope: 'row' }, element('bdi', {}, head(row)));
      if (figures.every((each) => each === null)) {
        return element('tr', {}, first, element('td', { class: 'none', colspan: columns.length }, this.words.text('heard.hidden')));
      }
      return element('tr', {}, first, ...figures.map((each) => (each === null ? this.#hidden() : element('td', {}, String(each)))));
    });
    const caption = element('caption', { id }, title);
    const table = element('table', {}, caption, element('thead', {}, element('tr', {}, element('td'), ...heads)), element('tbody', {}, ...body));
    return element('div', { class: 'wide', role: 'group', tabindex: '0', 'aria-labelledby': id }, table);
  }

  #hidden() {
    const dash = element('span', { 'aria-hidden': 'true' }, '–');
    return element('td', { class: 'none' }, dash, element('span', { class: 'unseen' }, this.words.text('heard.hidden')));
  }
}
