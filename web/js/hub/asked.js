// What the page of whoever asked has in a hub's room besides: the question itself is kept until the meeting has it.

import { offer } from './handing.js';
import { arrived, carry } from './kept.js';
import { at } from '../lib/nodes.js';

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

kept();
document.addEventListener('renewed', kept);
