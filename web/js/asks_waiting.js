// Sends what was written without a line, and keeps the form for when the line goes.

import { recall } from './kept.js';

const PATIENCE = 8000; // ms until a line that says nothing counts as dead

const link = document.querySelector('a[data-asks]');
const send = async () => recall('moothall.asks') && (await import('./asks_kept.js')).sendBeside(link);
let kept = false; // whether the form is here

send();
addEventListener('online', send);
const { serviceWorker } = navigator;
// Within three minutes, so that a hall doesn't fetch it at once.
if (link && serviceWorker) setTimeout(async () => {
  await serviceWorker.register('/asking-worker.js', { scope: '/s/' });
  (await serviceWorker.ready).active.postMessage(link.href);
  kept = true;
}, Math.random() * 180000);

// Until then nobody is led from the text that they read to a page of the browser's own, which says that there is no line.
link?.addEventListener('click', async (event) => {
  if (kept || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    await fetch(link.href, { headers: { Purpose: 'prefetch' }, signal: AbortSignal.timeout(PATIENCE) });
    location.assign(link.href);
  } catch {
    link.nextElementSibling.hidden = false;
  }
});
