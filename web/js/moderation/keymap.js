// The single keys of the page of questions, and what a browser remembers of them from before. Pure.

export const KEYS = {
  below: 'j', above: 'k', next: 'n', before: 'p', pick: 's', 'pick-all': 'q', approve: 'a', decline: 'x', call: 'c', answered: 'd',
  later: 'l', write: 'w', reword: 'e', join: 'y', alike: 'm', hold: 'h', restore: 'r', up: 'i', down: 'b', first: 'f', undo: 'u',
  wall: 'z', flag: 'v', unflag: 'g', 'to-write': 'o', report: 't',
};

/** @type {Record<string, string>} what these were when `j` and `k` joined and moved */
const WERE = { join: 'j', down: 'k' };

/**
 * What is remembered, where it is from before `j` and `k` went up and down: a key that was the standard's then is the
 * standard's of now, and one that somebody has chosen stays theirs, whatever else has it now.
 * @param {?{on?: boolean, keys?: Record<string, string>}} kept
 */
export function renewed(kept) {
  if (!kept?.keys || kept.keys.below !== undefined) return kept;
  const own = Object.entries(kept.keys).filter(([name, key]) => WERE[name] !== key);
  const taken = new Set(own.map(([, key]) => key));
  const lost = Object.entries(KEYS).filter(([name, key]) => taken.has(key) && !own.some(([each]) => each === name)).map(([name]) => [name, '']);
  return { ...kept, keys: Object.fromEntries([...own, ...lost]) };
}
