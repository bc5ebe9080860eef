// The status bar on a hub's pages: shows the state of the uplink, and offers the text that was missed. Its requests go
// to the hub itself, and don't use the uplink.

import { keep, recall } from '../lib/kept.js';
import { at, only } from '../lib/nodes.js';

const EVERY_MS = 8_000;
const PATIENCE = 6_000; // ms until a request times out: over a frozen connection no answer ever comes
const DOWN = ['beginning', 'down', 'fenced', 'refused', 'unpaired'];
const KEPT = 'moothall.skipped';

const bar = at('HubLine');
const said = at('HubSaid');
const missed = at('HubMissed');
const { ask, session } = bar.dataset;
const skip = only('button', missed);

/** Up to which offset the missed text was dismissed, by session. @returns {Record<string, number>} */
const skipped = () => recall(KEPT) ?? {};

/**
 * Offer a missed span, unless it was dismissed.
 * @param {?{end: number, text: string, address: string}} span  null: the one that the page has
 */
const offer = (span) => {
  const end = span ? span.end : Number(missed.dataset.end ?? -1);
  if (span) {
    only('span', missed).textContent = span.text;
    only('a', missed).href = span.address;
    missed.dataset.end = String(span.end);
  }
  missed.hidden = end < 0 || (skipped()[session] ?? -1) >= end;
};

/** Show the state of the uplink. @param {string} kind  @param {string} text */
const put = (kind, text) => {
  // Only a new text is written, so that screen readers read it once.
  if (said.textContent !== text) said.textContent = text;
  bar.dataset.kind = said.dataset.kind = kind;
};

const look = async () => {
  try {
    const answer = await fetch(ask, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return;
    const now = await answer.json();
    put(now.kind, now.text);
    if (now.missed) offer(now.missed);
  } catch {
    put('lost', bar.dataset.lost); // the hub itself can't be reached
  }
};

skip.hidden = false;
skip.addEventListener('click', () => {
  keep(KEPT, { ...skipped(), [session]: Number(missed.dataset.end) });
  missed.hidden = true;
});
offer(null);
// The pulses of the text's stream say at once whether the uplink is lost.
document.addEventListener('pulse', ({ detail: { lost = false } }) => lost === DOWN.includes(bar.dataset.kind) || look());
setTimeout(look, 1_000);
// Spread, so that the phones of a hall don't ask at the same moment.
setTimeout(() => setInterval(look, EVERY_MS), Math.random() * EVERY_MS);
