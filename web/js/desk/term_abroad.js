// The form for how translations render a name or term: unchanged, or as somebody has written it for a language.

import { element } from '../lib/nodes.js';

/** @param {string} tag */
const language = (tag) => tag.split('-')[0].toLowerCase();

/**
 * The languages of translations for which a term may have another form: all of `into` but its own.
 * @param {Pick<Term, 'language'>} term  @param {string[]} into
 */
export const abroad = ({ language: own }, into) => into.filter((tag) => !own || language(tag) !== language(own));

/**
 * The <details> element of a term with that form; what is chosen goes to `save`.
 * @param {import('../lib/words.js').Words} words
 * @param {LanguageName} languageName
 * @param {Term} known
 * @param {string[]} tags  languages of the fields
 * @param {(keep: boolean, written: Term['written']) => void} save
 */
export function inOtherLanguages(words, languageName, known, tags, save) {
  const { term, keep, written } = known;
  const title = words.text('term.abroad');
  const key = (/** @type {string} */ name) => `abroad ${name} ${term}`;
  const box = element('input', { type: 'checkbox', checked: keep, 'data-key': key('keep') });
  const inputs = tags.map((tag) => element('input', {
    type: 'text', maxlength: 120, autocomplete: 'off', lang: tag, dir: 'auto', value: written[tag] ?? '', 'data-key': key(tag),
  }));
  const fields = tags.map((tag, i) => element('label', {}, element('span', {}, languageName(tag)), inputs[i]));
  const button = element('button', { type: 'submit', 'data-key': key('save') }, words.text('term.save'));
  const form = element(
    'form', { 'aria-label': `${title}: ${term}` },
    element('label', { class: 'check' }, box, ' ', element('span', {}, words.text('term.keep'))), ...fields, button,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const others = Object.entries(written).filter(([tag]) => !tags.includes(tag));
    const said = tags.map((tag, i) => [tag, inputs[i].value.trim()]).filter(([, text]) => text);
    save(box.checked, Object.fromEntries([...others, ...said]));
  });
  const summary = element('summary', { 'aria-label': `${title}: ${term}`, 'data-key': key('') }, title);
  return element('details', {}, summary, form);
}
