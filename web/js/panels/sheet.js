// In a narrow window the panels behind *How I read*, *Language* and *More* open as a sheet from below. The text stays
// in view above it, and closing it moves the focus back to the line that is read. In the narrowest window, as at 400 %
// zoom, they follow after the text and lie on nothing.

import { at } from '../lib/nodes.js';

const NARROW = matchMedia('(min-width: 22.01rem) and (max-width: 59.99rem) and (min-height: 20.01rem)');

/**
 * Set up the sheet.
 * @param {() => Element} back  gives the line that is read, which gets the focus when the sheet closes
 * @returns {(part: HTMLElement) => void} brings a part of the panels into view and focuses it
 */
export function sheet(back) {
  const side = at('More');

  function close() {
    side.classList.remove('open');
    const line = /** @type {HTMLElement} */ (back());
    if (!line.hasAttribute('tabindex')) line.tabIndex = -1;
    line.focus({ preventScroll: true });
  }

  /** Scroll a part of the panels into view. @param {HTMLElement} part  @param {HTMLElement} focused  gets the focus */
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
