// Lists on staff pages that are filled anew whenever something changed.

import { element } from './nodes.js';

/** A text whose direction is its own affair. */
export const bdi = (text, attributes = {}) => element('bdi', attributes, text);

/** Put items into a list; what has the focus keeps it. */
export function fill(list, items) {
  const focused = document.activeElement;
  const key = list.contains(focused) ? focused.dataset.key : null;
  list.replaceChildren(...items);
  if (key) list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
