// Follows the text that the microphone feeds, as readers see it: its newest lines prove that the microphone works.

import { Link } from '../lib/link.js';
import { delayOf } from '../lib/standing.js';

export const LATE = 10000; // ms of delay from which on the page says so
const STALE = 5000; // ms after which news of the sound, which come each second, have expired

/**
 * What becomes of the sound now, as a kind and a number. Pure.
 *
 * @param {{session: ?{status: string, not_recorded: ?number, on_air?: string}, lost: boolean, heard: ?{sound: string, lag: number, at: number},
 *          now: number}} facts  times are ms of one clock
 * @returns {?{kind: string, n?: number}} null where no meeting is known
 */
export function becoming({ session, lost, heard, now }) {
  if (!session) return null;
  if (lost) return { kind: 'unknown' };
  if (session.status === 'closed') return { kind: 'closed' };
  if (session.status === 'paused') return { kind: 'break' };
  if (session.not_recorded !== null) return { kind: 'off' };
  if (session.status !== 'open') return { kind: 'before' };
  if (session.on_air === 'respeaker') return { kind: 'respoken' };
  if ((session.on_air ?? 'machine') !== 'machine') return { kind: 'written' };
  if (!heard || now - heard.at >= STALE) return { kind: 'unknown' };
  if (heard.sound === 'none') return { kind: 'soundless' };
  if (heard.lag >= LATE) return delayOf(heard.lag);
  return { kind: heard.sound === 'speech' ? 'heard' : 'unheard' };
}

/** @type {Record<string, string>} */
const LIFE = { opened: 'open', paused: 'paused', resumed: 'open', closed: 'closed', reopened: 'open' };

export class Words {
  /** @type {Map<string, string>} the texts of the last two lines, by id */
  lines = new Map();
  partial = '';
  language = ''; // of the newest words
  /** @type {?{title: string, languages: string[], status: string, sound: string, not_recorded: ?number, on_air: string}} once it is known */
  session = null;
  /** @type {?{sound: string, lag: number, at: number}} the last news of the sound, and when it came */
  heard = null;
  lost = false; // whether the link is lost
  #address = '';
  // Each connection begins with a snapshot, so no offset is sent along, and a gap never counts as a loss.
  #link = new Link(() => this.#address, (frame) => this.#take(frame), (open) => this.#stands(open), () => Infinity);

  /** @param {() => void} changed  called after each change */
  constructor(changed) {
    this.changed = changed;
  }

  /** The last two lines and the partial words after them. */
  get text() {
    return ([...this.lines.values()].map((line) => line.trim()).join(' ') + this.partial).trim();
  }

  /** Follow a text from now on. @param {string} address  of its stream */
  follow(address) {
    if (address === this.#address) return;
    this.close();
    this.#address = address;
    this.#link.open();
  }

  /** Reconnect now: the page is shown again, or the network is back. */
  hurry() {
    this.#link.hurry();
  }

  /** Follow nothing any more, and forget the text. */
  close() {
    this.#link.close();
    this.#address = '';
    this.#forget();
    this.changed();
  }

  #forget() {
    this.lines.clear();
    this.partial = '';
    this.language = '';
    this.session = null;
    this.heard = null;
    this.lost = false;
  }

  /** @param {boolean} open */
  #stands(open) {
    this.lost = !open;
    this.changed();
  }

  /** Handle a frame of the stream. @param {Frame} frame */
  #take(frame) {
    if (frame.snapshot) {
      const { title, languages, status, sound = 'none', not_recorded = null, on_air = 'machine' } = frame.snapshot.session;
      this.session = { title, languages, status, sound, not_recorded, on_air };
      this.lines.clear();
      for (const { segment, text, language } of frame.snapshot.lines.slice(-2)) {
        this.lines.set(segment, text);
        this.language = language;
      }
    }
    for (const { body } of frame.events ?? []) this.#event(body);
    for (const signal of frame.signals ?? []) {
      if (signal.kind === 'partial') {
        this.partial = signal.text;
        this.language = signal.language || this.language;
      }
      if (signal.kind === 'state') this.heard = { sound: signal.sound, lag: signal.lag, at: performance.now() };
    }
    this.changed();
  }

  /** Fold one event into the state. @param {?EventBody} body */
  #event(body) {
    if (!body) return;
    const [about, what] = body.type.split('.');
    if (about === 'session' && this.session) {
      if (LIFE[what]) this.session.status = LIFE[what];
      if (what === 'arranged') this.session.sound = body.sound ?? 'none';
      if (what === 'described') {
        this.session.title = body.title;
        if (body.languages?.length) this.session.languages = body.languages;
      }
    } else if (about === 'not-recorded' && this.session) this.session.not_recorded = what === 'began' ? body.t0 : null;
    else if (body.type === 'air.changed' && this.session) this.session.on_air = body.source;
    else if (body.type === 'segment.opened') this.language = body.language;
    else if (body.type === 'words.committed') {
      const before = this.lines.get(body.segment) ?? '';
      this.lines.set(body.segment, before + body.words.map(({ text }) => text).join(''));
      this.partial = '';
    } else if (body.type === 'segment.ended' || body.type === 'segment.corrected') {
      if (this.lines.has(body.segment)) this.lines.set(body.segment, body.text + (body.tail ?? ''));
    }
    while (this.lines.size > 2) this.lines.delete([...this.lines.keys()][0]);
  }
}
