// What somebody in a hub's room has asked, kept in this browser until the meeting has it: the computer there may die.

import { keep, recall } from '../lib/kept.js';

const KEY = 'moothall.hub.asks';
const MOST = 20; // one more takes the place of the oldest

/** Those that are kept for a session: {session, fields, at (ms of this browser's clock), page}. */
export const carried = (session) => (recall(KEY) ?? []).filter((each) => each.session === session);

export function carry(entry) {
  const others = (recall(KEY) ?? []).filter(({ fields }) => fields.id !== entry.fields.id);
  keep(KEY, [...others, entry].slice(-MOST));
}

export function arrived(id) {
  const all = recall(KEY) ?? [];
  if (all.some(({ fields }) => fields.id === id)) keep(KEY, all.filter(({ fields }) => fields.id !== id));
}
