// Batches of the low-data door, spelt out. The shorthand is that of server/moothall/wire/low_data.py. Pure.

/** @param {string} id */
const next = (id) => id.replace(/\d{1,15}$/, (n) => `${Number(n) + 1}`);

/** Reads the batches of one stream: each line may be told by what differs from the one before it. */
export class Speller {
  /** @type {?SpeltLine} */
  #line = null;

  /**
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

  /** @param {(string | number | boolean | null | undefined)[]} about  as the door wrote it  @param {string} text  @returns {SpeltLine} */
  #next(about, text) {
    if (about.length > 2) {
      const [number, segment, t0, language, origin, speaker, mended, way] = /** @type {[number, string, number, string, string, ?string, number, string | true | undefined]} */ (about);
      return { number, segment, t0: t0 * 1000, language, origin, speaker, mended: mended > 0, accepted: mended > 1, text, ...(way && (way === true ? { respoken: true } : { tool: way })) };
    }
    const before = /** @type {SpeltLine} */ (this.#line);
    const later = Number(about.pop());
    const [speaker = before.speaker] = /** @type {(string | null)[]} */ (about);
    return { ...before, number: before.number + 1, segment: next(before.segment), t0: before.t0 + later * 1000, speaker, text };
  }
}
