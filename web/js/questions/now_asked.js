// Shows in the bar of a text's page the question asked now, first as the page was made and then by events. After a
// snapshot, which carries no questions, the page is fetched again; that renews the cards of shows of hands too.

import { asks } from './asks_too.js';
import { at, element, only } from '../lib/nodes.js';
import { direction, fill } from '../lib/words.js';

/** @typedef {Partial<EventBody> & Pick<EventBody, 'type'>} Happening */

const SPREAD = 2000; // ms over which readers spread their requests
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes

/** @type {?{known: Record<number, [kind: string, text: string, language: string, asker: string]>, headings: Record<string, string>, now: string, remote: string, elsewhere: string}} */
let told = null; // the data of the page, with questions published since added to `known`
let turn = 0; // grows with each event
let timer = 0;

const again = () => (timer ||= setTimeout(ask, 200 + Math.random() * SPREAD));

/** Fetch the page again, and show its notes if no event came meanwhile. */
async function ask() {
  timer = 0;
  const asked = turn;
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status >= 500) throw new Error('It is away.');
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (asked !== turn) again(); // an event came meanwhile
    else for (const note of document.querySelectorAll('.raised')) put(note, page.getElementById(note.id));
  } catch {
    again();
  }
}

/**
 * Bring a note up to date with the fetched page. The result of a closed show of hands stays.
 * @param {HTMLElement} note  @param {?HTMLElement} made  null after the meeting: the note is hidden
 */
function put(note, made) {
  if ('closed' in note.dataset && made?.hidden !== false) return;
  note.removeAttribute('data-closed');
  note.hidden = made?.hidden ?? true;
  if (made && note.innerHTML !== made.innerHTML) note.replaceChildren(...made.childNodes);
  if (!made?.dataset.more) return;
  note.dataset.n = made.dataset.n;
  told = JSON.parse(made.dataset.more);
}

/** Handle an event. @param {Happening} event  of a question; without a number: a snapshot came */
export function nowAsked(event) {
  turn += 1;
  if (event.number !== undefined) happened(event.number, event);
  else {
    at('NowAsked').hidden = true; // the question may have been removed
    again();
  }
}

/** A question was published, or its status has changed. @param {number} number  @param {Happening} event */
function happened(number, { type, kind = '', text = '', language = '', name = '', origin, status }) {
  const note = at('NowAsked');
  const { known, headings, now, remote, elsewhere } = (told ??= /** @type {NonNullable<typeof told>} */ (JSON.parse(note.dataset.more)));
  const here = note.dataset.n === String(number) && !note.hidden;
  if (type === 'intervention.published') known[number] = [kind, text, language, name || (origin === 'remote' ? fill(remote, { language: nameOf(language) }) : '')];
  else if (status !== 'called') {
    if (here) note.hidden = true;
    return;
  }
  if (type === 'intervention.published' && !here) return;
  only('form', note).action = only('form', note).action.replace(/\d+(?=\/support)/, String(number));
  if (note.dataset.n !== String(number)) asks(only('form button', note), false);
  note.dataset.n = String(number);
  const [what, words = '', lang = '', asker = ''] = known[number] ?? [];
  const from = asker && ` · \u2068${asker}\u2069`; // in Unicode isolates: the name has a direction of its own
  const said = what ? fill(now, { what: fill(headings[what], { n: number }) }) + from : fill(elsewhere, { n: number });
  only('form', note).hidden = !what || what === 'request';
  only('a', note).replaceChildren(said, ...(words ? [': ', element('bdi', { lang, dir: direction(lang) }, words.slice(0, 200))] : []));
  note.hidden = false;
}

/** The name of a language in the page's language. @param {string} tag */
function nameOf(tag) {
  try {
    return new Intl.DisplayNames(document.documentElement.lang, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag; // not a valid tag
  }
}
