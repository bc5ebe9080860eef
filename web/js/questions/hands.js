// Computes and shows the result of a show of hands. `handsOf` needs no page.

import { set } from '../lib/nodes.js';
import { fill } from '../lib/words.js';

/**
 * The hands for each answer; `share` is the share of all hands in whole percent, rounded half up.
 * @param {{remote: number[], room: number[]}} hands
 */
export function handsOf({ remote, room }) {
  const sums = remote.map((many, n) => many + room[n]);
  const all = sums.reduce((a, b) => a + b, 0);
  return sums.map((sum, n) => ({ remote: remote[n], room: room[n], sum, share: all ? Math.floor((200 * sum + all) / (2 * all)) : 0 }));
}

/**
 * Show the numbers of hands wherever this show of hands is on a page.
 * @param {ParentNode} page  @param {{poll: string, remote: number[], room: number[]}} hands  @param {string} counted  the text for an answer
 */
export function putHands(page, { poll, remote, room }, counted) {
  for (const list of page.querySelectorAll(`[data-poll="${CSS.escape(poll)}"]`)) {
    handsOf({ remote, room }).forEach((row, n) => {
      const place = list.querySelector(`[data-option="${n}"]`);
      const [many, meter] = [place?.querySelector('.many'), place?.querySelector('meter')];
      if (!many || !meter) return; // a quiet one has no numbers until it is closed
      set(many, fill(counted, { ...row, here: row.room }));
      const figure = place?.querySelector('.figure');
      if (figure) set(figure, String(row.sum));
      meter.value = row.share;
      meter.setAttribute('value', String(row.share));
    });
  }
}
