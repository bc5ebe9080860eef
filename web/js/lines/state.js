// The state of a meeting's text on a staff page, and the fold of frames into it. Pure: no DOM, no network, no clock.
// The fold is that of server/moothall/core/views/captions.py, with the revisions and word counts that a correction
// needs.

import { unchanged } from '../panels/doubts.js';
import { gapped } from '../reader/reader.js';
import { goesBefore } from '../lib/reading_order.js';
import { untilChecked, vouch } from '../panels/rough.js';
import { tookUp } from '../topics/topics.js';

const MOST_NOTES = 50;
/** @type {Record<string, string>} */
const LIFE = { opened: 'open', resumed: 'open', reopened: 'open', paused: 'paused', closed: 'closed' };

/**
 * Whether we may write lines into a text of this kind (see server/moothall/core/rules/authority.py): interpreters, who
 * have no right to correct, write only into interpretations; nobody writes into translations.
 * @param {ReadonlySet<string>} may  @param {string} [kind]
 */
export function writesInto(may, kind) {
  return may.has('type') && (kind === 'interpretation' || (kind === 'floor' && may.has('correct')));
}

/** Sort lines, given in order of arrival, into the order in which they are shown. @param {Iterable<DeskLine>} lines */
export function inOrder(lines) {
  /** @type {DeskLine[]} */
  const ordered = [];
  for (const line of lines) {
    const whole = line.part_of ? ordered.findIndex(({ segment }) => segment === line.part_of) : -1;
    let at = whole < 0 ? ordered.length : whole + 1;
    while (whole < 0 && at && goesBefore(line.t0, ordered[at - 1].t0)) at -= 1;
    ordered.splice(at, 0, line);
  }
  return ordered;
}

/**
 * Words after a machine wrote another number of words in their place, as in server/moothall/core/sessions/parts.py: those
 * of its unchanged beginning and end are as they were; of the others the first one has the new text, and all get 1.
 * @param {[string, number][]} said  @param {string} text  @returns {[string, number][]}
 */
function rewritten(said, text) {
  const joined = said.map(([word]) => word).join('');
  const [old, now] = [`${joined.trim()} `, `${text.trim()} `];
  const [start, back] = unchanged(old, now);
  let end = joined.trimStart().length - joined.length;
  const ends = said.map(([word]) => (end += word.length));
  const first = ends.filter((each) => each < start).length;
  const last = said.filter(([word], n) => ends[n] - word.trim().length <= old.length - back).length;
  const middle = now.slice(ends[first - 1] ?? 0, now.length - old.length + ends[last - 1]);
  return said.map((word, n) => (n < first || n >= last ? word : [n === first ? middle : '', 1]));
}

export class DeskState {
  constructor() {
    /** @type {?string} */
    this.position = null; // epoch and offset from which to resume; null: from a snapshot
    this.epoch = '';
    this.offset = 0;
    this.channel = ''; // of the text that is followed
    /** @type {?Session} */
    this.session = null;
    /** @type {Map<string, DeskLine>} */
    this.lines = new Map();
    /** @type {Note[]} */
    this.notes = [];
    /** @type {Answer['words']} */
    this.words = {}; // segment → [[text, certainty], …], as recognised
    /** @type {Record<string, Signal & {sent: number}>} */
    this.signals = {}; // kind → the newest signal
    /** @type {?number} */
    this.spoke = null; // when words last came, Unix ms of the server
  }

  /**
   * Fold a frame into the state; returns what it changed. `lost`: a frame before it is missing, and nothing was
   * changed.
   * @param {DeskFrame} frame
   */
  apply(frame) {
    /** @type {DeskChange} */
    const change = { lost: false, whole: false, session: false, notes: false, lines: new Set() };
    if (frame.snapshot) this.#restart(frame.snapshot, change);
    else if (frame.events) {
      if ((frame.prev ?? 0) > this.offset) return { ...change, lost: true };
      for (const event of frame.events) {
        if (event.offset <= this.offset) continue;
        this.offset = event.offset;
        if (event.body) this.#fold(event.at, event.by, event.body, change);
      }
    }
    this.position = `${this.epoch}:${this.offset}`;
    for (const signal of frame.signals ?? []) {
      this.signals[signal.kind] = { ...signal, sent: frame.sent };
      if (signal.kind === 'partial' && signal.text) this.spoke = frame.sent;
    }
    return change;
  }

  /** The lines to show, in the order in which they were said. */
  shown() {
    return inOrder(this.lines.values()).filter((line) => !line.gone && (line.text.trim() || line.t1 === null));
  }

