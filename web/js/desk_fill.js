// Lists on staff pages that are filled anew whenever something changed.

import { element } from './nodes.js';

/** A text whose direction is its own affair. */
export const bdi = (text, attributes = {}) => element('bdi', attributes, text);

/** As `fill`, where the list shows something else: what stands there stays, and so no press on it is lost. */
export function refill(list, items) {
  const same = list.children.length === items.length && items.every((item, n) => item.isEqualNode(list.children[n]));
  if (!same) fill(list, items);
}

/** Put items into a list; what has the focus keeps it. */
export function fill(list, items) {
  const focused = document.activeElement;
  const key = list.contains(focused) ? focused.dataset.key : null;
  list.replaceChildren(...items);
  if (key) list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
