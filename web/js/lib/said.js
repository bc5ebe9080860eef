// What the staff's pages say at their foot.

import { at } from './nodes.js';

/** @type {?string} a selector of what says the same elsewhere on the page */
let place = null;

/**
 * Say something in #Status, once. Where `there` is in view, which says the same, only screen readers are told.
 * @param {string} text  @param {?string} there
 */
export function say(text, there = null) {
  place = there;
  at('Status').textContent = text;
  look();
  uncover();
}

/** What has the focus stays in view when the foot comes up over it (WCAG 2.4.11). */
function uncover() {
  const focused = document.activeElement, foot = at('Status').parentElement;
  if (!focused || !foot || focused === document.body || foot.contains(focused)) return;
  const { top, bottom } = focused.getBoundingClientRect(), edge = foot.getBoundingClientRect().top;
  if (top < innerHeight && bottom > edge) scrollBy(0, bottom - edge);
}

/** Take back what was said in #Status once it holds no longer; what was said of something else since then stays. @param {string} text */
export const unsay = (text) => {
  if (text && at('Status').textContent === text) say('');
};

function look() {
  const { top, bottom } = (place && document.querySelector(place)?.getBoundingClientRect()) || { top: 0, bottom: 0 };
  at('Status').toggleAttribute('data-above', top < bottom && top >= 0 && bottom <= innerHeight);
}

new ResizeObserver(look).observe(document.body); // The page comes into view once its line is open.
for (const change of ['scroll', 'resize']) addEventListener(change, look, { passive: true, capture: true });
