// The card on a text's page for an open show of hands, with a link to it and its numbers. Once that is closed the card
// shows the result until the reader dismisses it.

import { putHands } from './hands.js';
import { at, element, only } from '../lib/nodes.js';
import { direction, fill } from '../lib/words.js';

/** @type {?EventBody} */
let counted = null; // the latest count; of a quiet one it isn't shown while that is open

const numbers = () => [
  element('meter', { min: 0, max: 100, value: 0, 'aria-hidden': 'true' }), ' ',
  element('span', { class: 'figure', 'aria-hidden': 'true' }), ' ', element('span', { class: 'unseen many' }),
];

/** @typedef {ReturnType<typeof at<'Raised'>>} Note */

/** Fill the card for a show of hands that was opened. @param {Note} note  @param {EventBody} body */
function opened(note, { poll, question, options, quiet, language: lang }) {
  const [list, dir] = [only('ul', note), direction(lang)];
  const [before, behind] = note.dataset.begun.split('{question}');
  only('a', note).replaceChildren(before, element('bdi', { lang, dir }, question), behind);
  if (list.dataset.poll === poll && list.children.length) return; // it was opened again: its numbers stay
  list.dataset.poll = poll;
  list.replaceChildren(...options.map((text, n) => (
    element('li', { 'data-option': n }, element('span', { class: 'option', lang, dir }, text), ' ', ...(quiet ? [] : numbers()))
  )));
}

/** Show the result, as far as this page knows it. @param {Note} note */
function result(note) {
  const list = only('ul', note);
  if (counted && counted.poll === list.dataset.poll) {
    for (const row of list.querySelectorAll('li:not(:has(meter))')) row.append(...numbers());
    putHands(note, counted, note.dataset.counted);
  }
}

/**
 * Handle an event of a show of hands.
 * @param {EventBody} event  @param {(text: string) => void} tell  for screen readers
 */
export function raised(event, tell) {
  const note = at('Raised');
  if (event.type === 'poll.counted') {
    counted = event;
    putHands(note, event, note.dataset.counted);
    if ('closed' in note.dataset) result(note); // the last count comes a second after the close
    return;
  }
  const begins = event.type === 'poll.opened';
  note.toggleAttribute('data-closed', !begins);
  if (begins) opened(note, event);
  else {
    result(note);
    only('a', note).replaceChildren(note.dataset.over, ' ', ...note.querySelectorAll('bdi'));
  }
  note.hidden = event.void ?? false;
  if (begins) tell(fill(note.dataset.begun, { question: `\u2068${event.question}\u2069` })); // in Unicode isolates: it has a direction of its own
  else tell(event.void ? '' : note.dataset.over);
}
