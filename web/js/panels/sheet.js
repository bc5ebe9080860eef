// Where the window has no room for it beside the text, what is behind *How I read*, *Language* and *More* is a sheet from
// below. The text stays in view above it, and whoever closes it is back at the line that they read.

import { at } from '../lib/nodes.js';

const NARROW = matchMedia('(max-width: 59.99rem) and (min-height: 20.01rem)');

/**
 * @param {() => Element} back  what gets the focus when the sheet closes: the line that is read
 * @returns {(part: HTMLElement) => void} brings a part of the side into view and gives it the focus
 */
export function sheet(back) {
  const side = at('More');

  function close() {
    side.classList.remove('open');
    const line = /** @type {HTMLElement} */ (back());
    if (!line.hasAttribute('tabindex')) line.tabIndex = -1;
    line.focus({ preventScroll: true });
  }

  /** @param {HTMLElement} part  @param {HTMLElement} focused */
  function show(part, focused) {
    if (NARROW.matches) side.classList.add('open');
    const top = part === side ? 0 : part.getBoundingClientRect().top - side.getBoundingClientRect().top + side.scrollTop;
    side.scrollTop = top - (NARROW.matches ? 56 : 8);
    focused.focus({ preventScroll: true });
  }

  document.addEventListener('click', (event) => {
    const way = /** @type {?HTMLAnchorElement} */ (event.target.closest?.('.top a[href^="#"], .bar a[href^="#"]'));
    const part = way && at(way.hash.slice(1));
    if (!part || !side.contains(part)) {
      if (side.classList.contains('open') && event.target.closest?.('.reader')) close();
      return;
    }
    if (part instanceof HTMLDetailsElement) part.open = true;
    if (!NARROW.matches) return;
    event.preventDefault();
    show(part, part.querySelector('summary, select, a') ?? part);
  });
  at('Close').addEventListener('click', close);
  side.addEventListener('keydown', ({ key, target }) => key === 'Escape' && (NARROW.matches || target.closest('#MissedHere')) && close());
  return (part) => show(part, part);
}
