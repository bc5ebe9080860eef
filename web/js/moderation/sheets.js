// The sheets that ask for more before something is done: why, with which, how it reads, what the answer is.

import { at, element, only } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

const MOST = 200; // signs of a question that a sheet shows

/** What a sheet is about. @typedef {Partial<Pick<Question, 'text' | 'language'>> & {number?: number | string}} Asked */

/**
 * @typedef {object} Fields  of the forms in sheets, by the sheet's id
 * @property {{ready: HTMLSelectElement, own: HTMLInputElement}} Decline
 * @property {{into: HTMLSelectElement}} Join
 * @property {{text: HTMLTextAreaElement, name: HTMLInputElement}} Reword
 * @property {{text: HTMLTextAreaElement, language: HTMLSelectElement}} Answer
 */

/** @template {keyof Fields} Id  @param {Id} id */
const fieldsOf = (id) => /** @type {Form<Fields[Id]>} */ (only('form', at(id))).elements;

export class QuestionSheets {
  /** @param {import('../lib/words.js').Words} words  @param {Tongue} tongue  @param {() => void} over  when one was shut */
  constructor(words, tongue, over) {
    this.words = words;
    this.tongue = tongue;
    this.over = over;
  }

  /** Why these aren't taken; null when it was given up. @param {Asked[]} items */
  reason(items) {
    const { ready, own } = fieldsOf('Decline');
    this.#name('Decline', items);
    own.value = ready.value = ''; // None is chosen beforehand: two keys would send it.
    const needed = () => { ready.required = !own.value.trim(); };
    own.oninput = needed;
    needed();
    return this.#ask('Decline', () => own.value.trim() || ready.value);
  }

  /** Which of `targets` these go on as; null when it was given up. @param {Question[]} items  @param {Question[]} targets */
  into(items, targets) {
    const { into } = fieldsOf('Join');
    this.#name('Join', items);
    into.replaceChildren(...targets.map(({ id, number, text }) => element('option', { value: id, dir: 'auto' }, `${this.words.text('number', { n: number })} ${text.slice(0, 100)}`)));
    return this.#ask('Join', () => into.value || null);
  }

  /** How an item and the name with it are to read; null when that was given up or they read so already. @param {Question} item */
  text(item) {
    const { text, name } = fieldsOf('Reword');
    this.#name('Reword', [item]);
    Object.assign(text, { value: item.text, lang: item.language, dir: direction(item.language), required: item.text !== '' });
    name.value = item.name;
    return this.#ask('Reword', () => {
      const now = { text: text.value.trim(), name: name.value.trim() };
      if (item.text && !now.text) return null;
      return now.text !== item.text || now.name !== item.name ? now : null;
    });
  }

  /** An answer in writing and its language; null when it was given up. @param {Question} item  @param {string[]} languages */
  answer(item, languages) {
    const { text, language } = fieldsOf('Answer');
    this.#name('Answer', [item]);
    text.value = item.answer;
    const tags = new Set([...languages, item.language, item.answer_language || item.language]);
    language.replaceChildren(...[...tags].map((tag) => element('option', { value: tag }, this.tongue(tag))));
    if (item.answer) language.value = item.answer_language;
    return this.#ask('Answer', () => (text.value.trim() ? { text: text.value.trim(), language: language.value } : null));
  }

  /** Whether words are to go for good; null when not. @param {string} question */
  sure(question) {
    at('SureWhat').textContent = question;
    return this.#ask('Sure', () => true);
  }

  /** Where all that are left are brought; null when it was given up. */
  rest() {
    return this.#ask('Rest', () => only('input:checked', at('Rest')).value);
  }

  /**
   * Enter does what the sheet is for, in a field as in a list; the button that gives up has to be pressed.
   * @param {HTMLDialogElement} sheet
   */
  #enterDoes(sheet) {
    if (sheet.dataset.enter) return;
    sheet.dataset.enter = 'does';
    const up = only('button[value=""]', sheet);
    up.type = 'button';
    up.addEventListener('click', () => sheet.close(''));
    sheet.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !event.target.matches('select')) return;
      event.preventDefault();
      only('button[value="done"]', sheet).click();
    });
  }

  /** Say in a sheet which ones it is about: whoever uses keys may not look at them. @param {string} id  @param {Asked[]} items */
  #name(id, items) {
    const number = this.words.text('number', { n: items.map((each) => each.number).filter(Boolean).join(', ') });
    const [{ text, language }] = items;
    const what = items.length === 1 && text && id !== 'Reword' ? [' ', element('bdi', { lang: language }, text.slice(0, MOST))] : [];
    at(`${id}Which`).replaceChildren(number, ...what);
  }

  /**
   * @param {'Answer' | 'Decline' | 'Join' | 'Rest' | 'Reword' | 'Sure'} id  @param {() => ?Gives} gives
   * @template Gives  @returns {Promise<?Gives>}
   */
  #ask(id, gives) {
    const sheet = at(id);
    if (document.querySelector('dialog[open]')) return Promise.resolve(null);
    sheet.returnValue = '';
    this.#enterDoes(sheet);
    sheet.showModal();
    return new Promise((done) => {
      sheet.addEventListener('close', () => {
        done(sheet.returnValue ? gives() : null);
        this.over();
      }, { once: true });
    });
  }
}