  /** The newest finished line that has text; null for none. */
  newest() {
    return this.shown().filter((line) => line.t1 !== null).at(-1) ?? null;
  }

  /** The partial that continues the committed words of the growing line, or begins a new one; else null. */
  rest() {
    const partial = this.signals.partial;
    if (!partial?.text || this.session?.status === 'closed') return null;
    const line = this.lines.get(partial.segment);
    if (line ? line.t1 !== null || line.words !== partial.first : partial.first !== 0) return null;
    return partial;
  }

  /**
   * The words of a line with their certainties, from 0 to 1. In a corrected line only unchanged words keep theirs, and
   * changed ones get 1. If a person has changed the number of words, the result is empty: they are sure of all of them.
   * @param {DeskLine} line
   */
  certainties(line) {
    const said = this.words[line.segment] ?? [];
    if (!line.revision) return said;
    const now = line.text.trim().split(/\s+/);
    /** @type {[string, number][]} */
    const stand = said.map(([text, certainty], i) => (text.trim() === now[i] ? [text, certainty] : [now[i], 1]));
    if (now.length === said.length) return stand;
    return line.mended ? [] : rewritten(said, line.text);
  }

  /**
   * Other readings of words in doubt, by line and index of the word.
   * @type {Record<string, Record<number, string[]>>}
   */
  readings = {};

