// The bar of a text's page says what is asked now.

import { at } from './nodes.js';
import { fill } from './words.js';

let told = null; // what the page began with, and what was published since

/** @param {object} event  one of a question's */
export function nowAsked({ type, number, kind, text = '', standing }) {
  const note = at('NowAsked');
  const { known, headings, now, elsewhere } = (told ??= JSON.parse(note.dataset.more));
  const here = note.dataset.n === String(number) && !note.hidden;
  if (type === 'intervention.published') known[number] = [kind, text];
  else if (standing !== 'called') {
    if (here) note.hidden = true;
    return;
  }
  if (type === 'intervention.published' && !here) return;
  note.dataset.n = number;
  const [what, words] = known[number] ?? [];
  const said = what ? fill(now, { what: fill(headings[what], { n: number }) }) : fill(elsewhere, { n: number });
  note.firstElementChild.textContent = words ? `${said}: \u2068${words.slice(0, 200)}\u2069` : said; // of any direction
  note.hidden = false;
}
