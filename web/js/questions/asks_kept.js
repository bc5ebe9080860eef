// Questions that were written while there was no line: they wait in this browser, and are sent once each.

import { keep, recall } from '../lib/kept.js';
import { element } from '../lib/nodes.js';

const KEY = 'moothall.asks';
const MOST = 20; // one more takes the place of the oldest that was not taken, else it isn't kept
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const AWAY = [502, 503, 504]; // the server, or what it writes to, is away
const OFTEN = 429;

/** Those that wait, and those that were not taken. @returns {KeptForm[]} */
export const kept = () => recall(KEY) ?? [];

/** Keep one; the same form again takes the place of what it said before. Gives whether there is room. @param {KeptForm} entry */
export function put(entry) {
  const others = kept().filter(({ fields }) => fields.id !== entry.fields.id);
  const refused = others.findIndex(({ wrong }) => wrong);
  if (others.length >= MOST && refused < 0) return false;
  if (others.length >= MOST) others.splice(refused, 1);
  keep(KEY, [...others, { wrong: '', ...entry }]);
  return kept().some(({ fields }) => fields.id === entry.fields.id);
}

/** @param {string} id */
export function drop(id) {
  keep(KEY, kept().filter(({ fields }) => fields.id !== id));
}

/**
 * Send one. Gives the answer's page with its address, and whether it was taken; null where the line is away.
 *
 * The form's id goes along: what the server has already is not there twice.
 *
 * @param {KeptForm} form  @returns {Promise<?Sent>}
 */
export async function send({ action, fields, at }) {
  const body = new URLSearchParams({ ...fields, age: String(Math.max(0, Date.now() - at)) });
  try {
    const answer = await fetch(action, { method: 'POST', body, signal: AbortSignal.timeout(PATIENCE) });
    if (AWAY.includes(answer.status)) return null;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    return { taken: answer.ok && answer.redirected, often: answer.status === OFTEN, address: answer.url, page };
  } catch {
    return null;
  }
}

/**
 * Send all that wait, one after the other, for as long as there is a line.
 *
 * @param {(answer: Sent) => void} told  for each that was taken: its page and its address
 * @returns {Promise<boolean>} whether any still waits
 */
export async function sendAll(told) {
  for (const entry of kept().filter(({ wrong }) => !wrong)) {
    const answer = await send(entry);
    if (!answer || answer.often) return true;
    if (answer.taken) {
      drop(entry.fields.id);
      told(answer);
    } else {
      put({ ...entry, wrong: answer.page.getElementById('Wrong')?.textContent ?? answer.page.title });
    }
  }
  return false;
}

/** A link to what was sent, that is read out when it comes. @param {Sent} answer */
export const says = ({ page, address }) => element(
  'span', { role: 'status' }, element('a', { href: address }, page.querySelector('h1')?.textContent ?? address),
);

/** Send all that wait, and tell of it beside a link; where the meeting is over beside that to its questions. @param {?Element} link */
export function sendBeside(link) {
  const place = (link ?? document.querySelector('a[data-asked]'))?.parentElement;
  return sendAll((answer) => place?.append(' ', says(answer)));
}
