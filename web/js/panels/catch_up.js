// What did I miss: the part of that page is shown beside the text, or in the sheet, so that nobody leaves the text for it.

import { at } from '../lib/nodes.js';

const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes

/**
 * @param {HTMLAnchorElement} link  to the page
 * @param {{shown: (part: HTMLElement) => void, find: (t: number) => ?string}} with_  `shown` is given the part to bring into
 *   view; `find` the line that is on the page of a moment, media ms
 */
export async function catchUp(link, { shown, find }) {
  /** @type {?HTMLElement} */
  let part = null;
  try {
    const answer = await fetch(link.href, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) part = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('Missed');
  } catch {
    // The page itself says what is wrong.
  }
  if (!part) {
    location.assign(link.href);
    return;
  }
  for (const way of part.querySelectorAll('.when a')) {
    const line = way.dataset.line ?? find(Number(way.dataset.t));
    if (line) way.setAttribute('href', `#${line}`); // the page goes there, however old it is
  }
  at('MissedHere').replaceChildren(part);
  at('MissedHere').hidden = false;
  shown(part);
}
