// Sends what was written without a line, and keeps the form for when the line goes.

import { recall } from './kept.js';

const link = document.querySelector('a[data-asks]');
const send = async () => recall('moothall.asks') && (await import('./asks_kept.js')).sendBeside(link);

send();
addEventListener('online', send);
const { serviceWorker } = navigator;
// Within three minutes, so that a hall doesn't fetch it at once.
if (link && serviceWorker) setTimeout(async () => {
  await serviceWorker.register('/asking-worker.js', { scope: '/s/' });
  (await serviceWorker.ready).active.postMessage(link.href);
}, Math.random() * 180000);
