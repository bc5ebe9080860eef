// The page of whoever asked: follows what happens to questions, and then shows how this one stands.

import { Link } from './link.js';
import { at } from './nodes.js';
import { Renewal, concerns } from './renewal.js';

const MINUTES = 120000; // ms between two looks at how long it may still take, though nothing happens

const renewal = new Renewal(['Turn', 'Stands', 'Became']);

/** Where the reader is, so that nothing is missed when the line comes back. */
let seen = at('Asked').dataset.position;

const link = new Link(
  () => at('Asked').dataset.events + `&after=${seen}`,
  (frame) => {
    if (frame.snapshot || (frame.events ?? []).some(concerns)) renewal.soon();
    const last = frame.events?.at(-1);
    if (frame.snapshot) seen = `${frame.snapshot.epoch}:${frame.snapshot.offset}`;
    else if (last) seen = `${seen.split(':')[0]}:${last.offset}`;
  },
  () => {},
);
link.open();
setInterval(() => document.hidden || renewal.soon(), MINUTES);
addEventListener('online', () => link.hurry());
document.documentElement.classList.add('live');
