// The session's page says that a show of hands has begun, with the way there, and that it is over.

import { at } from './nodes.js';
import { fill } from './words.js';

/** @param {object} event  @param {(text: string) => void} tell */
export function raised({ type, question, void: mistaken }, tell) {
  if (type === 'poll.counted') return;
  const note = at('Raised');
  const begins = type === 'poll.opened';
  const said = begins ? fill(note.dataset.begun, { question: `\u2068${question}\u2069` }) : ''; // isolated: of any direction
  note.hidden = !begins;
  note.firstElementChild.textContent = said;
  tell(said || (mistaken ? '' : note.dataset.over));
}
