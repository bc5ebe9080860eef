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

const MOST_ROWS = 4; // of the title, in smaller letters the more they are (css/display/screen.css)
let fitted = '';

/** Give the title as many rows as it needs beside the longest status so far, so that these don't come and go. */
function fitTitle() {
  const title = at('Title');
  const now = `${title.textContent} ${innerWidth}`;
  if (now !== fitted) title.removeAttribute('data-long');
  fitted = now;
  for (let rows = Number(title.dataset.long ?? 1) + 1; rows <= MOST_ROWS && title.scrollHeight > title.clientHeight + 1; rows += 1) title.dataset.long = String(rows);
}

/** Show what the meeting is to answer, once the list was set. @param {?EventBody} event */
function putPolicy(event) {
  if (event?.type !== 'policy-questions.listed') return;
  const list = at('Policy');
  list.replaceChildren(...(event.questions ?? []).slice(0, Number(list.dataset.most)).map(({ text }) => {
    const item = document.createElement('li');
    item.dir = 'auto';
    item.textContent = text;
    return item;
  }));
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
  putPolicy(event);
  groups(event, tail.reader.session);
});
new ResizeObserver(() => toEnd(tail.box)).observe(tail.box);
document.addEventListener('visibilitychange', awake);
awake();
