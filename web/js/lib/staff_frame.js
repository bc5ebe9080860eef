// The frame of a staff page: the time at the place of the meetings, and how a meeting stands. Any page may do without it.

import { dayClock, fill } from './words.js';

const BESIDE = 24; // px of what stands beside it, so that one sees that there is more
const clock = document.getElementById('FrameClock');
const time = clock?.querySelector('time');

/** How a meeting stands, in one word: as `standing` in services/control/alarms.py. @param {Pick<Session, 'status' | 'not_recorded'>} session */
export function frameStands({ status, not_recorded: off }) {
  const place = document.getElementById('FrameState');
  if (!place) return;
  const on = status === 'open' || status === 'paused';
  const kind = on && off != null ? 'off' : { open: 'live', paused: 'break', closed: 'closed' }[status] ?? 'idle';
  if (place.dataset.kind === kind) return;
  place.dataset.kind = kind;
  place.textContent = place.dataset[kind] ?? '';
}

/** How loud it is, how late the text is, and how many read, as the server tells; null: it isn't on. @param {?Gauges} gauges */
export function frameGauges(gauges) {
  const place = document.getElementById('FrameGauges');
  if (!place) return;
  place.hidden = !gauges;
  if (!gauges) return;
  const meter = place.querySelector('meter');
  if (meter) meter.value = gauges.level ?? 0;
  for (const name of /** @type {const} */ (['late', 'readers'])) {
    const part = place.querySelector(`.${name}`);
    const text = fill(place.dataset[name] ?? '', { n: gauges[name] });
    if (part && part.textContent !== text) part.textContent = text;
  }
}

/** Where the tabs go sideways: the page that one is on comes into view, and nothing else moves. */
function showCurrent() {
  const current = document.querySelector('.house-frame [aria-current]'), row = current?.closest('ul');
  if (!current || !row) return;
  const [{ left, right }, box] = [current.getBoundingClientRect(), row.getBoundingClientRect()];
  if (right > box.right) row.scrollBy(right - box.right + BESIDE, 0);
  else if (left < box.left) row.scrollBy(left - box.left - BESIDE, 0);
}

// A phone: one line, and the rest on demand. Without scripts nothing is folded.
const fold = document.getElementById('FrameFold');
if (fold) {
  fold.hidden = false;
  fold.addEventListener('click', () => {
    fold.setAttribute('aria-expanded', String(fold.getAttribute('aria-expanded') !== 'true'));
    showCurrent();
  });
}
showCurrent();
if (clock && time) {
  const format = dayClock(document.documentElement.lang, clock.dataset.zone ?? 'UTC', {});
  const tick = () => {
    const now = format.format(Date.now());
    if (time.textContent !== now) time.textContent = now;
  };
  tick();
  clock.hidden = false;
  setInterval(tick, 1000);
}
