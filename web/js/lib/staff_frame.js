// The frame of a staff page: the time of day in the conference's zone, the meeting's status and gauges, and the tabs.
// Pages may lack any of its parts.

import { delayOf } from './standing.js';
import { dayClock, fill } from './words.js';

const ASK = 5000; // ms between two requests for status and gauges, on pages whose own connection doesn't report them
const BESIDE = 24; // px of the neighbouring tab that stay in view, to show that there are more
/** @type {?HTMLElement} */
const frame = document.querySelector('.house-frame');
const tabs = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('.house-frame .tabs a'))];
const clock = document.getElementById('FrameClock');
const time = clock?.querySelector('time');

/**
 * Show a meeting's status in one word; `standing` in services/control/standing.py has the same words and more.
 * @param {Pick<Session, 'status' | 'not_recorded'>} session
 */
export function frameStands({ status, not_recorded: off }) {
  const on = status === 'open' || status === 'paused';
  say(on && off != null ? 'off' : { open: 'live', paused: 'break', closed: 'closed' }[status] ?? 'idle');
}

/** @param {string} kind */
function say(kind) {
  const box = document.getElementById('FrameState');
  if (!box || box.dataset.kind === kind) return;
  box.dataset.kind = kind;
  box.textContent = box.dataset[kind] ?? '';
}

/**
 * Show the sound level, the delay of the text and the number of readers; null, when the meeting isn't on, hides them.
 * @param {?Gauges} gauges
 */
export function frameGauges(gauges) {
  const box = document.getElementById('FrameGauges');
  if (!box) return;
  box.hidden = !gauges;
  if (!gauges) return;
  const meter = box.querySelector('meter');
  if (meter) meter.value = gauges.level ?? 0;
  for (const [name, { kind, n }] of Object.entries({ late: delayOf(gauges.late * 1000), readers: { kind: 'readers', n: gauges.readers } })) {
    const part = box.querySelector(`.${name}`);
    const text = fill(box.getAttribute(`data-${kind}`) ?? '', { n });
    if (part && part.textContent !== text) part.textContent = text;
  }
}

/**
 * Show the status of this meeting from now on. For pages that follow a room from meeting to meeting.
 * @param {string} session
 */
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
  frameGauges(told?.gauges ?? null); // without an answer they are hidden, since the old ones may be wrong
}

/**
 * Mark the current tab: of several that lead to this page, the one with the hash of the address, or the one without a
 * hash.
 */
function mark() {
  const parts = tabs.filter((tab) => tab.pathname === location.pathname);
  const asked = parts.find((tab) => tab.hash && tab.hash === location.hash) ?? parts.find((tab) => !tab.hash);
  for (const tab of parts.length > 1 ? parts : []) {
    if (tab === asked) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
  }
}

/** Scroll the row of tabs sideways until the current tab is in view; the page itself doesn't move. */
function showCurrent() {
  const current = document.querySelector('.house-frame [aria-current]'), row = current?.closest('ul');
  if (!current || !row) return;
  const [{ left, right }, box] = [current.getBoundingClientRect(), row.getBoundingClientRect()];
  if (right > box.right) row.scrollBy(right - box.right + BESIDE, 0);
  else if (left < box.left) row.scrollBy(left - box.left - BESIDE, 0);
}

// On a phone the frame is one row, and this button shows the rest. Without scripts nothing is folded.
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
  new ResizeObserver(() => document.documentElement.style.setProperty('--frame', `${frame.offsetHeight}px`)).observe(frame);
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
