// The page of a group: asks now and then what has changed, counts people and sends notes without loading the page anew.

import { recall } from '../lib/kept.js';
import { notes, people, putNote, putPeople, sendAll } from './waiting.js';
import { at, element, only, set } from '../lib/nodes.js';

const EVERY = 30000; // ms; the server takes the group for gone after three of these
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const GONE = [403, 404]; // the link was ended, or the meeting is no more: the page itself says so
const PARTS = ['Status', 'People', 'Asked', 'NotesNow'];
const asks = document.querySelector('a[data-asks]');
let asking = 0;
/** @type {?Promise<boolean>} */
let sending = null;

/** Send what waits, ask what has changed, and show it. */
async function renew() {
  clearTimeout(asking);
  asking = setTimeout(renew, EVERY);
  if (await look() && await send()) await look();
}

/** Gives whether the line is there. */
async function look() {
  try {
    const answer = await fetch(at('Hub').dataset.now, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    else if (GONE.includes(answer.status)) location.reload();
    away(!answer.ok);
    return answer.ok;
  } catch {
    away(true);
    return false;
  }
}

/** @param {Document} made */
function put(made) {
  // Where the server was started again, the forms of before hold no more.
  const token = only('input[name=form]', made).value;
  for (const field of document.querySelectorAll('input[name=form]')) field.value = token;
  for (const id of PARTS) {
    const old = at(id);
    const next = made.getElementById(id);
    if (!next || (id === 'People' && people())) continue; // What is shown there is newer.
    if (old.textContent.trim() === next.textContent.trim()) continue; // What stays is not read out again.
    const focused = old.contains(document.activeElement) ? document.activeElement?.id : '';
    if (id === 'NotesNow') tell(old, next);
    old.dataset.status = next.dataset.status ?? '';
    old.replaceChildren(...next.childNodes);
    if (focused) at(focused)?.focus();
  }
}

/** Say a note that has come to whoever doesn't see it. @param {Element} old  @param {Element} next */
function tell(old, next) {
  const [newest] = next.querySelectorAll('.note');
  if (newest && !old.querySelector(`[id="${newest.id}"]`) && next.querySelector(`[id="read-${newest.id.slice(5)}"]`)) {
    at('Said').textContent = at('Hub').dataset.note.replace('{text}', () => newest.textContent);
  }
}

/** @param {boolean} is */
function away(is) {
  at('Away').hidden = !is;
}

/** Send what waits; gives whether anything was sent. What is counted meanwhile goes along. */
async function send() {
  if (sending || !(people() || notes().length)) return false;
  sending = sendAll(at('Set'), at('Write'), refused);
  away(await sending);
  sending = null;
  waiting();
  return true;
}

/** It was not taken: why, and what was written is in its field again. @param {string} text  @param {Document} page */
function refused(text, page) {
  const wrong = page.querySelector('.warning')?.textContent ?? page.querySelector('main')?.textContent.trim() ?? '';
  document.querySelector('.warning')?.remove();
  only('header').after(element('p', { class: 'warning', role: 'alert' }, wrong));
  const field = at('Note');
  if (text) field.value = [field.value, text].filter(Boolean).join('\n');
}

/** What waits here: the number that was counted, and notes. */
function waiting() {
  const counted = people();
  if (counted) shown(counted.number);
  at('Waiting').hidden = !notes().length;
  const rows = notes().map(({ text }) => element('li', {}, element('p', { class: 'note', dir: 'auto' }, text)));
  at('WaitingNotes').replaceChildren(...rows);
}

/** @param {number} number */
function shown(number) {
  const text = at('Hub').dataset.many.replace('{n}', String(number));
  const line = only('p', at('People'));
  line.className = 'many';
  set(line, text);
  at('Step').elements.people.value = String(number); // The next tap counts on from here.
}

/** @param {number} number */
function count(number) {
  putPeople(number);
  waiting();
  at('Said').textContent = only('.many', at('People')).textContent;
  push();
}

/** Send what waits at once; where it wasn't taken the page may be of before the server was started again. */
async function push() {
  if (!sending && await send()) await (people() || notes().length ? renew() : look());
}

addEventListener('submit', (event) => {
  const { id } = event.target;
  if (id === 'Step') {
    event.preventDefault();
    const pressed = event.submitter?.getAttribute('value');
    const step = pressed === 'more' ? 1 : pressed === 'fewer' ? -1 : 0;
    count(Math.min(Math.max(0, Number(at('Step').elements.people.value) + step), Number(at('Number').dataset.most)));
  } else if (id === 'Set' && /^\d+$/.test(at('Set').elements.people.value.trim())) { // Other figures go the plain way.
    event.preventDefault();
    count(Number(at('Set').elements.people.value));
    at('Set').elements.people.value = '';
  } else if (id === 'Write' && at('Write').elements.text.value.trim()) {
    const { note, text } = at('Write').elements;
    if (!putNote(note.value, text.value)) return;
    event.preventDefault();
    text.value = '';
    note.value = `n${[...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    waiting();
    push();
  }
});
addEventListener('online', renew);
document.addEventListener('visibilitychange', () => document.hidden || renew());

/** Questions that were written while there was no line, and the form for when it goes. */
async function askings() {
  const sendAsks = async () => recall('moothall.asks') && (await import('../questions/asks_kept.js')).sendBeside(asks);
  addEventListener('online', sendAsks);
  sendAsks();
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  const worker = await serviceWorker.register('/asking-worker.js', { scope: '/s/' });
  if (asks) (worker.active ?? worker.waiting ?? worker.installing)?.postMessage(asks.href);
}

waiting();
renew();
askings();