  /**
   * Replace the state by a snapshot.
   * @param {NonNullable<DeskFrame['snapshot']>} snapshot  @param {DeskChange} change
   */
  #restart(snapshot, change) {
    change.whole = change.session = change.notes = true;
    this.epoch = snapshot.epoch;
    this.offset = snapshot.offset;
    const { session } = snapshot;
    this.session = session;
    this.lines = new Map(snapshot.lines.map((line) => [line.segment, line]));
    this.words = Object.fromEntries(Object.entries(this.words).filter(([segment]) => this.lines.has(segment)));
    this.signals = {};
    const last = this.shown().at(-1);
    const [media, wall] = session.clock ?? [0, null];
    this.spoke = last && wall !== null ? wall + (last.t1 ?? last.t0) - media : null;
  }

  /** The media time at a wall time of the server, ms. @param {number} wall */
  mediaNow(wall) {
    const [t, mapped] = this.session?.clock ?? [0, wall];
    return t + Math.max(0, wall - mapped);
  }

  /**
   * Fold one event into the state.
   * @param {number} at  Unix ms  @param {string} by  @param {EventBody} body  @param {DeskChange} change
   */
  #fold(at, by, body, change) {
    const line = this.lines.get(body.segment);
    const kind = body.type;
    if (kind === 'segment.opened') {
      this.#put(change, {
        segment: body.segment, t0: body.t0, t1: null, language: body.language, origin: body.origin,
        speaker: body.speaker ?? null, text: '', words: 0, revision: 0, mended: false, gone: false, ...(body.part_of && { part_of: body.part_of }), ...(body.made_from && { made_from: body.made_from }), ...(body.tool && { tool: body.tool }), ...(body.respoken && { respoken: true }), ...(body.rough && { rough: true }),
      });
    } else if (['segment.ended', 'segment.split', 'segment.corrected', 'words.committed'].includes(kind)) {
      if (!line) return;
      this.spoke = ['segment.split', 'segment.corrected'].includes(kind) ? this.spoke : at;
      this.#put(change, { ...line, ...this.#changed(line, body, by) });
    } else if (kind === 'speaker.assigned') {
      this.#each(change, body.segments, { speaker: body.speaker });
    } else if (kind === 'channel.rewound' || kind === 'segments.moved-away') {
      this.#each(change, body.segments, { gone: true, text: '' });
    } else if (kind === 'note.left') {
      const { text, note = '', to = null } = body;
      this.notes = [...this.notes, { at, by, text, note, to, read: [] }].slice(-MOST_NOTES);
      change.notes = true;
    } else if (kind === 'note.read') {
      this.notes = this.notes.map((note) => (note.note === body.note && !note.read?.includes(by) ? { ...note, read: [...note.read ?? [], by] } : note));
      change.notes = true;
    } else {
      this.#around(body, change);
    }
  }

  /**
   * The fields of a line that an event changes.
   * @param {DeskLine} line  @param {EventBody} body  @param {string} by  @returns {Partial<DeskLine>}
   */
  #changed(line, body, by) {
    if (body.type === 'segment.ended') return { t1: body.t1, text: body.text, voice_changes: body.reason === 'speaker' || undefined };
    if (body.type === 'segment.split') {
      if (this.words[line.segment]) this.words[line.segment] = this.words[line.segment].slice(0, body.word);
      return { t1: body.t1, words: Math.min(line.words, body.word), voice_changes: true };
    }
    if (body.type === 'segment.corrected') {
      const person = !(body.machine || by === 'engine');
      return { text: body.text + body.tail, revision: body.base_revision + 1, mended: !body.unmended && (line.mended || person), accepted: body.accepted || (line.accepted && !person), ...(body.made_from && { made_from: body.made_from }) };
    }
    /** @type {[string, number][]} */
    const said = body.words.map(({ text, p }) => [text, p ?? 1]);
    this.words[line.segment] = [...(this.words[line.segment] ?? []).slice(0, body.first), ...said];
    return { text: line.text + said.map(([text]) => text).join(''), words: body.first + said.length };
  }

  /** The session's title, and maybe its languages, were changed. @param {Session} session  @param {EventBody} body */
  #described(session, { title, languages = [] }) {
    session.title = title;
    if (!languages.length) return;
    session.languages = languages;
    for (const each of Object.values(session.channels)) if (each.kind === 'floor') each.languages = languages;
    if (!session.channels[this.channel]?.languages.includes(session.forced ?? '')) session.forced = null;
  }

  /** Fold an event that is not about single lines. @param {EventBody} body  @param {DeskChange} change */
  #around(body, change) {
    const { session } = this;
    if (!session) return;
    const [about, what] = body.type.split('.');
    change.session = true;
    if (what === 'resumed' || what === 'closed') gapped(session, session.paused, body.t1 ?? body.t, 'break', body.t);
    if (about === 'session' && LIFE[what]) {
      Object.assign(session, { status: LIFE[what], paused: body.t0 ?? null });
      if (what === 'opened') Object.assign(session, { opened: body.wall, clock: [0, body.wall] });
    } else if (body.type === 'session.described') this.#described(session, body);
    else if (body.type === 'session.arranged') Object.assign(session, { access: body.access, sound: body.sound });
    else if (body.type === 'session.cancelled') session.cancelled = body.reason ?? '';
    else if (body.type === 'session.reinstated') session.cancelled = null;
    else if (body.type === 'not-recorded.began') session.not_recorded = body.t0;
    else if (body.type === 'not-recorded.ended') {
      gapped(session, session.not_recorded, body.t1, 'not-recorded');
      session.not_recorded = null;
    } else if (body.type === 'gap.noted' && body.channel === this.channel) gapped(session, body.t0, body.t1, body.reason);
    else if (body.type === 'speaker.changed' && body.channel === this.channel) session.speaking = body.speaker;
    else if (body.type === 'language.forced' && body.channel === this.channel) session.forced = body.language;
    else if (body.type === 'air.changed' && body.channel === this.channel) Object.assign(session, { on_air: body.source, tool: body.tool || undefined });
    else if (body.type === 'clock.mapped') session.clock = [body.t, body.wall];
    else if (body.type === 'channel.added') session.channels[body.channel] = { kind: body.kind, languages: body.languages, of_record: body.of_record ?? false, requested: body.requested ?? null };
    else if (body.type === 'record.sealed') this.#vouched(body.version, change);
    else if (tookUp(session, body)) return;
    else if (body.type === 'speaker.introduced') {
      session.speakers[body.speaker] = body.name;
      for (const said of this.lines.values()) if (said.speaker === body.speaker) change.lines.add(said.segment);
    }
  }

  /** Somebody sealed the record: once it is checked, no line is rough any more. @param {string} version  @param {DeskChange} change */
  #vouched(version, change) {
    for (const line of version === 'raw' ? [] : this.lines.values()) {
      if (!untilChecked(line)) continue;
      const vouched = { ...line };
      vouch(vouched);
      this.#put(change, vouched);
    }
  }

  /**
   * Change the same fields of several lines.
   * @param {DeskChange} change  @param {string[]} segments  @param {Partial<DeskLine>} fields
   */
  #each(change, segments, fields) {
    for (const segment of segments) {
      const line = this.lines.get(segment);
      if (line) this.#put(change, { ...line, ...fields });
    }
  }

  /** @param {DeskChange} change  @param {DeskLine} line */
  #put(change, line) {
    this.lines.set(line.segment, line);
    change.lines.add(line.segment);
  }
}
