// The state of one feed and the fold of frames into it, as in server/moothall/core/views/captions.py. Pure.

import { doubted, left } from '../panels/doubts.js';
import { goesBefore } from '../lib/reading_order.js';
import { untilChecked, vouch } from '../panels/rough.js';
import { heardBy } from '../panels/voices_measured.js';
import { tookUp } from '../topics/topics.js';

const LONGEST = 15000; // ms within which a spoken line ends
const LATE = 15000; // ms: a new line this far before the newest is late. Translations overtake one another by less

/** A frame's effect that has not changed anything yet. @returns {Change} */
const nothing = () => ({
  lost: false,
  cleared: false,
  snapshot: false,
  notices: [],
  session: false,
  speaking: false,
  gaps: false,
  lines: new Set(),
  gone: new Set(),
  moved: false,
});

/**
 * Add a span without text to the session, as in core/views/reading_order.py. Returns the gap, or null for an empty
 * span.
 * @param {Session} session  @param {?number} t0  @param {number} t1  @param {string} reason
 */
export function gapped(session, t0, t1, reason, said = t1) {
  if (t0 == null || (t0 >= t1 && t1 >= said)) return null;
  const gap = { t0, t1: Math.max(t0, t1), reason: t1 < said ? 'break-set-back' : reason };
  session.gaps = [...session.gaps, gap].sort((a, b) => a.t0 - b.t0);
  return gap;
}

export class Reader {
  unsaved = '';
  unrecorded = { text: '', language: '' };
  lastWords = false; // whether the meeting waits for them before it closes
  whole = 0; // how many lines the record has, where the page shows a part of it

  /** @param {Snapshot & {channel?: string}} start */
  constructor({ epoch, offset, channel = '', session, lines }) {
    this.channel = channel;
    this.epoch = epoch;
    this.offset = offset;
    this.session = session;
    this.#begin({ epoch, offset, session });
    this.lines = new Map(lines.map((line) => [line.segment, line]));
    /** @type {?Line} the one with the highest number */
    this.last = lines.at(-1) ?? null;
    this.moves = 0; // how often the numbers of lines were shifted
    /** @type {?{sound: string, lag: number, sent: number}} */
    this.sound = null;
    /** @type {?number} when words last came, Unix ms of the server */
    this.spoke = null;
  }

