// The frame of a staff page: the time at the place of the meetings, and how a meeting stands. Any page may do without it.

import { dayClock, fill } from './words.js';

const ASK = 5000; // ms between two questions how a meeting stands, where no line of the page tells it
const BESIDE = 24; // px of what stands beside it, so that one sees that there is more
/** @type {?HTMLElement} */
const frame = document.querySelector('.house-frame');
const tabs = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('.house-frame .tabs a'))];
const clock = document.getElementById('FrameClock');
const time = clock?.querySelector('time');

/** How a meeting stands, in one word: as `standing` in services/control/alarms.py. @param {Pick<Session, 'status' | 'not_recorded'>} session */
export function frameStands({ status, not_recorded: off }) {
  const on = status === 'open' || status === 'paused';
  say(on && off != null ? 'off' : { open: 'live', paused: 'break', closed: 'closed' }[status] ?? 'idle');
}

/** @param {string} kind */
function say(kind) {
  const place = document.getElementById('FrameState');
  if (!place || place.dataset.kind === kind) return;
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

/** How this meeting stands, from now on: where a page goes along with its room. @param {string} session */
export function frameOf(session) {
  if (!frame?.dataset.standing || frame.dataset.standing === `/control/${session}/standing`) return;
  frame.dataset.standing = `/control/${session}/standing`;
  ask();
}

async function ask() {
  const address = frame?.dataset.standing;
  if (!address || document.hidden) return;
  /** @type {?{stands: ?string, gauges: ?Gauges}} */
  const told = await fetch(address).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (address !== frame?.dataset.standing) return;
  if (told?.stands) say(told.stands);
  frameGauges(told?.gauges ?? null); // What stood there may be old.
}

/** A tab to a part of the page that one is on is the current one while that part is asked for. */
function mark() {
  const parts = tabs.filter((tab) => tab.pathname === location.pathname);
  const asked = parts.find((tab) => tab.hash && tab.hash === location.hash) ?? parts.find((tab) => !tab.hash);
  for (const tab of parts.length > 1 ? parts : []) {
    if (tab === asked) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
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
mark();
addEventListener('hashchange', mark);
showCurrent();
if (frame) {
  ask();
  setInterval(ask, ASK);
  document.addEventListener('visibilitychange', ask);
}
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
