// The status that a page shows its readers, as a kind and a number; the texts for it are in the page's data. Pure.

const LATE = 5000; // ms of delay from which on it is shown
const LATE_MIN = 120000; // ms of delay from which on it is told in minutes; as in adapters/pages/meeting_texts.py
const STALE = 15000; // ms after which a signal about the sound is ignored
const PATIENCE = 1500; // ms: a shorter interruption is not shown
const RELIEF = 4000; // ms for which "nothing missed" is shown
const JUST = 6; // s: younger words count as being spoken now

/**
 * Round an age so that the text doesn't flicker: whole seconds below 10 s, then steps of 5 s.
 * @param {number} seconds
 */
const calm = (seconds) => (seconds < 10 ? Math.max(1, seconds) : Math.floor(seconds / 5) * 5);

/** A delay as it is told: in seconds, and from two minutes on in minutes. @param {number} ms */
export const delayOf = (ms) => (ms < LATE_MIN ? { kind: 'late', n: Math.round(ms / 1000) } : { kind: 'late-min', n: Math.round(ms / 60000) });

/**
 * The status to show: the first of these conditions that holds.
 * @param {{now: number, status: string, cancelled?: ?string, cutAt: ?number, backAt: ?number, online: boolean, unsaved: boolean,
 *          lastWords: boolean, sound: ?{sound: string, lag: number, sent: number}, spoke: ?number}} facts  times are Unix ms
 * @returns {{kind: string, n?: number, since?: number}}  `since`: Unix ms
 */
export function standing({ now, status, cancelled = null, cutAt, backAt, online, unsaved, lastWords, sound, spoke }) {
  if (status === 'closed') return { kind: 'closed' };
  if (cutAt !== null && now - cutAt >= PATIENCE) return { kind: online ? 'lost' : 'offline' };
  if (backAt !== null && now - backAt < RELIEF) return { kind: 'back' };
  if (unsaved) return { kind: 'unsaved' };
  if (lastWords) return { kind: 'last-words' };
  if (cancelled !== null) return { kind: 'cancelled' };
  if (status === 'created' || status === 'absent') return { kind: 'before' };
  if (status === 'paused') return { kind: 'break' };
  const heard = sound && now - sound.sent < STALE ? sound : null;
  if (heard?.sound === 'none') return { kind: 'soundless' };
  if (heard && heard.lag >= LATE) return delayOf(heard.lag);
  const seconds = spoke === null ? null : Math.max(0, Math.floor((now - spoke) / 1000));
  if (heard?.sound === 'silence' && (seconds === null || seconds >= 3)) return spoke === null ? { kind: 'silence' } : { kind: 'silence', since: spoke };
  if (seconds === null) return { kind: 'waiting' };
  if (heard?.sound === 'speech' && seconds < JUST) return { kind: 'live-speaking' };
  return seconds < 60 ? { kind: 'live', n: calm(seconds) } : { kind: 'live-min', n: Math.floor(seconds / 60) };
}

/** Whether the machine writes in place of a captioner who was on air before. @param {Session} session */
export const standsIn = ({ status, on_air: source }) => status === 'open' && source === 'machine';

/**
 * The status text joined with `away`, the notice that the machine stands in for a captioner. While all is well the
 * notice comes first, since a narrow page cuts off the end.
 * @param {string} kind  @param {string} text  @param {string} away
 */
export const withStandIn = (kind, text, away) => (away ? (/^live|^waiting|^silence/.test(kind) ? [away, text] : [text, away]) : [text]).join(' · ');

/** The name of the text for a status. @param {{kind: string, since?: number}} how */
export const textOf = ({ kind, since }) => `standing.${since === undefined ? kind : `${kind}-since`}`;

/** Kinds that a screen reader announces; the others come and go all the time. */
export const WORTH_SAYING = new Set(['lost', 'offline', 'back', 'unsaved', 'last-words', 'soundless', 'break', 'closed']);
