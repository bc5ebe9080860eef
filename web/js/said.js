// What the staff's pages say at their foot.

import { at } from './nodes.js';

/** Say something in #Status, once. */
export const say = (text) => { at('Status').textContent = text; };

/** Take back what was said in #Status once it holds no longer; what was said of something else since then stays. */
export const unsay = (text) => {
  if (text && at('Status').textContent === text) say('');
};
