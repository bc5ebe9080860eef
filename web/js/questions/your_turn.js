// Tells the author of a question, on the page of a text, that their turn is near or has come: in the bar, in the title,
// and by a sound and a vibration where the browser allows them. The stream of events is that of all readers; only the
// part of the page that is fetched is this browser's own.

import { ring } from '../lib/bell.js';
import { Link } from '../lib/link.js';
import { at, only } from '../lib/nodes.js';
import { Renewal } from '../lib/renewal.js';

const WORDS = /^(intervention\.status-changed|queue\.|turn\.|session\.)/;

const about = () => at('YourTurn').firstElementChild?.dataset ?? {};
const { address, events } = about();
let seen = about().position ?? '';
let told = false; // whether the page has said that the turn has come
/** @type {?string} */
let title = null; // the page's own title, while the turn is in its place

const renewal = new Renewal(['YourTurn'], show, address);

/** Show in the title that the turn has come, and ring once. */
function show() {
  const now = 'now' in about();
  if (now) {
    const said = only('a', at('YourTurn')).textContent;
    if (!document.title.startsWith(said)) {
      title = document.title;
      document.title = `${said} – ${title}`;
    }
    if (!told && (navigator.userActivation?.hasBeenActive ?? true)) {
      ring();
      navigator.vibrate?.([300, 150, 300]);
    }
  } else if (title !== null) {
    document.title = title;
    title = null;
  }
  told = now;
}

const link = new Link(() => `${events}&after=${seen}`, (frame) => {
  if (frame.snapshot) {
    seen = `${frame.snapshot.epoch}:${frame.snapshot.offset}`;
    renewal.soon();
  }
  for (const { offset, body } of frame.events ?? []) {
    seen = `${seen.split(':')[0]}:${offset}`;
    if (!WORDS.test(body?.type ?? '')) continue;
    if ((about().mine ?? '').split(' ').includes(body?.intervention ?? '')) renewal.now();
    else renewal.soon();
  }
}, () => {}, () => Number(seen.split(':')[1]));

// With low data there is no second stream: the note of the question asked now changes whenever the queue moves on.
const note = document.documentElement.dataset.read === 'low' && at('NowAsked');

show();
new MutationObserver(show).observe(only('title'), { childList: true }); // the page's own script changes the title too
if (note) new MutationObserver(() => renewal.soon()).observe(note, { attributes: true, childList: true, subtree: true });
else link.open();
addEventListener('online', () => link.hurry());
