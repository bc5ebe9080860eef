// The coordinator's page of a group on the meeting's server: renews itself every half minute, and sends head counts and
// notes without loading the page again.

import { recall } from '../lib/kept.js';
import { notes, people, putNote, putPeople, sendAll } from './waiting.js';
import { at, element, only, set } from '../lib/nodes.js';

const EVERY = 30000; // ms; after three intervals without a request the server counts the group as gone
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const GONE = [403, 404]; // the role link was revoked, or the meeting was deleted: the page itself says so
const PARTS = ['Status', 'People', 'Asked', 'NotesNow'];
const asks = document.querySelector('a[data-asks]');
let asking = 0;
/** @type {?Promise<boolean>} */
let sending = null;

/** Fetch and show what has changed, and send what waits. */
async function renew() {
  clearTimeout(asking);
  asking = setTimeout(renew, EVERY);
  if (await look() && await send()) await look();
}

/** Fetch and show the page's parts; resolves to whether there is a connection. */
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

/** Put the fetched parts on the page. @param {Document} made */
function put(made) {
  // After a restart of the server, the old forms' tokens are not valid any more.
  const token = only('input[name=form]', made).value;
  for (const field of document.querySelectorAll('input[name=form]')) field.value = token;
  for (const id of PARTS) {
    const old = at(id);
    const next = made.getElementById(id);
    if (!next || (id === 'People' && people())) continue; // the number shown is newer
    if (old.textContent.trim() === next.textContent.trim()) continue; // a screen reader would read it again
    const focused = old.contains(document.activeElement) ? document.activeElement?.id : '';
    if (id === 'NotesNow') tell(old, next);
    old.dataset.status = next.dataset.status ?? '';
    old.replaceChildren(...next.childNodes);
    if (focused) at(focused)?.focus();
  }
}

/** Announce a new note to screen readers. @param {Element} old  @param {Element} next */
function tell(old, next) {
  const [newest] = next.querySelectorAll('.note');
  if (newest && !old.querySelector(`[id="${newest.id}"]`) && next.querySelector(`[id="read-${newest.id.slice(5)}"]`)) {
    at('Said').textContent = at('Hub').dataset.note.replace('{text}', () => newest.textContent);
  }
}

/** Show whether the connection is lost. @param {boolean} is */
function away(is) {
  at('Away').hidden = !is;
}

/** Send what waits, also what is counted meanwhile; resolves to whether anything was sent. */
async function send() {
  if (sending || !(people() || notes().length)) return false;
  sending = sendAll(at('Set'), at('Write'), refused);
  away(await sending);
  sending = null;
  waiting();
  return true;
}

/**
 * The server has refused something: show why, and put a note back into its field.
 * @param {string} text  of the note; empty for a count  @param {Document} page
 */
function refused(text, page) {
  const wrong = page.querySelector('.warning')?.textContent ?? page.querySelector('main')?.textContent.trim() ?? '';
  document.querySelector('.warning')?.remove();
  only('header').after(element('p', { class: 'warning', role: 'alert' }, wrong));
  const field = at('Note');
  if (text) field.value = [field.value, text].filter(Boolean).join('\n');
}

/** Show what waits to be sent: the head count, and notes. */
function waiting() {
  const counted = people();
  if (counted) shown(counted.number);
  at('Waiting').hidden = !notes().length;
  const rows = notes().map(({ text }) => element('li', {}, element('p', { class: 'note', dir: 'auto' }, text)));
  at('WaitingNotes').replaceChildren(...rows);
}

/** Show a head count. @param {number} number */
function shown(number) {
  const text = at('Hub').dataset.many.replace('{n}', String(number));
  const line = only('p', at('People'));
  line.className = 'many';
  set(line, text);
  at('Step').elements.people.value = String(number); // the next tap counts from here
}

/** Take a head count: show, announce and send it. @param {number} number */
function count(number) {
  putPeople(number);
  waiting();
  at('Said').textContent = only('.many', at('People')).textContent;
  push();
}

/**
 * Send what waits now. If some of it still waits, renew the page: its token may be from before a restart of the server.
 */
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
  } else if (id === 'Set' && /^\d+$/.test(at('Set').elements.people.value.trim())) { // else the server says what is wrong
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

/** Send questions that were written without a connection, and cache the form for when there is none. */
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
