// The single-key shortcuts of the moderator's page, and the conversion of those that a browser has stored. Pure.

export const KEYS = {
  below: 'j', above: 'k', next: 'n', before: 'p', pick: 's', 'pick-all': 'q', approve: 'a', decline: 'x', call: 'c', answered: 'd',
  later: 'l', write: 'w', reword: 'e', join: 'y', alike: 'm', hold: 'h', restore: 'r', up: 'i', down: 'b', first: 'f', undo: 'u',
  wall: 'z', topic: '1', under: '2', flag: 'v', unflag: 'g', 'to-write': 'o', report: 't',
};

/** @type {Record<string, string>} defaults of an earlier release, in which `j` and `k` had other acts */
const WERE = { join: 'j', down: 'k' };

/**
 * Convert stored keys from before `j` and `k` meant down and up. A key that was the default then becomes today's
 * default; a key that the user has chosen stays theirs, and an act whose default it is today gets none.
 * @param {?{on?: boolean, keys?: Record<string, string>}} kept
 */
export function renewed(kept) {
  if (!kept?.keys || kept.keys.below !== undefined) return kept;
  const own = Object.entries(kept.keys).filter(([name, key]) => WERE[name] !== key);
  const taken = new Set(own.map(([, key]) => key));
  const lost = Object.entries(KEYS).filter(([name, key]) => taken.has(key) && !own.some(([each]) => each === name)).map(([name]) => [name, '']);
  return { ...kept, keys: Object.fromEntries([...own, ...lost]) };
}
