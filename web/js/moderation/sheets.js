// The dialogues (sheets) that ask for more before an act: the reason, the question to join with, the new wording, the
// answer.

import { at, element, only } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

const MOST = 200; // characters of a question that a sheet shows

/** What a sheet is about. @typedef {Partial<Pick<Question, 'text' | 'language'>> & {number?: number | string}} Asked */

/**
 * @typedef {object} Fields  of the forms in sheets, by the sheet's id
 * @property {{ready: HTMLSelectElement, own: HTMLInputElement}} Decline
 * @property {{into: HTMLSelectElement}} Join
 * @property {{under: HTMLSelectElement}} PutUnder
 * @property {{text: HTMLTextAreaElement, name: HTMLInputElement}} Reword
 * @property {{text: HTMLTextAreaElement, language: HTMLSelectElement}} Answer
 */

/** @template {keyof Fields} Id  @param {Id} id */
const fieldsOf = (id) => /** @type {Form<Fields[Id]>} */ (only('form', at(id))).elements;

export class QuestionSheets {
  /** @param {import('../lib/words.js').Words} words  @param {LanguageName} languageName  @param {() => void} over  called when a sheet was closed */
  constructor(words, languageName, over) {
    this.words = words;
    this.languageName = languageName;
    this.over = over;
  }

  /** Ask why these questions are declined; resolves to null when cancelled. @param {Asked[]} items */
  reason(items) {
    const { ready, own } = fieldsOf('Decline');
    this.#name('Decline', items);
    own.value = ready.value = ''; // no reason is preset, or two key presses would send it
    const needed = () => { ready.required = !own.value.trim(); };
    own.oninput = needed;
    needed();
    return this.#ask('Decline', () => own.value.trim() || ready.value);
  }

  /**
   * Ask with which of `targets` these questions are joined; resolves to its id, or null when cancelled.
   * @param {Question[]} items  @param {Question[]} targets
   */
  into(items, targets) {
    const { into } = fieldsOf('Join');
    this.#name('Join', items);
    into.replaceChildren(...targets.map(({ id, number, text }) => element('option', { value: id, dir: 'auto' }, `${this.words.text('number', { n: number })} ${text.slice(0, 100)}`)));
    return this.#ask('Join', () => into.value || null);
  }

  /**
   * Ask under which policy question these questions are put; resolves to its id, to '' for none, or to null when
   * cancelled.
   * @param {Question[]} items  @param {TopicNews['questions']} policy
   */
  under(items, policy) {
    const { under } = fieldsOf('PutUnder');
    this.#name('PutUnder', items);
    const choices = [...policy.map(({ id, text }, n) => [id, `${n + 1}. ${text}`]), ['', this.words.text('tag.none')]];
    under.replaceChildren(...choices.map(([value, text]) => element('option', { value, dir: 'auto' }, text)));
    under.value = (policy.find(({ id }) => id === items[0].under) ?? policy[0])?.id ?? '';
    return this.#ask('PutUnder', () => under.value);
  }

  /**
   * Ask for the new wording of a question and its name; resolves to null when cancelled or unchanged.
   * @param {Question} item
   */
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

  /**
   * Ask for a written answer and its language; resolves to null when cancelled.
   * @param {Question} item  @param {string[]} languages
   */
  answer(item, languages) {
    const { text, language } = fieldsOf('Answer');
    this.#name('Answer', [item]);
    text.value = item.answer;
    const tags = new Set([...languages, item.language, item.answer_language || item.language]);
    language.replaceChildren(...[...tags].map((tag) => element('option', { value: tag }, this.languageName(tag))));
    if (item.answer) language.value = item.answer_language;
    return this.#ask('Answer', () => (text.value.trim() ? { text: text.value.trim(), language: language.value } : null));
  }

  /** Ask whether to remove words for good; resolves to null when cancelled. @param {string} question */
  sure(question) {
    at('SureWhat').textContent = question;
    return this.#ask('Sure', () => true);
  }

  /** Ask which status all remaining questions get; resolves to null when cancelled. */
  rest() {
    return this.#ask('Rest', () => only('input:checked', at('Rest')).value);
  }

  /**
   * Make Enter confirm the sheet, in a list as in a field, and the cancel button a plain one that Enter doesn't press.
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

  /**
   * Name in a sheet the questions that it is about, since a user of keys may not be looking at them.
   * @param {string} id  @param {Asked[]} items
   */
  #name(id, items) {
    const number = this.words.text('number', { n: items.map((each) => each.number).filter(Boolean).join(', ') });
    const [{ text, language }] = items;
    const what = items.length === 1 && text && id !== 'Reword' ? [' ', element('bdi', { lang: language }, text.slice(0, MOST))] : [];
    at(`${id}Which`).replaceChildren(number, ...what);
  }

  /**
   * Open a sheet; resolves to what `gives` returns when it was confirmed, else to null. Only one can be open.
   * @param {'Answer' | 'Decline' | 'Join' | 'PutUnder' | 'Rest' | 'Reword' | 'Sure'} id  @param {() => ?Gives} gives
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
