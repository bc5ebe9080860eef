// The reader's bookmark in a text, stored in the browser for each text.

import { keep, recall } from '../lib/kept.js';
import { at, element } from '../lib/nodes.js';

export class Bookmark {
  /**
   * @param {string} text  session and channel
   * @param {import('../lib/words.js').Words} words
   */
  constructor(text, words) {
    this.key = `moothall.place ${text}`;
    this.words = words;
    const kept = recall(this.key);
    this.line = typeof kept === 'string' ? kept : null;
  }

  /** Put the mark at a line. @param {string} line */
  set(line) {
    const before = this.line;
    this.line = line;
    keep(this.key, line);
    this.show([before, line]);
  }

  /** Show or remove the mark at lines on the page. `ids`: the lines that may have changed. */
  show(ids = [this.line]) {
    for (const id of ids) {
      const item = id && at(id);
      if (!item) continue;
      const here = id === this.line;
      item.classList.toggle('place', here);
      const flag = item.querySelector('.flag');
      if (!here) flag?.remove();
      else if (!flag) item.querySelector('.about')?.append(' ', element('span', { class: 'flag' }, this.words.text('place')));
    }
  }
}
