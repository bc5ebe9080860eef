// The page of whoever asked in a hub's room: where it stands, and the question itself kept until the meeting has it.

import { offer } from './handing.js';
import { arrived, carry } from './kept.js';
import { EVERY } from './renewed.js';
import { at } from '../lib/nodes.js';
import { Renewal } from '../lib/renewal.js';

let unsafe = /** @type {Carried[]} */ ([]); // what only this place has

/** Keep it, or no more; and offer to take it elsewhere while only this place has it. */
function kept() {
  const { safe, ago, session, fields } = JSON.parse(at('CarriedData').textContent);
  const entry = { session, fields, at: Date.now() - ago, page: location.pathname };
  if (safe) arrived(fields.id);
  else carry(entry);
  unsafe = safe ? [] : [entry];
  offer(() => unsafe);
}

const renewal = new Renewal(['Turn', 'Stands', 'Became', 'CarriedPart'], kept);

kept();
setInterval(() => document.hidden || renewal.now(), EVERY);
document.documentElement.classList.add('live');
