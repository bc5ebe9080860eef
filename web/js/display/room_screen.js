// Makes a room's wall follow from meeting to meeting: the page is loaded again when another meeting is on.

import { own } from './instead.js';

const EVERY_MS = 5000;
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes

/** @type {{ ask: string, session: string | null }} */
const room = JSON.parse(document.getElementById('Room')?.textContent ?? '{}');

async function look() {
  try {
    const answer = await fetch(room.ask, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok && (await answer.json()).session !== room.session) {
      const address = own(); // another meeting may have no such translation
      if (address === location.href) location.reload();
      else location.replace(address);
      return;
    }
  } catch {
    // No network: the wall keeps what it shows, and asks again.
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
