// The form that filters the questions.

import { at, element } from '../lib/nodes.js';

/** @type {(keyof Forms['Sift'])[]} */
const FIELDS = ['text', 'place', 'kind', 'status', 'flag', 'language'];

/** A text as it is compared: without case and without accents, which not every keyboard can type. */
const plainly = (/** @type {string} */ text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * Whether a question, or its translation, passes the filter. Pure.
 * @param {Question} item  @param {Partial<Record<keyof Forms['Sift'], string>>} wanted
 */
export function fits(item, wanted, translated = '') {
  const { text = '', place, kind, status, flag, language } = wanted;
  if (place && !(item.origin === place || item.origin.startsWith(`${place}:`))) return false;
  if (kind && item.kind !== kind) return false;
  if (status && item.status !== status) return false;
  if (language && item.language !== language) return false;
  if (flag && !(flag === 'any' ? item.flags.length > 0 : flag === 'none' ? !item.flags.length : item.flags.includes(flag))) return false;
  const plain = plainly(text.trim());
  return !plain || String(item.number) === plain || [item.text, item.received, item.name, translated].some((each) => plainly(each).includes(plain));
}

export class QuestionSift {
  /** @param {import('./questions.js').Questions} questions  @param {LanguageName} languageName  @param {() => void} changed */
  constructor(questions, languageName, changed) {
    this.questions = questions;
    this.languageName = languageName;
    this.form = at('Sift');
    this.form.addEventListener('input', changed);
    this.form.addEventListener('reset', () => setTimeout(changed));
    this.form.addEventListener('submit', (event) => event.preventDefault());
  }

  /** The values of the form's fields. */
  wanted() {
    return Object.fromEntries(FIELDS.map((name) => [name, this.form.elements[name].value]));
  }

  /** Whether any filter is set. */
  any() {
    return Object.values(this.wanted()).some((value) => value.trim());
  }

  /** Fill the menu of languages with those of the questions. */
  offer() {
    const { language } = this.form.elements;
    const tags = [...new Set([...this.questions.items.values()].map((item) => item.language))].sort();
    if (language.dataset.made === tags.join()) return;
    language.dataset.made = tags.join();
    const chosen = language.value;
    language.replaceChildren(language.options[0], ...tags.map((tag) => element('option', { value: tag }, this.languageName(tag))));
    if (tags.includes(chosen)) language.value = chosen;
  }
}
