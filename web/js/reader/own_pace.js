// The page to read at one's own pace. It works without this; what is added is remembering: choices, and the place.

import { keepClear } from '../lib/bar.js';
import { Choices } from '../lib/choices.js';
import { keep, recall } from '../lib/kept.js';

const reader = document.getElementById('Reader');
const key = `moothall.pace ${reader.dataset.place}`;
const from = Number(reader.dataset.from);
const stopped = recall(key);

new Choices(document.getElementById('Choices'));
if (Number.isInteger(stopped) && stopped !== from) {
  const link = document.getElementById('Stopped');
  const address = new URL(location.href);
  address.searchParams.set('from', stopped);
  link.href = address.href;
  link.hidden = false;
}
// Whoever comes without a place has not read on yet: what was kept stays until a next page is asked for.
if (new URLSearchParams(location.search).has('from')) keep(key, from);
document.documentElement.classList.add('live');
keepClear(document.querySelector('.bar'));
addEventListener('pageshow', ({ persisted }) => {
  if (persisted || performance.getEntriesByType('navigation')[0]?.type === 'back_forward') import('../questions/your_turn_late.js');
});
