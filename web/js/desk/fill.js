// Lists on staff pages that are filled anew whenever something changed.

import { element } from '../lib/nodes.js';

/** A text whose direction is its own affair. @param {string} text */
export const bdi = (text, attributes = {}) => element('bdi', attributes, text);

/**
 * As `fill`, where the list shows something else: what stands there stays, and so no press on it is lost.
 * @param {Element} list  @param {Element[]} items
 */
export function refill(list, items) {
  const same = list.children.length === items.length && items.every((item, n) => item.isEqualNode(list.children[n]));
  if (!same) fill(list, items);
}

/** Put items into a list; what has the focus keeps it. @param {Element} list  @param {Element[]} items */
export function fill(list, items) {
  const focused = document.activeElement;
  const key = list.contains(focused) ? focused?.dataset.key : null;
  list.replaceChildren(...items);
  if (key) list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/**
 * A menu of `[value, text]`. What is chosen stays, until `standard`, what is to be expected, is another than before.
 * @param {HTMLSelectElement} select  @param {string[][]} options  @param {string} [standard]
 */
export function menu(select, options, standard) {
  const made = JSON.stringify(options);
  const moved = standard !== undefined && select.dataset.standard !== standard;
  if (select.dataset.made === made && !moved) return;
  const wanted = moved ? standard : select.dataset.made && select.value;
  if (select.dataset.made !== made) select.replaceChildren(...options.map(([value, text]) => element('option', { value, dir: 'auto' }, text)));
  select.dataset.made = made;
  if (moved) select.dataset.standard = standard;
  if (wanted !== undefined && options.some(([value]) => value === wanted)) select.value = wanted;
}
