// *What did I miss?*: shows the main part of that page beside the text or in the sheet, so that nobody has to leave the
// text.

import { at } from '../lib/nodes.js';

const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes

/**
 * Fetch and show that part; if that fails, go to the page.
 * @param {HTMLAnchorElement} link  to the page
 * @param {{shown: (part: HTMLElement) => void, find: (t: number) => ?string}} with_  `shown`: brings the part into view; `find`:
 *   gives the id of the line at a moment (media ms), null if it isn't on the page
 */
export async function catchUp(link, { shown, find }) {
  /** @type {?HTMLElement} */
  let part = null;
  try {
    const answer = await fetch(link.href, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) part = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('Missed');
  } catch {
    // The page that is loaded below says what is wrong.
  }
  if (!part) {
    location.assign(link.href);
    return;
  }
  for (const way of part.querySelectorAll('.when a')) {
    const line = way.dataset.line ?? find(Number(way.dataset.t));
    if (line) way.setAttribute('href', `#${line}`); // within this page, which can load a line of any age
  }
  at('MissedHere').replaceChildren(part);
  at('MissedHere').hidden = false;
  shown(part);
}
