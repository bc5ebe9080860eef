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
