// What somebody in a hub's room has asked, kept in this browser until the meeting has it: the computer there may die.

import { keep, recall } from '../lib/kept.js';

const KEY = 'moothall.hub.asks';
const MOST = 20; // one more takes the place of the oldest

/** @returns {Carried[]} */
const all = () => recall(KEY) ?? [];

/** Those that are kept for a session. @param {string} session */
export const carried = (session) => all().filter((each) => each.session === session);

/** @param {Carried} entry */
export function carry(entry) {
  const others = all().filter(({ fields }) => fields.id !== entry.fields.id);
  keep(KEY, [...others, entry].slice(-MOST));
}

/** @param {string} id */
export function arrived(id) {
  if (all().some(({ fields }) => fields.id === id)) keep(KEY, all().filter(({ fields }) => fields.id !== id));
}
