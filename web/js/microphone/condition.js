// The status of a microphone's page in one word, like the status of a meeting in the frame of staff pages. Pure.

const AWAY = ['connecting', 'cut', 'full'];
const UNHEARD = ['dead', 'off'];

/**
 * The status of the page.
 * @param {{sending: boolean, stands: string, verdict: string, muted: boolean, meeting: ?string}} facts  `stands`: state of the sending;
 *   `verdict`: on the input's level; `meeting`: what becomes of the sound there (`becoming` in words.js), null where no
 *   meeting is known
 * @returns {'idle' | 'lost' | 'between' | 'break' | 'off' | 'soundless' | 'live'}
 */
export function condition({ sending, stands, verdict, muted, meeting }) {
  if (!sending || stands === 'held') return 'idle';
  if (AWAY.includes(stands)) return 'lost';
  if (stands === 'idle') return 'between';
  if (meeting === 'break' || meeting === 'off') return meeting;
  return muted || UNHEARD.includes(verdict) ? 'soundless' : 'live';
}

const ENDED = ['over', 'forbidden', 'unknown', 'refused', 'replaced']; // the text of each state itself says what to do
const BETTER = ['hum', 'quiet', 'loud'];

/**
 * What to do next on the page, as the name of a text; null where the state's own text says so.
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
