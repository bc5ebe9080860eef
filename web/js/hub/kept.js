// Stores questions asked in a hub's room in this browser until the meeting has them, since the hub's computer may fail.

import { keep, recall } from '../lib/kept.js';

const KEY = 'moothall.hub.asks';
const MOST = 20; // questions. Overflow: the oldest is dropped

/** All stored questions. @returns {Carried[]} */
const all = () => recall(KEY) ?? [];

/** The questions stored for a session. @param {string} session */
export const carried = (session) => all().filter((each) => each.session === session);

/** Store a question. @param {Carried} entry */
export function carry(entry) {
  const others = all().filter(({ fields }) => fields.id !== entry.fields.id);
  keep(KEY, [...others, entry].slice(-MOST));
}

/** The meeting has a question: remove it. @param {string} id */
export function arrived(id) {
  if (all().some(({ fields }) => fields.id === id)) keep(KEY, all().filter(({ fields }) => fields.id !== id));
}
