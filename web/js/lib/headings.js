// Speakers' names above lines, and the marks of gaps between lines.

import { element } from './nodes.js';
import { mediaTime } from './words.js';

const MARKS = 6; // shapes before speakers' names

/**
 * A heading with a speaker's name, behind the speaker's mark, which is given as in adapters/reading/page_rows.py.
 * @param {Session['speakers']} speakers  @param {string} speaker  the speaker's id
 */
export const named = (speakers, speaker) =>
  element('p', { class: 'speaker', 'data-mark': Object.keys(speakers).indexOf(speaker) % MARKS }, element('bdi', {}, speakers[speaker]));

/**
 * Mark whether a line continues its speaker's turn, and show or remove the heading "nobody is named".
 * @param {Element} line  @param {ReturnType<import('./reading_order.js').Turn['then']>} heading  @param {string} unnamed  text of that heading
 */
export function headed(line, { begins, name }, unnamed) {
  line.classList.toggle('again', !begins);
  const shown = line.querySelector(':scope > .unnamed');
  if (name === '' && !shown) line.prepend(element('p', { class: 'speaker unnamed' }, unnamed));
  else if (name !== '') shown?.remove();
}

/** @param {Gap} gap  @param {import('./words.js').Words} words */
export const gapMark = (gap, words) => element('li', { class: 'gap', 'data-t0': gap.t0 }, element('p', {}, gapText(gap, words)));

/** @param {Gap} gap  @param {import('./words.js').Words} words */
export const gapText = ({ reason, t0, t1 }, words) => words.text(`gap.${reason}`, { start: mediaTime(t0), end: mediaTime(t1) });
