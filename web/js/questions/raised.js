// The session's page has a card for a show of hands that is open, with the way there and its figures. Once it is closed the
// card has the result until somebody closes it.

import { putHands } from './hands.js';
import { at, element, only } from '../lib/nodes.js';
import { direction, fill } from '../lib/words.js';

/** @type {?EventBody} */
let counted = null; // what was counted last; of a quiet one it isn't shown while that is open

const numbers = () => [
  element('meter', { min: 0, max: 100, value: 0, 'aria-hidden': 'true' }), ' ',
  element('span', { class: 'figure', 'aria-hidden': 'true' }), ' ', element('span', { class: 'unseen many' }),
];

/** @typedef {ReturnType<typeof at<'Raised'>>} Note */

/** @param {Note} note  @param {EventBody} body */
function opened(note, { poll, question, options, quiet, language: lang }) {
  const [list, dir] = [only('ul', note), direction(lang)];
  const [before, behind] = note.dataset.begun.split('{question}');
  only('a', note).replaceChildren(before, element('bdi', { lang, dir }, question), behind);
  if (list.dataset.poll === poll && list.children.length) return; // It is open again: what was counted stands.
  list.dataset.poll = poll;
  list.replaceChildren(...options.map((text, n) => (
    element('li', { 'data-option': n }, element('span', { class: 'option', lang, dir }, text), ' ', ...(quiet ? [] : numbers()))
  )));
}

/** The result, as far as it was told here. @param {Note} note */
function result(note) {
  const list = only('ul', note);
  if (counted && counted.poll === list.dataset.poll) {
    for (const row of list.querySelectorAll('li:not(:has(meter))')) row.append(...numbers());
    putHands(note, counted, note.dataset.counted);
  }
}

/** @param {EventBody} event  @param {(text: string) => void} tell */
export function raised(event, tell) {
  const note = at('Raised');
  if (event.type === 'poll.counted') {
    counted = event;
    putHands(note, event, note.dataset.counted);
    if ('closed' in note.dataset) result(note); // Those who were in time are counted a second later.
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
  if (begins) tell(fill(note.dataset.begun, { question: `\u2068${event.question}\u2069` })); // isolated: of any direction
  else tell(event.void ? '' : note.dataset.over);
}
