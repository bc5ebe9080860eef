// The room's own questions on a hub's wall. When the wall is cleared there, the page is loaded again, so that no text
// stays.

import { at } from '../lib/nodes.js';

const ONWARD = 30000; // ms between two checks, after the close, whether another meeting is on
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const AGAIN = 2000; // ms; the request goes to the hub itself, and costs the uplink nothing

const part = at('HereWall');

/** Remove the oldest questions, which are last, until the list fits, so that none is cut off in the middle. */
function fit() {
  const rows = [...part.querySelectorAll('li')];
  while (rows.length > 1 && part.scrollHeight > part.clientHeight + 1) rows.pop()?.remove();
}

/** Show the list of questions. @param {string} html  from the hub itself */
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
    // The old list stays.
  }
}

/** After the close, change to the wall of the meeting that is on now, if there is one. */
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
