// What stands between lines.

import { element } from './nodes.js';
import { mediaTime } from './words.js';

/** @param {Element} line  @param {ReturnType<import('./reading_order.js').Turn['then']>} heading  @param {string} unnamed */
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
