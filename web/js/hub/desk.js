// The coordinator's desk: follows the text, and renews the other parts of the page every few seconds; checked boxes
// stay checked.

import { Tail, given } from '../display/tail.js';
import { at, only } from '../lib/nodes.js';

const EVERY = 5000; // ms; the request goes to the hub itself, and costs the uplink nothing
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const SLACK = 24; // px: so near to the end of the text counts as the end
const parts = at('Coordinator').dataset.looks.split(' ');
let busy = false;

/** Whether a field holds something that isn't sent yet. */
const written = () => [at('PeopleNumber'), at('NoteText')].some((field) => field && field.value !== field.defaultValue);

/** Put the fetched parts on the page. @param {Document} made */
function put(made) {
  if (made.getElementById('Newest') && !document.getElementById('Newest') && !written()) location.reload(); // a meeting has begun
  for (const id of parts) {
    const [old, next] = [document.getElementById(id), made.getElementById(id)];
    if (!old || !next) continue;
    for (const box of old.querySelectorAll('input:checked')) next.querySelector(`#${CSS.escape(box.id)}`)?.setAttribute('checked', '');
    const plain = /** @type {HTMLElement} */ (old.cloneNode(true));
    for (const box of plain.querySelectorAll('input')) {
      if (old.querySelector(`input#${CSS.escape(box.id)}`)?.checked) box.setAttribute('checked', '');
      else box.removeAttribute('checked');
    }
    if (plain.innerHTML === next.innerHTML) continue; // a screen reader would read it again
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
    // The hub doesn't answer, so the state of its uplink is not known. The next request follows.
    const now = at('LineNow');
    const line = only('.line-state', now);
    Object.assign(line.dataset, { good: 'no', kind: 'lost' });
    line.textContent = now.dataset.lost;
  }
  busy = false;
}

/** Follow the text; its end stays in view unless somebody has scrolled back. */
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

/** Mark the current tab. */
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
// The pulses of the text's stream say at once whether the uplink is lost.
document.addEventListener('pulse', ({ detail: { lost = false } }) => lost === (only('.line-state').dataset.good === 'yes') && look());
document.documentElement.classList.add('live');
