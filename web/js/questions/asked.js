// The page of whoever asked: follows what happens to questions, and then shows how this one stands. In its turn one types.

import { Typing } from './typing.js';
import { Link } from '../lib/link.js';
import { at, only, set } from '../lib/nodes.js';
import { Renewal, concerns, stands } from '../lib/renewal.js';

const MINUTES = 120000; // ms between two looks at how long it may still take, though nothing happens

const own = location.pathname.split('.').at(-1); // the end of the page's address is what this is called
let typing = at('Typing') ? new Typing() : null;
let shown = performance.now(); // when the times on the page were right

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

/** Whether an event is about this question, or about its turn that is under way. */
const mine = (/** @type {LogEvent} */ { body }) => body?.intervention === own || (body?.type === 'turn.limited' && at('Turn').childElementCount > 0);

/** Where the reader is, so that nothing is missed when the line comes back. */
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
    // What concerns this one alone is shown at once; what concerns everybody is asked for at a moment of one's own.
    if (events.some(mine)) renewal.now();
    else if (events.some(concerns)) renewal.soon();
  },
  stands(),
  () => Number(seen.split(':')[1]),
);

/** Let the times on the page run. */
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
const { every } = at('Asked').dataset; // ms: at a hub more happens to a question than its meeting tells
if (every) setInterval(() => document.hidden || renewal.now(), Number(every));
addEventListener('online', () => link.hurry());
document.documentElement.classList.add('live');
