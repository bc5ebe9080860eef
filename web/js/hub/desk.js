// The coordinator's desk: the text as it comes, and what else changes is asked for again; what was picked stays picked.

import { Tail, given } from '../display/tail.js';
import { at, only } from '../lib/nodes.js';

const EVERY = 5000; // ms: it asks the computer in the same place, and costs the uplink nothing
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const SLACK = 24; // px from the end of the text that still count as the end
const parts = at('Coordinator').dataset.looks.split(' ');
let busy = false;

/** Whether somebody has written something that isn't sent yet. */
const written = () => [at('PeopleNumber'), at('NoteText')].some((field) => field && field.value !== field.defaultValue);

/** @param {Document} made */
function put(made) {
  if (made.getElementById('Newest') && !document.getElementById('Newest') && !written()) location.reload(); // A meeting has come.
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
    Object.assign(line.dataset, { good: 'no', kind: 'lost' });
    line.textContent = now.dataset.lost;
  }
  busy = false;
}

/** The newest words stay in view, unless somebody looks back. */
function follow() {
  let following = true;
  const { box } = new Tail(given(), (tail) => {
    tail.say();
    if (following) tail.box.scrollTop = tail.box.scrollHeight;
  });
  box.addEventListener('scroll', () => {
    following = box.scrollHeight - box.clientHeight - box.scrollTop <= SLACK;
  });
}

/** Say which tab is shown. */
function tab() {
  const [first] = document.querySelectorAll('.tabs a');
  const shown = document.querySelector('main > section:target');
  for (const link of document.querySelectorAll('.tabs a')) {
    const here = shown ? link.hash === `#${shown.id}` : link === first;
    link.toggleAttribute('aria-current', here);
    if (here) link.setAttribute('aria-current', 'true');
  }
}

if (document.getElementById('Newest')) follow();
tab();
addEventListener('hashchange', tab);
setInterval(look, EVERY);
// The text's own line says at once whether the centre is heard.
document.addEventListener('pulse', ({ detail: { lost = false } }) => lost === (only('.line-state').dataset.good === 'yes') && look());
document.documentElement.classList.add('live');
