// An addition at hubs to the page of one's own question: the browser stores the question until the meeting has it.

import { offer } from './handing.js';
import { arrived, carry } from './kept.js';
import { at } from '../lib/nodes.js';

let unsafe = /** @type {Carried[]} */ ([]); // the question, while only this hub has it

/** Store the question, or remove it once the meeting has it; until then offer to take it to another computer. */
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
