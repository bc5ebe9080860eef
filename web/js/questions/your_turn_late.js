// A page that the browser had kept, to which somebody goes back after asking: it was made before, and doesn't know of it.

import { at, only } from '../lib/nodes.js';

const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes

/** Ask for what the page has for whoever asked, and put it in its place. */
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
addEventListener('pageshow', look); // each time that the browser brings it back
