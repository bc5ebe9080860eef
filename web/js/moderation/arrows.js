// Arrow keys on the moderator's page: up and down through the rows, left and right from list to list.

const FIELD = 'textarea, select, input:not([type="checkbox"]), [contenteditable]';
/** @type {Record<string, Way>} */
const WAYS = { ArrowUp: 'up', ArrowDown: 'down', Home: 'start', End: 'end' };

/** @typedef {'up' | 'down' | 'before' | 'after' | 'start' | 'end'} Way */

/**
 * The id of the row to which a key leads; null where the focus stays. Pure.
 * @param {string[]} top  the rows above the lists
 * @param {string[][]} lists  the rows of each list, in the order of reading
 * @param {?string} id  the current row
 * @param {Way} way
 */
export function step(top, lists, id, way) {
  const first = lists.find((list) => list.length)?.[0];
  const at = lists.findIndex((list) => list.includes(id ?? ''));
  const own = at < 0 ? top : lists[at];
  const n = own.indexOf(id ?? '');
  if (n < 0) return first ?? top[0] ?? null;
  /** The row of a list at an index, or else its last row. @param {string[]} [list]  @param {number} [index] */
  const from = (list, index = 0) => list?.[Math.min(index, list.length - 1)] ?? null;
  switch (way) {
    case 'up': return n ? own[n - 1] : at < 0 ? null : top.at(-1) ?? null;
    case 'down': return own[n + 1] ?? (at < 0 ? first ?? null : null);
    case 'start': return n ? own[0] : null;
    case 'end': return n < own.length - 1 ? own.at(-1) ?? null : null;
    case 'before': return at < 0 ? null : from(lists.slice(0, at).findLast((list) => list.length), n);
    default: return at < 0 ? null : from(lists.slice(at + 1).find((list) => list.length), n);
  }
}

/**
 * Handle arrow keys, Home, End and Escape wherever no other element uses them.
 * @param {{go: (way: Way) => void, move: (how: 'up' | 'down') => void, leave: () => boolean}} does
 *   `move`: move the current question in the queue (Alt with an arrow); `leave`: handle Escape, and return whether
 *   there was anything to leave
 */
export function goesByArrows(does) {
  addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || document.querySelector('dialog[open]')) return;
    if (!(target instanceof Element) || target.matches(FIELD) || !(target === document.body || target.closest('.panels'))) return;
    if (key === 'Escape' && does.leave()) event.preventDefault();
    if (target.closest('.panels') && !target.closest('.question') && !target.matches('h2')) return;
    if (event.altKey) {
      if (key !== 'ArrowUp' && key !== 'ArrowDown') return;
      event.preventDefault();
      if (!event.repeat) does.move(key === 'ArrowUp' ? 'up' : 'down');
      return;
    }
    const ends = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const way = WAYS[key] ?? (key === ends ? 'after' : key === 'ArrowLeft' || key === 'ArrowRight' ? 'before' : null);
    if (!way) return;
    event.preventDefault();
    does.go(way);
  });
}
