// Sends what was written without a line, and keeps the form for when it goes.

import { recall } from '../lib/kept.js';

const link = document.querySelector('a[data-asks]');
const send = async () => recall('moothall.asks') && (await import('./asks_kept.js')).sendBeside(link);
let kept = false; // the form

send();
addEventListener('online', send);
addEventListener('pageshow', ({ persisted }) => {
  const [entry] = performance.getEntriesByType('navigation');
  if (persisted || (entry instanceof PerformanceNavigationTiming && entry.type === 'back_forward')) import('./your_turn_late.js');
});
const { serviceWorker } = navigator;
// A hall doesn't fetch it at once.
if (link && serviceWorker) setTimeout(async () => {
  await serviceWorker.register('/asking-worker.js', { scope: '/s/' });
  (await serviceWorker.ready).active?.postMessage(link.href);
  kept = true;
}, Math.random() * 180000);

// Until then nobody is led from the text to where there is no line.
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
