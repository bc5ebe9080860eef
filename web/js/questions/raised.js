// The session's page says that a show of hands has begun, with the way there, and that it is over.

import { at, element, only } from '../lib/nodes.js';
import { direction, fill } from '../lib/words.js';

/** @param {EventBody} event  @param {(text: string) => void} tell */
export function raised({ type, question, language: lang, void: mistaken }, tell) {
  if (type === 'poll.counted') return;
  const note = at('Raised');
  const begins = type === 'poll.opened';
  const said = begins ? fill(note.dataset.begun, { question: `\u2068${question}\u2069` }) : ''; // isolated: of any direction
  note.hidden = !begins;
  const [before, behind] = note.dataset.begun.split('{question}');
  only('a', note).replaceChildren(...(begins ? [before, element('bdi', { lang, dir: direction(lang) }, question), behind] : []));
  tell(said || (mistaken ? '' : note.dataset.over));
}
