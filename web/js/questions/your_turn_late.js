// For a page to which somebody goes back after asking: the browser shows it from its cache, made before the question.
// This adds the note about one's turn.

import { at, only } from '../lib/nodes.js';

const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes

/** Fetch the note for the author of a question, and put it into the bar. */
async function look() {
  if (at('YourTurn')) return;
  const address = `${location.pathname.replace(/\/read$/, '')}/your-turn${location.search}`;
  const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
  const made = answer?.ok && new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('YourTurn');
  if (!made || at('YourTurn')) return;
  only('.bar').prepend(made);
  await import('./your_turn.js');
}

look();
addEventListener('pageshow', look); // each time that the page comes from the cache again
