// What a coordinator counts and writes while the line is away: kept in this browser, and sent once it is back.

import { keep, recall } from '../lib/kept.js';

/** How many people were counted, and when (Unix ms). @typedef {{number: number, at: number}} Count */
/** @typedef {{note: string, text: string}} WaitingNote */
/** @typedef {{taken: true} | {taken: false, page: Document}} Taken */

const MOST = 20; // notes; one more isn't kept
const DAY = 86400000; // ms; what was counted longer ago is no news
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const AWAY = [403, 429, 502, 503, 504]; // the server is away, busy, or was started again since the page was made
const key = `moothall.hub.${location.pathname}`;

/** Where nothing can be stored it holds until the page is left. @type {{people: ?Count, notes: WaitingNote[]}} */
const held = { people: null, notes: [], ...recall(key) };

export const people = () => held.people;
export const notes = () => held.notes;

/** @param {Partial<typeof held>} changes */
function put(changes) {
  Object.assign(held, changes);
  keep(key, held);
}

/** The newest count takes the place of one before. @param {number} number */
export const putPeople = (number) => put({ people: { number, at: Date.now() } });

/** Gives whether there is room. @param {string} note  @param {string} text */
export function putNote(note, text) {
  if (held.notes.length >= MOST) return false;
  put({ notes: [...held.notes, { note, text }] });
  return true;
}

/**
 * Send a form in the background.
 *
 * @param {Form<{form: HTMLInputElement}>} form  @param {Record<string, string>} fields
 * @returns {Promise<?Taken>}  null where the line is away
 */
async function send(form, fields) {
  const body = new URLSearchParams({ form: form.elements.form.value, ...fields });
  try {
    // The page itself isn't wanted.
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
 * @param {(text: string, page: Document) => void} refused  is told what wasn't taken, and the page that says why
 * @returns {Promise<boolean>}  whether any still waits
 */
export async function sendAll(set, write, refused) {
  while (held.people || held.notes.length) {
    const { people: told, notes: [first] } = held;
    const answer = await (told ? count(set, told) : send(write, first));
    if (!answer) return true;
    if (!told) put({ notes: held.notes.filter((each) => each !== first) });
    else if (held.people === told) put({ people: null }); // Else it was counted anew meanwhile.
    if (!answer.taken) refused(told ? '' : first.text, answer.page);
  }
  return false;
}

/** @param {Form<Forms['Set']>} set  @param {Count} counted  @returns {Promise<?Taken>} */
function count(set, { number, at }) {
  const age = Math.max(0, Date.now() - at);
  return age > DAY ? Promise.resolve({ taken: true }) : send(set, { people: String(number), age: String(age) });
}
