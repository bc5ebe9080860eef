// Adds the reader's local time beside each time on a page, where their time zone differs from the conference's. It runs
// in the head and adds each as soon as the time itself arrives, before it is painted, so that nothing moves.

// The weekday is shown too, since it may differ in the reader's zone.
const form = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/**
 * The offset of an ISO time in minutes ahead of UTC: `…T17:00:00+03:00` is 180; 0 without one.
 * @param {string} written
 */
function ahead(written) {
  const found = /([+-])(\d\d):(\d\d)$/.exec(written);
  return found ? Number(`${found[1]}1`) * (Number(found[2]) * 60 + Number(found[3])) : 0;
}

/** @param {Iterable<Node>} nodes */
function add(nodes) {
  const { own = '' } = document.getElementById('Times')?.dataset ?? {}; // it stands before all times
  for (const time of own ? nodes : []) {
    if (!(time instanceof HTMLTimeElement) || !time.dateTime) continue;
    const moment = new Date(time.dateTime);
    if (-moment.getTimezoneOffset() === ahead(time.dateTime)) continue;
    const beside = document.createElement('span');
    beside.className = 'own-time';
    beside.textContent = ` (${own.replace('{time}', form.format(moment))})`;
    time.after(beside);
  }
}

document.addEventListener('renewed', ({ detail }) => add(detail)); // from js/reader/front.js

const arriving = new MutationObserver((changes) => changes.forEach(({ addedNodes }) => add(addedNodes)));
arriving.observe(document, { childList: true, subtree: true });
addEventListener('DOMContentLoaded', () => {
  for (const { addedNodes } of arriving.takeRecords()) add(addedNodes);
  arriving.disconnect();
});
