// Decodes the messages of the low-data stream, whose shorthand server/moothall/wire/low_data.py defines. Pure.

/** The next id in a numbered sequence: `a-7` → `a-8`. @param {string} id */
const next = (id) => id.replace(/\d{1,15}$/, (n) => `${Number(n) + 1}`);

/** Decodes the messages of one stream, in order: a line may be encoded by its differences from the line before it. */
export class Speller {
  /** @type {?SpeltLine} */
  #line = null;

  /**
   * Decode one message into the position after it and its lines, events and signals.
   * @param {Batch} batch
   * @returns {{to: number, news: News[]}}
   */
  spell([to, ...items]) {
    /** @type {News[]} */
    const news = [];
    while (items.length) {
      const item = items.shift();
      if (typeof item === 'object' && !Array.isArray(item)) news.push(item);
      else news.push((this.#line = this.#next([item].flat(), String(items.shift()))));
    }
    return { to, news };
  }

  /**
   * Decode one line.
   * @param {(string | number | boolean | null | undefined)[]} about  its fields in the shorthand  @param {string} text  @returns {SpeltLine}
   */
  #next(about, text) {
    if (about.length > 2) {
      const [number, segment, t0, language, origin, speaker, mended, way, rough, changes] = /** @type {[number, string, number, string, string, ?string, number, string | true | 0 | undefined, 0 | 1 | undefined, 1 | undefined]} */ (about);
      return { number, segment, t0: t0 * 1000, language, origin, speaker, mended: mended > 0, accepted: mended > 1, text, ...(way && (way === true ? { respoken: true } : { tool: way })), ...(rough && { rough: true }), ...(changes && { voice_changes: true }) };
    }
    const before = { .../** @type {SpeltLine} */ (this.#line), voice_changes: undefined };
    const later = Number(about.pop());
    const [speaker = before.speaker] = /** @type {(string | null)[]} */ (about);
    return { ...before, number: before.number + 1, segment: next(before.segment), t0: before.t0 + later * 1000, speaker, text };
  }
}
