// A show of hands as it is shown. What hands there are is worked out without a page: walls can use it too.

import { set } from '../lib/nodes.js';
import { fill } from '../lib/words.js';

/** The hands for each answer: [{remote, room, sum, share}], the share of all hands in whole percent. */
export function handsOf({ remote, room }) {
  const sums = remote.map((many, n) => many + room[n]);
  const all = sums.reduce((a, b) => a + b, 0);
  return sums.map((sum, n) => ({ remote: remote[n], room: room[n], sum, share: all ? Math.floor((200 * sum + all) / (2 * all)) : 0 }));
}

/** Put what was counted where that show of hands stands on a page; `counted` is the text of an answer's hands. */
export function putHands(page, { poll, remote, room }, counted) {
  for (const list of page.querySelectorAll(`[data-poll="${CSS.escape(poll)}"]`)) {
    handsOf({ remote, room }).forEach((row, n) => {
      const place = list.querySelector(`[data-option="${n}"]`);
      if (!place?.querySelector('.many')) return; // Its numbers are shown once it is closed.
      set(place.querySelector('.many'), fill(counted, { ...row, here: row.room }));
      place.querySelector('meter').value = row.share;
      place.querySelector('meter').setAttribute('value', row.share);
    });
  }
}
