// Under whose name a line stands: what is said over it where that is nobody's.

import { element } from './nodes.js';

/** A line under what stands over it (js/reading_order.js); its name, where it has one, is hidden in the middle of a block. */
export function headed(line, { begins, name }, unnamed) {
  line.classList.toggle('again', !begins);
  const shown = line.querySelector(':scope > .unnamed');
  if (name === '' && !shown) line.prepend(element('p', { class: 'speaker unnamed' }, unnamed));
  else if (name !== '') shown?.remove();
}
