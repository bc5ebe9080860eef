// The page to read at one's own pace. It works without this script, which remembers the reader's choices and where they
// stopped.

import { keepClear } from './bar.js';
import { Choices } from '../lib/choices.js';
import { keep, recall } from '../lib/kept.js';
import { at, only } from '../lib/nodes.js';

const reader = at('Reader');
const key = `moothall.pace ${reader.dataset.place}`;
const from = Number(reader.dataset.from);
const stopped = recall(key);

new Choices(at('Choices'));
if (Number.isInteger(stopped) && stopped !== from) {
  const link = at('Stopped');
  const address = new URL(location.href);
  address.searchParams.set('from', String(stopped));
  link.href = address.href;
  link.hidden = false;
}
// An address without `from` is the beginning: the stored position stays until the reader opens another page of lines.
if (new URLSearchParams(location.search).has('from')) keep(key, from);
document.documentElement.classList.add('live');
keepClear(only('.bar'));
addEventListener('pageshow', ({ persisted }) => {
  const [entry] = performance.getEntriesByType('navigation');
  if (persisted || (entry instanceof PerformanceNavigationTiming && entry.type === 'back_forward')) import('../questions/your_turn_late.js');
});
