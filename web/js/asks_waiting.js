// Sends what was written without a line, and keeps the form for when the line goes.

import { recall } from './kept.js';

const link = document.querySelector('a[data-asks]');
// Where the meeting is over the form isn't named any more, and what was sent is told of beside the questions.
const beside = link ?? document.querySelector('a[data-asked]');
const send = async () => recall('moothall.asks') && (await import('./asks_kept.js')).sendBeside(beside);

send();
addEventListener('online', send);
const { serviceWorker } = navigator;
// Within three minutes, so that a hall doesn't fetch it at once.
if (link && serviceWorker) setTimeout(async () => {
  await serviceWorker.register('/asking-worker.js', { scope: '/s/' });
  (await serviceWorker.ready).active.postMessage(link.href);
}, Math.random() * 180000);
