// At a hub: says how the line is, and offers what was missed. It asks the computer that served the page, not the line.

import { keep, recall } from '../lib/kept.js';
import { at, only } from '../lib/nodes.js';

const EVERY_MS = 8_000;
const PATIENCE = 6_000; // ms for an answer: of a line that is frozen none ever comes
const DOWN = ['beginning', 'down', 'fenced', 'refused', 'unpaired'];
const KEPT = 'moothall.skipped';

const bar = at('HubLine');
const said = at('HubSaid');
const missed = at('HubMissed');
const { ask, session } = bar.dataset;
const skip = only('button', missed);

/** Up to where what was missed was skipped, by session. @returns {Record<string, number>} */
const skipped = () => recall(KEPT) ?? {};

/** @param {?{end: number, text: string, address: string}} span */
const offer = (span) => {
  const end = span ? span.end : Number(missed.dataset.end ?? -1);
  if (span) {
    only('span', missed).textContent = span.text;
    only('a', missed).href = span.address;
    missed.dataset.end = String(span.end);
  }
  missed.hidden = end < 0 || (skipped()[session] ?? -1) >= end;
};

/** @param {string} kind  @param {string} text */
const put = (kind, text) => {
  // Written only when it is another, so that it is read out once.
  if (said.textContent !== text) said.textContent = text;
  bar.dataset.kind = kind;
};

const look = async () => {
  try {
    const answer = await fetch(ask, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return;
    const now = await answer.json();
    put(now.kind, now.text);
    if (now.missed) offer(now.missed);
  } catch {
    put('lost', bar.dataset.lost); // This computer itself can't be reached: how its line is nobody here knows.
  }
};

skip.hidden = false;
skip.addEventListener('click', () => {
  keep(KEPT, { ...skipped(), [session]: Number(missed.dataset.end) });
  missed.hidden = true;
});
offer(null);
// What comes over the text's own line says how long ago the centre was heard.
document.addEventListener('pulse', ({ detail: { lost = false } }) => lost === DOWN.includes(bar.dataset.kind) || look());
setTimeout(look, 1_000);
// Not all phones of a hall at the same moment.
setTimeout(() => setInterval(look, EVERY_MS), Math.random() * EVERY_MS);
