// The page of one's own question: follows events and shows the question's status. When its turn comes, its author can
// type here.

import { Typing } from './typing.js';
import { Link } from '../lib/link.js';
import { at, only, set } from '../lib/nodes.js';
import { Renewal, concerns, stands } from '../lib/renewal.js';

const MINUTES = 120000; // ms between two updates of the estimated wait while nothing happens

const own = location.pathname.split('.').at(-1); // the question's id is the end of the page's address
let typing = at('Typing') ? new Typing() : null;
let shown = performance.now(); // performance.now() at which the times on the page were right

const renewal = new Renewal(['Heading', 'Turn', 'Stands', 'Times', 'Became', 'CarriedPart'], (made) => {
  shown = performance.now();
  tick();
  document.dispatchEvent(new Event('renewed'));
  const voice = only('#Voice', made);
  if (!voice.querySelector('form')) typing?.end();
  else if (!typing || at('Words').readOnly) {
    const left = typing?.left;
    at('Voice').replaceChildren(...voice.childNodes);
    typing = new Typing();
    typing.put(left);
  }
});

/** Whether an event concerns this question, or its turn if that is under way. */
const mine = (/** @type {LogEvent} */ { body }) => body?.intervention === own || (body?.type === 'turn.limited' && at('Turn').childElementCount > 0);

/** The position (epoch and offset) from which to resume after an interruption. */
let seen = at('Asked').dataset.position;

const link = new Link(
  () => at('Asked').dataset.events + `&after=${seen}`,
  (frame) => {
    if (frame.snapshot) {
      seen = `${frame.snapshot.epoch}:${frame.snapshot.offset}`;
      typing?.keep(frame.snapshot.session.not_recorded == null);
      renewal.soon();
    }
    const { events = [] } = frame;
    for (const { offset, body } of events) {
      seen = `${seen.split(':')[0]}:${offset}`;
      if (body?.type === 'not-recorded.began') typing?.keep(false);
      if (body?.type === 'not-recorded.ended') typing?.keep(true);
    }
    // An event of this question is shown at once; for events that concern everybody, pages spread their requests.
    if (events.some(mine)) renewal.now();
    else if (events.some(concerns)) renewal.soon();
  },
  stands(),
  () => Number(seen.split(':')[1]),
);

/** Count down the times on the page. */
function tick() {
  const gone = performance.now() - shown;
  for (const row of document.querySelectorAll('[data-left]')) {
    const left = Math.ceil((Number(row.dataset.left) - gone) / 1000);
    if (left > 0) set(only('.running', row), `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`);
    else {
      row.textContent = row.dataset.over ?? '';
      row.removeAttribute('data-left');
    }
  }
}

link.open();
setInterval(tick, 500);
setInterval(() => document.hidden || renewal.soon(), MINUTES);
const { every } = at('Asked').dataset; // ms; at a hub, where not all changes of a question are events
if (every) setInterval(() => document.hidden || renewal.now(), Number(every));
addEventListener('online', () => link.hurry());
document.documentElement.classList.add('live');
