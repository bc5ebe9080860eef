// A captioner's draft: the text in the field and the lines that the server has not acknowledged yet. The whole draft is
// stored at each change, before anything is sent: after a crash the page resumes from it, and a line that is sent again
// has the same id, so that it is in the text once.

import { oneLine } from '../lib/sentences.js';

/**
 * `Waiting`: a line that is not acknowledged yet. `apart`: the text was typed while nothing was kept, so that only a
 * key sends it. `Taking`: an own line that is being taken back into the field, until it has left the text; `act` is the
 * id of the act that wrote it.
 * @typedef {{channel: string, language: string, speaker: ?string}} How
 * @typedef {How & {segment: string, text: string}} Waiting
 * @typedef {{act: string, segment: string, text: string}} Taking
 * @typedef {{line: string, text: string, apart: boolean, waiting: Waiting[], taking: ?Taking}} Kept
 * @typedef {{write: (kept: Kept) => void}} Store
 */

export const MOST = 500; // lines that wait. Overflow: no more are queued, and the text stays in the field

/** The valid parts of a stored draft. @param {any} kept  @param {string} line  id for a new line  @returns {Kept} */
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

  /** @param {unknown} kept  a stored draft  @param {Store} store  @param {() => string} newId  makes ids of lines */
  constructor(kept, store, newId) {
    this.#store = store;
    this.#newId = newId;
    this.#kept = readable(kept, newId());
  }

  /** The id of the line that is being typed. */
  get line() {
    return this.#kept.line;
  }

  /** The text in the field. */
  get text() {
    return this.#kept.text;
  }

  /** Whether some of the text was typed while nothing was kept: readers don't see it before a key sends it. */
  get apart() {
    return this.#kept.apart;
  }

  /** The lines that are not acknowledged yet, oldest first. @returns {readonly Waiting[]} */
  get waiting() {
    return this.#kept.waiting;
  }

  /** The own line that is being taken back; null for none. */
  get taking() {
    return this.#kept.taking;
  }

  /**
   * The field's text has changed.
   * @param {string} text  @param {boolean} kept  whether words of this moment are kept
   */
  type(text, kept) {
    const apart = text.trim() !== '' && (this.#kept.apart || !kept);
    if (text !== this.#kept.text || apart !== this.#kept.apart) this.#write({ ...this.#kept, text, apart });
  }

  /**
   * Queue texts as lines. The first gets the id of the line that readers have seen grow. Returns false when the queue
   * is full.
   * @param {string[]} texts  @param {string} rest  what stays in the field  @param {How} how
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

  /** The server has stored a line. @param {string} segment */
  done(segment) {
    const waiting = this.#kept.waiting.filter((each) => each.segment !== segment);
    if (waiting.length < this.#kept.waiting.length) this.#write({ ...this.#kept, waiting });
  }

  /** The server takes no lines now: put the text of all waiting lines back into the field, before its text. */
  back() {
    const { waiting, text } = this.#kept;
    if (waiting.length) this.#write({ ...this.#kept, line: this.#newId(), text: [...waiting.map((each) => each.text), text].filter(Boolean).join(' '), apart: true, waiting: [] });
  }

  /** Note that an own line is being taken back. @param {Taking} taking */
  takes(taking) {
    this.#write({ ...this.#kept, taking });
  }

  /**
   * The line that was being taken back has left the text, and its words are put before those in the field; or it stays.
   * @param {boolean} gone
   */
  taken(gone) {
    const { taking, text } = this.#kept;
    this.#write({ ...this.#kept, taking: null, text: gone && taking ? [taking.text, text].filter(Boolean).join(' ') : text });
  }

  /** Take over the draft that a closed page of this role link has left: it comes before our own. @param {Kept} left */
  inherit(left) {
    this.#write({ ...this.#kept, text: [left.text, this.#kept.text].filter((each) => each.trim()).join(' '), apart: this.#kept.apart || left.apart, waiting: [...left.waiting, ...this.#kept.waiting], taking: this.#kept.taking ?? left.taking });
  }

  /** @param {Kept} kept */
  #write(kept) {
    this.#kept = kept;
    this.#store.write(kept);
  }
}
