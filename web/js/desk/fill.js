// Fills lists and menus on staff pages again whenever something has changed.

import { element } from '../lib/nodes.js';

/** A <bdi> element: its text has a writing direction of its own. @param {string} text */
export const bdi = (text, attributes = {}) => element('bdi', attributes, text);

/**
 * As `fill`, but only where the list would change: otherwise its elements stay, so that no click on them is lost.
 * @param {Element} list  @param {Element[]} items
 */
export function refill(list, items) {
  const same = list.children.length === items.length && items.every((item, n) => item.isEqualNode(list.children[n]));
  if (!same) fill(list, items);
}

/**
 * Replace the items of a list. The focus stays on the element with the same `data-key`.
 * @param {Element} list  @param {Element[]} items
 */
export function fill(list, items) {
  const focused = document.activeElement;
  const key = list.contains(focused) ? focused?.dataset.key : null;
  list.replaceChildren(...items);
  if (key) list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/**
 * Fill a menu with `[value, text]`. The user's choice stays until the default (`standard`) changes; then that is
 * chosen.
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
