// The page with the list of questions and comments: follows events, and renews the parts of the list that have changed.

import { putHands } from './hands.js';
import { Link } from '../lib/link.js';
import { at, set } from '../lib/nodes.js';
import { Renewal, concerns, stands } from '../lib/renewal.js';
import { fill } from '../lib/words.js';

const MOVING = 8000; // ms over which pages spread their requests when support changes the order of the queue

const list = at('Questions');
const renewal = new Renewal(['Figures', 'Pending', 'Hands', 'Now', 'NowActs', 'Room', 'Queue', 'Left', 'Later', 'Answered', 'Written', 'PassedOn']);
/** @type {Record<string, string>} by CLDR category */
const forms = JSON.parse(at('Forms').textContent);
const plural = new Intl.PluralRules(document.documentElement.lang);
let seen = list.dataset.position;

/** Show how many would ask the same, from the event alone. @param {EventBody} event */
function count({ counts }) {
  for (const place of document.querySelectorAll('[data-of]')) {
    const n = counts[place.dataset.of ?? ''];
    if (n !== undefined) set(place, n ? (forms[plural.select(n)] ?? forms.other).replace('{n}', String(n)) : '');
  }
  for (const place of document.querySelectorAll('[data-count]')) {
    const n = counts[place.dataset.count ?? ''];
    if (n !== undefined) set(place, n ? String(n) : '');
  }
  if ('moves' in list.dataset) renewal.soon(MOVING);
}

/** A show of hands has begun, was counted, or is over. @param {EventBody} body */
function hands(body) {
  const { begun, over } = at('HandsSaid').dataset;
  if (body.type === 'poll.counted') putHands(at('Hands'), body, at('Hands').dataset.counted);
  else {
    set(at('HandsSaid'), body.type === 'poll.opened' ? fill(begun, { question: body.question }) : body.void ? '' : over);
    renewal.soon();
  }
}

/** Handle a frame of the stream. @param {Frame} frame */
function take(frame) {
  if (frame.snapshot) {
    seen = `${frame.snapshot.epoch}:${frame.snapshot.offset}`;
    renewal.soon();
  }
  for (const event of frame.events ?? []) {
    if (event.body?.type === 'support.counted') count(event.body);
    else if (event.body?.type?.startsWith('poll.')) hands(event.body);
    else if (concerns(event)) renewal.soon();
    seen = `${seen.split(':')[0]}:${event.offset}`;
  }
}

/** Wait for the translation that is under way, and show it. */
async function translated() {
  const address = JSON.parse(at('Pending').textContent).at(-1);
  if (!address) return;
  try {
    if ((await fetch(address)).ok) renewal.soon();
  } catch {
    // The translation is shown with the next change.
  }
}

new MutationObserver(translated).observe(at('Pending'), { childList: true });
translated();
const link = new Link(() => `${list.dataset.events}&after=${seen}`, take, stands(), () => Number(seen.split(':')[1]));
link.open();
if (list.dataset.every) setInterval(() => document.hidden || renewal.now(), Number(list.dataset.every)); // at a hub, for the questions of its own room
addEventListener('online', () => link.hurry());
document.documentElement.classList.add('live');
