// What groups far away are called: by their titles, and those below another by way of it.

import { alone } from '../lib/names.js';

/** @type {Map<string, string>} by their names: `north`, `north.kisumu` */
const titles = new Map();

/** Learn what groups are called. @param {?Record<string, string>} told */
export function learn(told) {
  for (const [hub, title] of Object.entries(told ?? {})) titles.set(hub, title);
}

/**
 * The name of a group for people, to stand in a sentence.
 * @param {string} hub  @param {import('../lib/words.js').Words} words  @returns {string}
 */
export function hubName(hub, words) {
  const [, above, own] = /^(?:(.*)\.)?([^.]*)$/.exec(hub) ?? [];
  const name = alone(titles.get(hub) ?? own);
  return above ? words.text('hub.way', { name, above: hubName(above, words) }) : name;
}
