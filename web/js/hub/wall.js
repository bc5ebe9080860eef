// The room's own questions on a hub's wall. Where the wall is cleared there, the page is loaded anew: nothing of it stays.

import { at } from '../lib/nodes.js';

const ONWARD = 30000; // ms between two looks at which meeting is on, after the close
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const AGAIN = 2000; // ms; it asks the computer in the same place, and costs the line nothing

const part = at('HereWall');

/** Of what there is no room for, the oldest goes: nothing is cut through. */
function fit() {
  const rows = [...part.querySelectorAll('li')];
  while (rows.length > 1 && part.scrollHeight > part.clientHeight + 1) rows.pop()?.remove();
}

/** @param {string} html */
function put(html) {
  part.dataset.html = html;
  part.replaceChildren(...new DOMParser().parseFromString(html, 'text/html').body.childNodes);
  fit();
}

async function look() {
  try {
    const answer = await fetch(part.dataset.ask, { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return;
    const { cleared, html } = await answer.json();
    if ((cleared ?? 0) > Number(part.dataset.cleared)) location.reload();
    else if (part.dataset.html !== html) put(html);
  } catch {
    // What stands there stays.
  }
}

/** After the close the wall of the meeting that is on in its place is shown, if there is one. */
const closed = () => document.getElementById('State')?.dataset.kind === 'closed';
if (!closed()) setInterval(async () => {
  if (!closed()) return;
  const { ok, url } = await fetch('/wall', { signal: AbortSignal.timeout(PATIENCE) }).catch(() => Response.error());
  if (ok && url.split('?')[0].endsWith('/screen') && new URL(url).pathname !== location.pathname) location.replace(url);
}, ONWARD);

fit();
setInterval(look, AGAIN);
look();
addEventListener('resize', () => put(part.dataset.html ?? part.innerHTML));
