// The bar of a text's page says what is asked now.

import { at, element } from './nodes.js';
import { direction, fill } from './words.js';

let told = null; // what the page began with, and what was published since

/** @param {object} event  one of a question's */
export function nowAsked({ type, number, kind, text = '', language = '', standing }) {
  const note = at('NowAsked');
  const { known, headings, now } = (told ??= JSON.parse(note.dataset.more));
  const here = note.dataset.n === String(number) && !note.hidden;
  if (type === 'intervention.published') known[number] = [kind, text, language];
  else if (standing !== 'called') {
    if (here) note.hidden = true;
    return;
  }
  if (type === 'intervention.published' && !here) return;
  note.dataset.n = number;
  const [what = 'question', words = '', lang = ''] = known[number] ?? [];
  const said = fill(now, { what: fill(headings[what], { n: number }) });
  note.firstElementChild.replaceChildren(said, ...(words ? [': ', element('bdi', { lang, dir: direction(lang) }, words.slice(0, 200))] : []));
  note.hidden = false;
}
