// The names of hubs for people ("groups"): their titles; for a hub below another one, both.

import { alone } from '../lib/names.js';

/** @type {Map<string, string>} hub → title; a hub below another has a dot in its id: `north`, `north.kisumu` */
const titles = new Map();

/** Take over titles that the server has sent. @param {?Record<string, string>} told */
export function learn(told) {
  for (const [hub, title] of Object.entries(told ?? {})) titles.set(hub, title);
}

/**
 * The name of a hub, isolated for use in a sentence.
 * @param {string} hub  @param {import('../lib/words.js').Words} words  @returns {string}
 */
export function hubName(hub, words) {
  const [, above, own] = /^(?:(.*)\.)?([^.]*)$/.exec(hub) ?? [];
  const name = alone(titles.get(hub) ?? own);
  return above ? words.text('hub.way', { name, above: hubName(above, words) }) : name;
}
