// How a microphone's page stands, in one word: as the frame of the staff's pages says it of a meeting. Pure.

const AWAY = ['connecting', 'cut', 'full'];
const UNHEARD = ['dead', 'off'];

/**
 * @param {{sending: boolean, stands: string, verdict: string, muted: boolean, meeting: ?string}} facts  `stands` of the sending, `verdict`
 *   of the input, and what becomes of what is said in the `meeting` (words.js), null where none is known
 * @returns {'idle' | 'lost' | 'between' | 'break' | 'off' | 'soundless' | 'live'}
 */
export function condition({ sending, stands, verdict, muted, meeting }) {
  if (!sending || stands === 'held') return 'idle';
  if (AWAY.includes(stands)) return 'lost';
  if (stands === 'idle') return 'between';
  if (meeting === 'break' || meeting === 'off') return meeting;
  return muted || UNHEARD.includes(verdict) ? 'soundless' : 'live';
}

const ENDED = ['over', 'forbidden', 'unknown', 'refused', 'replaced']; // The sentence of each says what to do itself.
const BETTER = ['hum', 'quiet', 'loud'];

/**
 * What whoever sits at the page does next, as the name of a text; null where what stands there says so.
 * @param {{sending: boolean, stands: string, verdict: string, muted: boolean, meeting: ?string, on: boolean}} facts  `on`: whether there
 *   is an input
 * @returns {?('allow' | 'speak' | 'level' | 'start' | 'live' | 'waits' | 'soundless' | 'held')}
 */
export function next(facts) {
  const { sending, stands, verdict, muted, on } = facts;
  if (stands === 'held') return 'held';
  if (ENDED.includes(stands)) return null;
  if (stands === 'finishing') return 'waits';
  if (!sending && !on) return 'allow';
  if (sending && !['live', 'soundless'].includes(condition(facts))) return 'waits';
  if (muted || verdict === 'dead' || (sending && verdict === 'off')) return 'soundless';
  if (BETTER.includes(verdict)) return 'level';
  if (sending) return 'live';
  return verdict === 'ready' ? 'start' : 'speak';
}
