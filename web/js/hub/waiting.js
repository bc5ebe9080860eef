// Stores a coordinator's head counts and notes in this browser while there is no connection, and sends them later.

import { keep, recall } from '../lib/kept.js';

/** How many people were counted, and when (Unix ms). @typedef {{number: number, at: number}} Count */
/** @typedef {{note: string, text: string}} WaitingNote */
/** @typedef {{taken: true} | {taken: false, page: Document}} Taken */

const MOST = 20; // notes. Overflow: another one is refused
const DAY = 86400000; // ms; an older count is not sent
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const AWAY = [403, 429, 502, 503, 504]; // the server is not available, busy, or was restarted since the page was made
const key = `moothall.hub.${location.pathname}`;

/**
 * What waits to be sent. Where storage is closed it lasts until the page is left.
 * @type {{people: ?Count, notes: WaitingNote[]}}
 */
const held = { people: null, notes: [], ...recall(key) };

export const people = () => held.people;
export const notes = () => held.notes;

/** Change and store what waits. @param {Partial<typeof held>} changes */
function put(changes) {
  Object.assign(held, changes);
  keep(key, held);
}

/** Store a head count, in place of an earlier one. @param {number} number */
export const putPeople = (number) => put({ people: { number, at: Date.now() } });

/** Store a note; returns whether there was room. @param {string} note  @param {string} text */
export function putNote(note, text) {
  if (held.notes.length >= MOST) return false;
  put({ notes: [...held.notes, { note, text }] });
  return true;
}

/**
 * Send a form in the background.
 *
 * @param {Form<{form: HTMLInputElement}>} form  @param {Record<string, string>} fields
 * @returns {Promise<?Taken>}  null without a connection, or if the server can't take it now
 */
async function send(form, fields) {
  const body = new URLSearchParams({ form: form.elements.form.value, ...fields });
  try {
    // Redirects are not followed: the page to which they lead isn't needed.
    const answer = await fetch(form.action, { method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) });
    if (answer.type === 'opaqueredirect') return { taken: true };
    if (AWAY.includes(answer.status)) return null;
    return { taken: false, page: new DOMParser().parseFromString(await answer.text(), 'text/html') };
  } catch {
    return null;
  }
}

/**
 * Send all that waits, one after the other.
 *
 * @param {Form<Forms['Set']>} set  takes a head count
 * @param {Form<Forms['Write']>} write  takes a note
 * @param {(text: string, page: Document) => void} refused  called for what was refused, with the page that says why
 * @returns {Promise<boolean>}  whether anything still waits
 */
export async function sendAll(set, write, refused) {
  while (held.people || held.notes.length) {
    const { people: told, notes: [first] } = held;
    const answer = await (told ? count(set, told) : send(write, first));
    if (!answer) return true;
    if (!told) put({ notes: held.notes.filter((each) => each !== first) });
    else if (held.people === told) put({ people: null }); // otherwise there is a newer count
    if (!answer.taken) refused(told ? '' : first.text, answer.page);
  }
  return false;
}

/**
 * Send a head count with its age in ms.
 * @param {Form<Forms['Set']>} set  @param {Count} counted  @returns {Promise<?Taken>}
 */
function count(set, { number, at }) {
  const age = Math.max(0, Date.now() - at);
  return age > DAY ? Promise.resolve({ taken: true }) : send(set, { people: String(number), age: String(age) });
}
