// The list of abbreviations at a desk, and the text boxes in which they are expanded. The server stores the list for
// the role link, so that it is there on another computer too; this browser stores it as well, with the changes not yet
// sent to the server.

import { readable, withOne, withPasted, writtenOut } from './abbreviations.js';
import { keep, recall } from '../lib/kept.js';
import { at, element, set } from '../lib/nodes.js';

/**
 * `untold`: the changes that the server doesn't have yet; null where this browser has never sent any. `tell`: store
 * them.
 * @typedef {Record<string, ?string>} Change  short → long form; null: removed
 * @typedef {{read: () => unknown, write: (list: Record<string, string>) => void, untold: () => ?Change, tell: (change: Change) => void}} Store
 */

const AT_ONCE = 100; // abbreviations in one message

/** The store of a role link's abbreviations in this browser. @param {string} link  its public id  @returns {Store} */
export const inThisBrowser = (link) => ({
  read: () => recall(`moothall.desk.abbreviations.${link}`),
  write: (list) => keep(`moothall.desk.abbreviations.${link}`, list),
  untold: () => recall(`moothall.desk.abbreviations-untold.${link}`),
  tell: (change) => keep(`moothall.desk.abbreviations-untold.${link}`, change),
});

export class DeskAbbreviations {
  /**
   * @param {import('../lib/words.js').Words} words  @param {Store} store
   * @param {(change: Change) => Promise<Answer>} ask  sends a change to the server, which answers with its whole list
   */
  constructor(words, store, ask) {
    this.words = words;
    this.store = store;
    this.ask = ask;
    this.asking = false;
    this.list = readable(store.read());
    /** @type {?{area: HTMLTextAreaElement, value: string, caret: number, short: string, from: number}} */
    this.last = null; // the latest expansion, which Backspace takes back, until something else is typed
    at('AddShort').addEventListener('submit', (event) => {
      event.preventDefault();
      const { short, long } = at('AddShort').elements;
      if (!this.#take(withOne(this.list, short.value, long.value))) return;
      short.value = long.value = '';
      short.focus();
    });
    at('PasteShort').addEventListener('submit', (event) => {
      event.preventDefault();
      const { pasted } = at('PasteShort').elements;
      const { taken, wrong, ...made } = withPasted(this.list, pasted.value);
      this.#take({ list: made.list, refused: null });
      const said = [this.words.text('abbreviation.taken', { n: taken })];
      if (wrong.length) said.push(this.words.text('abbreviation.wrong', { rows: wrong.slice(0, 20).join(', ') }), this.words.text(made.refused ?? ''));
      this.#say(said.join(' '));
      if (!wrong.length) pasted.value = '';
    });
    at('Shorts').addEventListener('click', ({ target }) => {
      const { short } = target.closest('button[data-short]')?.dataset ?? {};
      if (short === undefined) return;
      const { [short]: gone, ...rest } = this.list;
      if (gone !== undefined) this.#take({ list: rest, refused: null });
      at('AddShort').elements.short.focus();
    });
    this.#show();
  }

  /** Send all changes that the server lacks, AT_ONCE in each message, and take over its list. */
  async share() {
    if (this.asking) return;
    this.asking = true;
    for (let more = true; more;) {
      const change = Object.fromEntries(Object.entries(this.store.untold() ?? this.list).slice(0, AT_ONCE));
      const { refusal, list } = await this.ask(change);
      if (refusal) break;
      const rest = Object.fromEntries(Object.entries(this.store.untold() ?? this.list).filter(([short, long]) => change[short] !== long));
      this.store.tell(rest);
      this.list = readable(Object.fromEntries(Object.entries({ ...list, ...rest }).filter(([, long]) => long !== null)));
      this.store.write(this.list);
      this.#show();
      more = Object.keys(rest).length > 0;
      at('Shorts').toggleAttribute('data-kept', !more);
    }
    this.asking = false;
  }

  /**
   * Expand abbreviations in a text box when a space or a mark ends them; Backspace right after takes it back.
   * @param {HTMLTextAreaElement} area
   */
  writes(area) {
    area.addEventListener('input', (event) => {
      if (/** @type {InputEvent} */ (event).inputType?.startsWith('insert') && !(/** @type {InputEvent} */ (event).isComposing)) this.#written(area);
      else this.last = null;
    });
    area.addEventListener('keydown', (event) => {
      const { last } = this;
      if (event.key !== 'Backspace' || last?.area !== area || area.value !== last.value || area.selectionEnd !== last.caret || area.selectionStart !== last.caret) return;
      event.preventDefault();
      area.setRangeText(`${last.short}`, last.from, last.caret, 'end');
      this.last = null;
      area.dispatchEvent(new Event('input', { bubbles: true }));
    });
  }

  /** The text to send: an abbreviation at its very end is expanded. @param {string} text */
  ended(text) {
    const out = writtenOut(this.list, `${text} `);
    return out ? text.slice(0, out.from) + out.text : text;
  }

  /** Expand the abbreviation that was ended before the caret, if there is one. @param {HTMLTextAreaElement} area */
  #written(area) {
    const { value, selectionStart: caret } = area;
    const out = writtenOut(this.list, value.slice(0, caret));
    this.last = null;
    if (!out) return;
    area.setRangeText(out.text, out.from, out.to, 'preserve');
    const end = out.from + out.text.length + (caret - out.to);
    area.setSelectionRange(end, end);
    this.last = { area, value: area.value, caret: end, short: value.slice(out.from, caret), from: out.from };
  }

  /**
   * Take over, store and share a changed list, or say why it was refused; returns whether it was taken.
   * @param {{list: Record<string, string>, refused: ?string}} made
   */
  #take({ list, refused }) {
    this.#say(refused ? this.words.text(refused) : '');
    if (refused) return false;
    const gone = Object.keys(this.list).filter((short) => !(short in list)).map((short) => [short, null]);
    const other = Object.entries(list).filter(([short, long]) => this.list[short] !== long);
    this.store.tell({ ...this.store.untold() ?? this.list, ...Object.fromEntries([...gone, ...other]) });
    this.list = list;
    this.store.write(list);
    at('Shorts').removeAttribute('data-kept');
    this.#show();
    this.share();
    return true;
  }

  /** @param {string} text */
  #say(text) {
    set(at('ShortSaid'), text);
  }

  #show() {
    const all = Object.entries(this.list).sort(([one], [two]) => one.localeCompare(two));
    set(at('ShortMany'), all.length ? `(${all.length})` : '');
    at('Shorts').replaceChildren(...all.map(([short, long]) => element('li', {},
      element('b', { dir: 'auto' }, short), ' ', element('span', { dir: 'auto' }, long), ' ',
      element('button', { type: 'button', class: 'quiet', 'data-short': short, 'aria-label': `${this.words.text('abbreviation.away')}: ${short}` }, this.words.text('abbreviation.away')))));
  }
}
