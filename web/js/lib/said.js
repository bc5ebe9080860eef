// The status messages at the foot of staff pages.

import { at } from './nodes.js';

/** @type {?string} selector of an element that says the same elsewhere on the page */
let selector = null;

/**
 * Show a message in #Status. While the element `there` (a selector), which says the same, is in view, only screen
 * readers get it.
 * @param {string} text  @param {?string} there
 */
export function say(text, there = null) {
  selector = there;
  const place = there && document.querySelector(there);
  if (place) sizes.observe(place); // it may come into view without the page becoming any larger
  at('Status').textContent = text;
  look();
  uncover();
}

/** Scroll the focused element into view where the foot has grown over it (WCAG 2.4.11). */
function uncover() {
  const focused = document.activeElement, foot = at('Status').parentElement;
  if (!focused || !foot || focused === document.body || foot.contains(focused)) return;
  const { top, bottom } = focused.getBoundingClientRect(), edge = foot.getBoundingClientRect().top;
  if (top < innerHeight && bottom > edge) scrollBy(0, bottom - edge);
}

/** Clear the message `text` from #Status since it no longer applies; a later message stays. @param {string} text */
export const unsay = (text) => {
  if (text && at('Status').textContent === text) say('');
};

/** Hide the message from view, with `data-above`, while the element of `place` is wholly in view. */
function look() {
  const { top, bottom } = (selector && document.querySelector(selector)?.getBoundingClientRect()) || { top: 0, bottom: 0 };
  at('Status').toggleAttribute('data-above', top < bottom && top >= 0 && bottom <= innerHeight);
}

const sizes = new ResizeObserver(look);
sizes.observe(document.body); // the page becomes visible once its link is open
for (const change of ['scroll', 'resize']) addEventListener(change, look, { passive: true, capture: true });
