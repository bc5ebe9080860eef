// What a captioner has typed and the server has not answered yet: the words that are still theirs, and the lines on their way.
// All of it is written down at each change, in one piece, before anything is sent: whatever ends the page, it goes on from there,
// and a line that was sent already has the same id again, so that it is a line once.

import { oneLine } from '../lib/sentences.js';

/**
 * `Waiting`: a line on its way. `apart`: what stands there was typed while nothing was kept, so that it goes only by a key.
 * `Taking`: an own line that is being taken back, until it is known to be gone from the text; `act` wrote it.
 * @typedef {{channel: string, language: string, speaker: ?string}} How
 * @typedef {How & {segment: string, text: string}} Waiting
 * @typedef {{act: string, segment: string, text: string}} Taking
 * @typedef {{line: string, text: string, apart: boolean, waiting: Waiting[], taking: ?Taking}} Kept
 * @typedef {{write: (kept: Kept) => void}} Store
 */

export const MOST = 500; // lines on their way. Overflow: no more are sent off, and what is typed stays in the field

/** What is kept, as far as it can be one of ours. @param {any} kept  @param {string} line  of a new one  @returns {Kept} */
export function readable(kept, line) {
  const { line: id, text, apart, waiting, taking } = kept ?? {};
  const good = (/** @type {any} */ each) => typeof each?.segment === 'string' && [each.text, each.channel, each.language].every((part) => typeof part === 'string');
  return {
    line: typeof id === 'string' && id ? id : line,
    text: typeof text === 'string' ? text : '',
    apart: apart === true,
    waiting: Array.isArray(waiting) ? waiting.filter(good).map((each) => ({ ...each, speaker: typeof each.speaker === 'string' ? each.speaker : null })) : [],
    taking: [taking?.act, taking?.segment, taking?.text].every((part) => typeof part === 'string') ? taking : null,
  };
}

export class Draft {
  #store;
  #newId;
  /** @type {Kept} */
  #kept;

  /** @param {unknown} kept  by another page, or by this one before  @param {Store} store  @param {() => string} newId  of a line */
  constructor(kept, store, newId) {
    this.#store = store;
    this.#newId = newId;
    this.#kept = readable(kept, newId());
  }

  /** The id of the line that is being typed. */
  get line() {
    return this.#kept.line;
  }

  get text() {
    return this.#kept.text;
  }

  /** Whether some of it was typed while nothing was kept: nobody is shown it before a key sends it. */
  get apart() {
    return this.#kept.apart;
  }

  /** Lines on their way, in their order. @returns {readonly Waiting[]} */
  get waiting() {
    return this.#kept.waiting;
  }

  /** The own line that is being taken back. */
  get taking() {
    return this.#kept.taking;
  }

  /** It reads so now. @param {string} text  @param {boolean} kept  whether what is said now is kept */
  type(text, kept) {
    const apart = text.trim() !== '' && (this.#kept.apart || !kept);
    if (text !== this.#kept.text || apart !== this.#kept.apart) this.#write({ ...this.#kept, text, apart });
  }

  /**
   * Some of it is sent off as lines; the first is the one that readers have seen grow. Says whether there was room.
   * @param {string[]} texts  @param {string} rest  what stays  @param {How} how
   */
  send(texts, rest, how) {
    const lines = texts.map(oneLine).filter(Boolean);
    if (this.#kept.waiting.length + lines.length > MOST) return false;
    let { line } = this.#kept;
    const more = lines.map((text) => {
      const segment = line;
      line = this.#newId();
      return { segment, text, ...how };
    });
    this.#write({ ...this.#kept, line, text: rest, apart: rest.trim() !== '' && this.#kept.apart, waiting: [...this.#kept.waiting, ...more] });
    return true;
  }

  /** A line is stored. @param {string} segment */
  done(segment) {
    const waiting = this.#kept.waiting.filter((each) => each.segment !== segment);
    if (waiting.length < this.#kept.waiting.length) this.#write({ ...this.#kept, waiting });
  }

  /** No line is taken now: all that are on their way are words in the field again, in front of what stands there. */
  back() {
    const { waiting, text } = this.#kept;
    if (waiting.length) this.#write({ ...this.#kept, line: this.#newId(), text: [...waiting.map((each) => each.text), text].filter(Boolean).join(' '), apart: true, waiting: [] });
  }

  /** An own line is going to be taken back. @param {Taking} taking */
  takes(taking) {
    this.#write({ ...this.#kept, taking });
  }

  /** What was to be taken back is gone from the text, and stands in front of what is typed; or it stays where it is. @param {boolean} gone */
  taken(gone) {
    const { taking, text } = this.#kept;
    this.#write({ ...this.#kept, taking: null, text: gone && taking ? [taking.text, text].filter(Boolean).join(' ') : text });
  }

  /** What another page of this link left behind comes first. @param {Kept} left */
  inherit(left) {
    this.#write({ ...this.#kept, text: [left.text, this.#kept.text].filter((each) => each.trim()).join(' '), apart: this.#kept.apart || left.apart, waiting: [...left.waiting, ...this.#kept.waiting], taking: this.#kept.taking ?? left.taking });
  }

  /** @param {Kept} kept */
  #write(kept) {
    this.#kept = kept;
    this.#store.write(kept);
  }
}
