// Stores in this browser the questions that were written without a connection, and sends each of them once.

import { keep, recall } from '../lib/kept.js';
import { element } from '../lib/nodes.js';

const KEY = 'moothall.asks';
const MOST = 20; // forms. Overflow: the oldest refused one is dropped; without one the new form isn't stored
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const AWAY = [502, 503, 504]; // the server or its storage is not available
const OFTEN = 429;

/** The stored forms: those that wait, and those that were refused. @returns {KeptForm[]} */
export const kept = () => recall(KEY) ?? [];

/**
 * Store a form, in place of an earlier version of the same form; returns whether that worked.
 * @param {KeptForm} entry
 */
export function put(entry) {
  const others = kept().filter(({ fields }) => fields.id !== entry.fields.id);
  const refused = others.findIndex(({ wrong }) => wrong);
  if (others.length >= MOST && refused < 0) return false;
  if (others.length >= MOST) others.splice(refused, 1);
  keep(KEY, [...others, { wrong: '', ...entry }]);
  return kept().some(({ fields }) => fields.id === entry.fields.id);
}

/** Remove a form from the store. @param {string} id */
export function drop(id) {
  keep(KEY, kept().filter(({ fields }) => fields.id !== id));
}

/**
 * Send a form. Resolves to the server's page with its address, and whether the form was taken; null without a
 * connection.
 *
 * The form has an id, so that the server stores it once even if it gets it twice.
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
 * Send all forms that wait, one after the other, until there is no connection.
 *
 * @param {(answer: Sent) => void} told  called for each form that was taken
 * @returns {Promise<boolean>} whether any form still waits
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

/** A link to a question that was sent; screen readers announce it. @param {Sent} answer */
export const says = ({ page, address }) => element(
  'span', { role: 'status' }, element('a', { href: address }, page.querySelector('h1')?.textContent ?? address),
);

/**
 * Send all forms that wait, and show links to the questions after another link.
 * @param {?Element} link  null, as after the meeting: the link to its questions
 */
export function sendBeside(link) {
  const place = (link ?? document.querySelector('a[data-asked]'))?.parentElement;
  return sendAll((answer) => place?.append(' ', says(answer)));
}
