// The coordinator's desk: what changes by itself is asked for again, and what was picked stays picked.

import { at, only } from '../lib/nodes.js';

const EVERY = 5000; // ms: it asks the computer in the same place, and costs the uplink nothing
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const parts = at('Coordinator').dataset.looks.split(' ');
let busy = false;

/** @param {Document} made */
function put(made) {
  for (const id of parts) {
    const [old, next] = [document.getElementById(id), made.getElementById(id)];
    if (!old || !next) continue;
    for (const box of old.querySelectorAll('input:checked')) next.querySelector(`#${CSS.escape(box.id)}`)?.setAttribute('checked', '');
    const plain = /** @type {HTMLElement} */ (old.cloneNode(true));
    for (const box of plain.querySelectorAll('input')) {
      if (old.querySelector(`input#${CSS.escape(box.id)}`)?.checked) box.setAttribute('checked', '');
      else box.removeAttribute('checked');
    }
    if (plain.innerHTML === next.innerHTML) continue; // What stays is not read out again.
    const focused = old.contains(document.activeElement) ? document.activeElement?.id : '';
    old.replaceChildren(...next.childNodes);
    if (focused) document.getElementById(focused)?.focus();
  }
}

async function look() {
  if (busy || document.hidden) return;
  busy = true;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  } catch {
    // This computer's program is away; it is asked again. How its line is nobody here knows.
    const now = at('LineNow');
    const line = only('.line-state', now);
    line.dataset.good = 'no';
    line.textContent = now.dataset.lost;
  }
  busy = false;
}

setInterval(look, EVERY);
document.documentElement.classList.add('live');
