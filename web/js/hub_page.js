// The page of a group: asks now and then what has changed, and counts people without loading the page anew.

import { at } from './nodes.js';

const EVERY = 30000; // ms; the server takes the group for gone after three of these
const PARTS = ['Status', 'People', 'Asked', 'NotesNow'];
let counting = 0; // head counts on their way: what is shown is newer than what an answer says
let asking = null;

/** Ask what has changed, and show it. */
async function renew() {
  clearTimeout(asking);
  asking = setTimeout(renew, EVERY);
  try {
    const answer = await fetch(at('Hub').dataset.now, { headers: { Accept: 'text/html' } });
    if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    away(!answer.ok);
  } catch {
    away(true);
  }
}

function put(made) {
  // Where the server was started again, the forms of before hold no more.
  const token = made.querySelector('[name=form]').value;
  for (const field of document.querySelectorAll('[name=form]')) field.value = token;
  for (const id of PARTS) {
    const old = at(id);
    const next = made.getElementById(id);
    if (!next || (id === 'People' && counting)) continue;
    if (old.textContent.trim() === next.textContent.trim()) continue; // What stays is not read out again.
    const focused = old.contains(document.activeElement) ? document.activeElement.id : '';
    if (id === 'NotesNow') tell(old, next);
    old.dataset.status = next.dataset.status ?? '';
    old.replaceChildren(...next.childNodes);
    if (focused) at(focused)?.focus();
  }
}

/** Say a note that has come to whoever doesn't see it. */
function tell(old, next) {
  const [newest] = next.querySelectorAll('.note');
  if (newest && !old.querySelector(`[id="${newest.id}"]`) && next.querySelector(`[id="read-${newest.id.slice(5)}"]`)) {
    at('Said').textContent = at('Hub').dataset.note.replace('{text}', () => newest.textContent);
  }
}

function away(is) {
  at('Away').hidden = !is;
}

/** Send a head count in the background; whatever goes wrong, the form goes the plain way. */
async function count(form, button) {
  const told = new URLSearchParams(new FormData(form));
  if (button?.name) told.set(button.name, button.value);
  const step = { more: 1, fewer: -1 }[told.get('step')] ?? 0;
  const people = Math.max(0, Number(told.get('people')) + step);
  const shown = at('People').querySelector('#Step [name=people]');
  const many = at('People').querySelector('.many');
  if (shown && many && step) { // The next tap counts on from here.
    many.textContent = many.textContent.replace(/\d+/, people);
    shown.value = people;
  }
  counting += 1;
  try {
    const answer = await fetch(form.action, { method: 'POST', body: told });
    if (!answer.ok) throw new Error(answer.status);
    if (!step) form.reset();
    away(false);
  } catch {
    away(true);
  }
  counting -= 1;
  if (!counting) renew();
}

addEventListener('submit', (event) => {
  const form = event.target;
  const many = at('People').querySelector('.many');
  // Before the first count, and for figures that we can't count on with, the plain form does.
  if (form.id !== 'Set' && !(form.id === 'Step' && many && /\d/.test(many.textContent))) return;
  if (form.id === 'Set' && !/^\d+$/.test(form.elements.people.value.trim())) return;
  event.preventDefault();
  count(form, event.submitter);
});
addEventListener('online', renew);
document.addEventListener('visibilitychange', () => document.hidden || renew());

renew();
