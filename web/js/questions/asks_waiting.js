// On the page of a text: sends questions that were written without a connection, and caches the form for when there is
// none.

import { recall } from '../lib/kept.js';

const link = document.querySelector('a[data-asks]');
const send = async () => recall('moothall.asks') && (await import('./asks_kept.js')).sendBeside(link);
let kept = false; // whether the form is cached

send();
addEventListener('online', send);
addEventListener('pageshow', ({ persisted }) => {
  const [entry] = performance.getEntriesByType('navigation');
  if (persisted || (entry instanceof PerformanceNavigationTiming && entry.type === 'back_forward')) import('./your_turn_late.js');
});
const { serviceWorker } = navigator;
// At a random time within three minutes, so that a hall doesn't fetch the form at once.
if (link && serviceWorker) setTimeout(async () => {
  await serviceWorker.register('/asking-worker.js', { scope: '/s/' });
  (await serviceWorker.ready).active?.postMessage(link.href);
  kept = true;
}, Math.random() * 180000);

// Until the form is cached, the link works only with a connection: without one the reader stays with the text and sees
// a note.
link?.addEventListener('click', async (event) => {
  if (kept || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    await fetch(link.href, { headers: { Purpose: 'prefetch' }, signal: AbortSignal.timeout(8000) });
    location.assign(link.href);
  } catch {
    link.nextElementSibling?.toggleAttribute('hidden', false);
  }
});
