// Speakers' names above lines, and the marks of gaps between lines.

import { element } from './nodes.js';
import { mediaTime } from './words.js';

const MARKS = 6; // colours and shapes before speakers' names

/** A heading with a speaker's name. @param {string} name  @param {?string} [speaker]  the speaker's id */
export const named = (name, speaker) => element('p', { class: 'speaker', 'data-mark': markOf(speaker ?? '') }, element('bdi', {}, name));

/** The number of a speaker's mark, computed as in adapters/reading/page_rows.py. @param {string} speaker */
const markOf = (speaker) => [...speaker].reduce((sum, character) => sum + character.charCodeAt(0), 0) % MARKS;

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