  /** @param {{epoch: string, offset: number, session: Session}} start */
  #begin({ epoch, offset, session }) {
    Object.assign(this, { epoch, offset, session });
    this.last = null;
    /** @type {?Signal} the newest, whether or not it can be shown */
    this.partial = null;
    /** @type {?Signal} */
    this.typing = null;
    this.unsaved = '';
    this.lastWords = false;
    /** @type {?string} the text to read in place of this one */
    this.instead = null;
    /** @type {Map<string, Partial<Line>>} changes of lines by later events, for pages of older lines that were made before these */
    this.later = new Map();
    this.#wipe();
  }

  get position() {
    return `${this.epoch}:${this.offset}`;
  }

  /** Fold a frame into the state; returns what it changed. @param {Frame} frame */
  apply(frame) {
    const change = nothing();
    if (frame.snapshot) {
      this.#restart(frame.snapshot, change);
    } else if (frame.events) {
      if ((frame.prev ?? 0) > this.offset) {
        change.lost = true;
        return change;
      }
      for (const event of frame.events) {
        if (event.offset <= this.offset) continue;
        this.offset = event.offset;
        this.#fold(event, change);
      }
    }
    for (const signal of frame.signals ?? []) this.#signal(signal, frame.sent);
    return change;
  }

  /**
   * Fold a message of the low-data stream into the state.
   * @param {{to: number, news: News[]}} batch  @param {number} sent  Unix ms
   */
  batch({ to, news }, sent) {
    const change = nothing();
    for (const item of news) {
      if ('kind' in item) this.#signal(item, sent);
      else if ('segment' in item) {
        this.#come({ t1: item.t0, words: 0, gone: false, ...item }, change);
        this.spoke = sent;
        change.lines.add(item.segment);
      } else this.#fold(item, change);
    }
    this.offset = Math.max(this.offset, to);
    return change;
  }

  /**
   * Set the lines with numbers from `start` to before `stop`; `lines` are all of them.
   * @param {Line[]} lines  @param {number} start  @param {number} stop
   */
  fill(lines, start, stop) {
    const change = nothing();
    change.gaps = true;
    this.#fill(lines, start, stop, change);
    return change;
  }

  /** @param {Line[]} lines  @param {number} start  @param {number} stop  @param {Change} change */
  #fill(lines, start, stop, change) {
    const there = new Set(lines.map((line) => line.segment));
    for (const { segment, number } of this.lines.values()) {
      if (number >= start && number < stop && !there.has(segment)) change.gone.add(segment);
    }
    for (const id of change.gone) this.lines.delete(id);
    lines.forEach((line, i) => {
      this.#put({ ...line, ...this.later.get(line.segment), number: start + i });
      change.lines.add(line.segment);
    });
  }

  /** The number of the earliest line that is loaded; 0 without lines. */
  get first() {
    let first = this.last?.number ?? 0;
    for (const line of this.lines.values()) first = Math.min(first, line.number);
    return first;
  }

  /** How many lines the text has, loaded or not. */
  get total() {
    return this.last ? this.last.number + 1 : 0;
  }

  /** Whether later lines of a record are not loaded yet. */
  get more() {
    return this.total < this.whole;
  }

  /** Whether a line is the growing one, which the page shows apart, after the log. @param {Line} line */
  grows(line) {
    return line.t1 === null && line === this.#open();
  }

  /** The line that grows, or null. Lines that people type may come after it. As `growing` in core/views/captions.py. */
  #open() {
    const lines = [...this.lines.values()].sort((a, b) => b.number - a.number);
    const found = lines.find(({ t1, gone, origin }) => (t1 === null && !gone) || !/speaker|person/.test(origin));
    return found?.t1 === null && !found.gone && found.t0 >= lines[0].t0 - LONGEST ? found : null;
  }

  /**
   * What the page shows after the log: the growing line with its partial words (`rest`), and words that aren't a line
   * yet.
   */
  growing() {
    /** @type {{line: Line | Signal & {speaker?: ?string}, rest: string}[]} */
    const blocks = [];
    const open = this.#open();
    const partial = this.#shownPartial();
    if (open) {
      const rest = partial?.segment === open.segment ? partial.text : '';
      if (open.text || rest) blocks.push({ line: open, rest });
    }
    const { speaking: speaker = null } = this.session;
    for (const line of [partial && { ...partial, speaker }, this.typing]) {
      if (line?.text && !this.lines.has(line.segment)) blocks.push({ line: { ...line, text: '' }, rest: line.text });
    }
    return blocks;
  }

  /** The partial if it continues exactly the committed words of its line; else null. */
  #shownPartial() {
    const { partial } = this;
    if (!partial?.text || this.session.status === 'closed') return null;
    const line = this.lines.get(partial.segment);
    return partial.first === (line ? line.words : 0) ? partial : null;
  }

  /**
   * Whether the speaker of a channel says what this text has: its own speaker, or the floor's in a translation.
   * @param {string} channel
   */
  #speaksHere(channel) {
    const { channels } = this.session;
    return channel === this.channel || (channels[channel]?.kind === 'floor' && channels[this.channel]?.kind === 'translation');
  }

  /** @param {Line} line */
  #put(line) {
    this.lines.set(line.segment, line);
    if (!this.last || line.number >= this.last.number) this.last = line;
  }

  /** The number for a new line that was said at `t0`: after all lines that go above it. @param {number} t0 */
  #behind(t0) {
    let number = 0;
    for (const line of this.lines.values()) if (!goesBefore(t0, line.t0)) number = Math.max(number, line.number + 1);
    return number;
  }

  /**
   * Insert a new line; where its number is taken, shift the lines from there on.
   * @param {Line} line  @param {Change} change
   */
  #come(line, change) {
    const [old, { first, last }, all, grew] = [this.lines.get(line.segment), this, [...this.lines.values()], this.#open()];
    if (old) line.number = old.number;
    else if (line.number < first || all.some(({ number }) => number === line.number)) {
      for (const each of all) if (each.number >= line.number) each.number += 1;
      change.moved = true;
      this.moves += 1;
      if (line.number < first) return; // it belongs to an older page
      line.late = !!last && last.t0 - line.t0 > LATE;
    }
    this.#put(line);
    if (grew) change.lines.add(grew.segment);
  }

  /**
   * The number for the second part of a line, which comes directly after it; that of an older page where it isn't loaded.
   * @param {string} whole  @param {number} t0
   */
  #part(whole, t0) {
    const line = this.lines.get(whole);
    if (line) return line.number + 1;
    return this.first ? this.first - 1 : this.#behind(t0);
  }

  /** The id of this text's translation of a line. @param {string} segment  id of the original */
  #made(segment) {
    for (const line of this.lines.values()) if (line.made_from?.sources[0][0] === segment) return line.segment;
    return `${segment}-${this.channel}`;
  }

  /**
   * Replace the state by a snapshot; lines of the same epoch that it doesn't cover stay.
   * @param {Snapshot} snapshot  @param {Change} change
   */
  #restart(snapshot, change) {
    change.snapshot = change.session = change.gaps = true;
    if (snapshot.epoch !== this.epoch) {
      change.cleared = true;
      this.lines = new Map();
    }
    this.#begin(snapshot);
    this.#fill(snapshot.lines, snapshot.before ?? 0, Infinity, change);
  }

  #wipe() {
    this.unrecorded = { text: '', language: '' };
  }

  /** Somebody sealed the record as checked: no line is rough any more. @param {Change} change */
  #vouched(change) {
    for (const line of this.lines.values()) {
      if (!untilChecked(line)) continue;
      vouch(line);
      change.lines.add(line.segment);
    }
  }

  /** Fold one event into the state. @param {LogEvent} event  @param {Change} change */
  #fold({ at, by, body }, change) {
    if (!body) return;
    const { session } = this;
    const line = this.lines.get(body.segment);
    switch (body.type) {
      case 'segment.opened':
        this.#come({
          segment: body.segment, number: body.part_of ? this.#part(body.part_of, body.t0) : this.#behind(body.t0), t0: body.t0,
          t1: null, language: body.language, origin: body.origin, speaker: body.speaker ?? null, text: '', words: 0,
          mended: false, accepted: false, gone: false, ...(body.made_from && { made_from: body.made_from }), ...(body.tool && { tool: body.tool }), ...(body.respoken && { respoken: true }), ...(body.rough && { rough: true }), ...(body.part_of && { part_of: body.part_of }),
        }, change);
        break;
      case 'words.committed': {
        if (!line) return;
        const doubts = doubted(line.text, body.words);
        if (doubts.length) line.doubts = [...line.doubts ?? [], ...doubts];
        line.text += body.words.map((word) => word.text).join('');
        line.words = body.first + body.words.length;
        this.spoke = at;
        break;
      }
      case 'segment.ended':
        if (!line) return;
        Object.assign(line, { t1: body.t1, text: body.text, doubts: line.doubts && left(line.doubts, line.text, body.text), voice_changes: body.reason === 'speaker' || undefined });
        this.spoke = at;
        break;
      case 'segment.split':
        this.#amend(body.segment, { t1: body.t1, voice_changes: true }, line && { words: Math.min(line.words, body.word) });
        break;
      case 'segment.corrected':
        this.#amend(body.segment, body.machine || by === 'engine' ? {} : { mended: !body.unmended, accepted: body.accepted ?? false }, body.made_from && { made_from: body.made_from }, { text: body.text + body.tail, doubts: line?.doubts && left(line.doubts, line.text, body.text + body.tail) });
        break;
      case 'speaker.assigned':
        for (const segment of body.segments.flatMap((id) => [id, this.#made(id)])) {
          this.#amend(segment, { speaker: body.speaker });
          change.lines.add(segment);
        }
        return;
      case 'speaker.introduced':
        session.speakers[body.speaker] = body.name;
        for (const said of this.lines.values()) if (said.speaker === body.speaker) change.lines.add(said.segment);
        return;
      case 'channel.rewound':
      case 'segments.moved-away':
        if (body.channel !== this.channel) return;
        for (const segment of body.segments) {
          this.#amend(segment, { gone: true, text: '', doubts: undefined });
          change.lines.add(segment);
        }
        return;
      case 'session.created':
        Object.assign(session, {
          title: body.title, languages: body.languages, access: body.access, sound: body.sound ?? 'none',
          young_people: body.young_people, rehearsal: body.rehearsal ?? false,
        });
        change.session = true;
        return;
      case 'session.described':
        session.title = body.title;
        if (body.languages?.length) {
          session.languages = body.languages;
          for (const each of Object.values(session.channels)) if (each.kind === 'floor') each.languages = body.languages;
          if (!session.channels[this.channel]?.languages.includes(session.forced ?? '')) session.forced = null;
        }
        change.session = true;
        return;
      case 'session.arranged':
        Object.assign(session, { access: body.access, sound: body.sound });
        if (body.voice_use === 'none') delete session.voices;
        if (body.voice_use === 'changes') for (const name in session.voices) session.voices[name] = 'changes';
        change.session = true;
        return;
      case 'engine.attached':
        if (heardBy(session, body)) change.session = true;
        return;
      case 'session.cancelled':
      case 'session.reinstated':
        session.cancelled = body.type === 'session.cancelled' ? body.reason ?? '' : null;
        change.session = true;
        return;
      case 'not-recorded.began':
        session.not_recorded = body.t0;
        change.session = true;
        change.notices.push(false);
        return;
      case 'not-recorded.ended':
        if (gapped(session, session.not_recorded, body.t1, 'not-recorded')) change.gaps = true;
        session.not_recorded = null;
        this.#wipe();
        change.session = true;
        change.notices.push(true);
        return;
      case 'speaker.changed':
        if (!this.#speaksHere(body.channel)) return;
        session.speaking = body.speaker;
        change.speaking = true;
        return;
      case 'language.forced':
        if (body.channel === this.channel) session.forced = body.language;
        return;
      case 'air.changed':
        if (body.channel !== this.channel) return;
        Object.assign(session, { on_air: body.source, tool: body.tool || undefined });
        change.session = true;
        return;
      case 'session.opened':
        Object.assign(session, { status: 'open', opened: body.wall, clock: [0, body.wall] });
        change.session = true;
        return;
      case 'session.paused':
        Object.assign(session, { status: 'paused', paused: body.t0 ?? null });
        change.session = true;
        return;
      case 'session.resumed':
      case 'session.reopened':
      case 'session.closed':
        if (body.type !== 'session.reopened') this.#gap(gapped(session, session.paused, body.t1 ?? body.t, 'break', body.t), change);
        Object.assign(session, { status: body.type === 'session.closed' ? 'closed' : 'open', paused: null });
        change.session = true;
        return;
      case 'channel.added':
        session.channels[body.channel] = { kind: body.kind, languages: body.languages, of_record: body.of_record ?? false, requested: body.requested ?? null };
        change.session = true;
        return;
      case 'clock.mapped':
        session.clock = [body.t, body.wall];
        return;
      case 'gap.noted':
        if (body.channel === this.channel) this.#gap(gapped(session, body.t0, body.t1, body.reason), change);
        return;
      case 'record.sealed':
        session.seal = body.version;
        if (body.version !== 'raw') this.#vouched(change);
        change.session = true;
        return;
      default: // an event of a later release, or of topics
        if (tookUp(session, body)) change.session = true;
        return;
    }
    change.lines.add(body.segment);
  }

  /** @param {?Gap} gap  @param {Change} change */
  #gap(gap, change) {
    if (!gap) return;
    change.notices.push(gap);
    change.gaps = true;
  }

  /**
   * Change fields of a line, which may not be loaded yet.
   * @param {string} segment  @param {(Partial<Line> | undefined)[]} values
   */
  #amend(segment, ...values) {
    this.later.set(segment, Object.assign({}, this.later.get(segment), ...values));
    const line = this.lines.get(segment);
    if (line) Object.assign(line, ...values);
  }

  /** Take over a signal. @param {Signal} signal  @param {number} sent  Unix ms */
  #signal(signal, sent) {
    switch (signal.kind) {
      case 'partial':
      case 'typing':
        this[signal.kind] = signal;
        if (signal.text) this.spoke = sent;
        break;
      case 'state':
        this.sound = { sound: signal.sound, lag: signal.lag, sent };
        break;
      case 'unsaved':
        this.unsaved = signal.text;
        break;
      case 'last-words':
        this.lastWords = signal.awaited;
        break;
      case 'stand-in':
        this.instead = signal.instead;
        break;
      case 'unrecorded':
        this.unrecorded = { text: signal.text, language: signal.language };
        if (signal.text) this.spoke = sent;
        break;
      default:
    }
  }
}
