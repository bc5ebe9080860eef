// The sheets that ask for more before something is done: why, with which, how it reads, what the answer is.

import { element, at } from './nodes.js';
import { direction } from './words.js';

export class QuestionSheets {
  /** @param {object} words  @param {(tag: string) => string} tongue  @param {() => void} over  when one was shut */
  constructor(words, tongue, over) {
    this.words = words;
    this.tongue = tongue;
    this.over = over;
  }

  /** A reason; null when it was given up. */
  reason() {
    const { ready, own } = this.#fields('Decline');
    own.value = '';
    return this.#ask('Decline', () => own.value.trim() || ready.value);
  }

  /** Which of these it goes on as; null when it was given up. */
  into(items) {
    const { into } = this.#fields('Join');
    into.replaceChildren(...items.map(({ id, number, text }) => element('option', { value: id, dir: 'auto' }, `${this.words.text('number', { n: number })} ${text.slice(0, 100)}`)));
    return this.#ask('Join', () => into.value || null);
  }

  /** How an item is to read; null when it was given up or reads so already. */
  text(item) {
    const { text } = this.#fields('Reword');
    Object.assign(text, { value: item.text, lang: item.language, dir: direction(item.language) });
    return this.#ask('Reword', () => {
      const now = text.value.trim();
      return now && now !== item.text ? now : null;
    });
  }

  /** An answer in writing and its language; null when it was given up. */
  answer(item, languages) {
    const { text, language } = this.#fields('Answer');
    text.value = item.answer;
    const tags = new Set([...languages, item.language, item.answer_language || item.language]);
    language.replaceChildren(...[...tags].map((tag) => element('option', { value: tag }, this.tongue(tag))));
    if (item.answer) language.value = item.answer_language;
    return this.#ask('Answer', () => (text.value.trim() ? { text: text.value.trim(), language: language.value } : null));
  }

  /** Whether words are to go for good; null when not. */
  sure(question) {
    at('SureWhat').textContent = question;
    return this.#ask('Sure', () => true);
  }

  /** Where all that are left are brought; null when it was given up. */
  rest() {
    return this.#ask('Rest', () => at('Rest').querySelector('input:checked').value);
  }

  /** Enter does what the sheet is for, in a field as in a list; the button that gives up has to be pressed. */
  #enterDoes(sheet) {
    if (sheet.dataset.enter) return;
    sheet.dataset.enter = 'does';
    const up = sheet.querySelector('button[value=""]');
    up.type = 'button';
    up.addEventListener('click', () => sheet.close(''));
    sheet.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !event.target.matches('select')) return;
      event.preventDefault();
      sheet.querySelector('button[value="done"]').click();
    });
  }

  #fields(id) {
    return at(id).querySelector('form').elements;
  }

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
