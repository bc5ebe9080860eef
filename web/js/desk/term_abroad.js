// The form for how translations render a name or term: unchanged, or as somebody has written it for a language, with its
// forms behind semicolons.

import { element } from '../lib/nodes.js';

/** A sentence with an element in the place of its line feed. @param {string} text  @param {Node} node */
const around = (text, node) => {
  const [before, after = ''] = text.split('\n');
  return [before, node, after];
};

/** @param {string} tag */
const language = (tag) => tag.split('-')[0].toLowerCase();

/**
 * The languages of translations for which a term may have another form: all of `into` but its own.
 * @param {Pick<Term, 'language'>} term  @param {string[]} into
 */
export const abroad = ({ language: own }, into) => into.filter((tag) => !own || language(tag) !== language(own));

/** The forms that may stand behind a wording, in a glossary file and here; no other is taken. */
const FORMS = ['gen', 'dat', 'acc', 'ins', 'prep', 'article', 'gender'];
/** @type {Record<string, string>} Wordings with their forms, in languages that have any. */
const EXAMPLES = {
  ru: 'Женева; gen Женевы; prep Женеве; gender f', ar: 'الجمعية العامة; gender f', es: 'Asamblea General; article la',
  fr: "Assemblée générale; article l'", pt: 'Assembleia Geral; article a',
};

/**
 * A wording and its forms as one text: `Женева; gen Женевы; prep Женеве`.
 * @param {string} wording  @param {Record<string, string>} forms
 */
export const oneText = (wording, forms) => [wording, ...FORMS.filter((name) => forms[name]).map((name) => `${name} ${forms[name]}`)].join('; ');

/**
 * Take such a text apart, with semicolons of any script; null where what stands behind a semicolon is no form.
 * @param {string} text
 * @returns {?{wording: string, forms: Record<string, string>}}
 */
export function takenApart(text) {
  const [wording, ...others] = text.split(/[;；؛]/).map((part) => part.trim());
  const given = others.filter(Boolean).map((part) => /^(\S+)\s+(.+)$/.exec(part));
  if (given.some((match) => !match || !FORMS.includes(match[1])) || (given.length && !wording)) return null;
  return { wording, forms: Object.fromEntries(given.flatMap((match) => (match ? [[match[1], match[2]]] : []))) };
}

/**
 * The <details> element of a term with that form; what is chosen goes to `save`.
 * @param {import('../lib/words.js').Words} words
 * @param {LanguageName} languageName
 * @param {Term} known
 * @param {string[]} tags  languages of the fields
 * @param {(keep: boolean, written: Term['written'], forms: Term['forms']) => void} save
 */
export function inOtherLanguages(words, languageName, known, tags, save) {
  const { term, keep, written, forms } = known;
  const title = words.text('term.abroad');
  const key = (/** @type {string} */ name) => `abroad ${name} ${term}`;
  const box = element('input', { type: 'checkbox', checked: keep, 'data-key': key('keep') });
  const inputs = tags.map((tag) => element('input', {
    type: 'text', maxlength: 600, autocomplete: 'off', lang: tag, dir: 'auto', value: oneText(written[tag] ?? '', forms[tag] ?? {}), 'data-key': key(tag),
  }));
  const example = tags.map((tag) => EXAMPLES[language(tag)]).find(Boolean);
  const hint = example ? [element('p', { class: 'hint' }, ...around(words.text('term.forms', { text: '\n' }), element('bdi', { dir: 'auto' }, example)))] : [];
  const fields = tags.map((tag, i) => element('label', {}, element('span', {}, languageName(tag)), inputs[i]));
  const button = element('button', { type: 'submit', 'data-key': key('save') }, words.text('term.save'));
  const form = element(
    'form', { 'aria-label': `${title}: ${term}` },
    element('label', { class: 'check' }, box, ' ', element('span', {}, words.text('term.keep'))), ...fields, ...hint, button,
  );
  for (const input of inputs) {
    input.addEventListener('input', () => input.setCustomValidity(takenApart(input.value) ? '' : words.text('term.no-form', { text: FORMS.join(', ') })));
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const parts = inputs.map((input) => takenApart(input.value) ?? { wording: input.value, forms: {} });
    /** @type {<T>(known: Record<string, T>) => [string, T][]} What is kept of languages without a field. */
    const others = (known) => Object.entries(known).filter(([tag]) => !tags.includes(tag));
    const said = tags.map((tag, i) => /** @type {const} */ ([tag, parts[i].wording])).filter(([, text]) => text);
    const given = tags.map((tag, i) => /** @type {const} */ ([tag, parts[i].forms])).filter(([, each]) => Object.keys(each).length);
    save(box.checked, Object.fromEntries([...others(written), ...said]), Object.fromEntries([...others(forms), ...given]));
  });
  const summary = element('summary', { 'aria-label': `${title}: ${term}`, 'data-key': key('') }, title);
  return element('details', {}, summary, form);
}
