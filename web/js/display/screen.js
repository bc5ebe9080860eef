// The wall's page: text, status, the question asked now, and a screen that is kept awake.

import { at } from '../lib/nodes.js';
import { AskedNow } from './asked_now.js';
import { toEnd } from './rows.js';
import { Tail, given, groupsOf } from './tail.js';

const data = given();

/**
 * Keep the screen awake. Called again each time the page is shown, since browsers release the lock when it is hidden.
 */
async function awake() {
  if (document.hidden) return;
  try {
    await navigator.wakeLock?.request('screen');
  } catch {
    // Refused, such as with a low battery: the system's own settings apply.
  }
}

let fitted = '';

/** Give the title two rows where it doesn't fit into one beside the status. */
function fitTitle() {
  const title = at('Title');
  const now = `${title.textContent} ${at('State').textContent.length} ${innerWidth}`;
  if (now === fitted) return;
  fitted = now;
  title.removeAttribute('data-long');
  title.toggleAttribute('data-long', title.scrollHeight > title.clientHeight + 1);
}

const asked = new AskedNow();
const groups = groupsOf(data);
const tail = new Tail(data, (each) => {
  each.say();
  fitTitle();
  asked.makeRoom(`${at('NotRecorded').hidden} ${at('State').dataset.kind === 'break'}`);
  toEnd(each.box);
}, (event) => {
  asked.heard(event);
  groups(event, tail.reader.session);
});
new ResizeObserver(() => toEnd(tail.box)).observe(tail.box);
document.addEventListener('visibilitychange', awake);
awake();
