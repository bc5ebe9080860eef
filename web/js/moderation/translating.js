// Translates questions into the moderator's language: requests translations one after the other, and keeps them in
// memory.

import { backOff } from '../lib/link.js';

const MOST = 5000; // translations that are kept, enough for all questions of a meeting, since each display needs them
const AGAIN = 5000; // ms until a failed translation is requested again; doubled each time
const LONGEST = 300000; // ms

/** @typedef {{text: string, route?: string, rough?: boolean}} Translated  with the route by which it came */
/** @type {Translated} */
export const NOTHING = { text: '' };

export class QuestionTranslating {
  #failed = 0; // attempts to request failed translations again since one last came
  #timer = 0;

  /**
   * @param {{request: (kind: string, body: Record<string, unknown>) => Promise<Pick<Answer, 'text' | 'route' | 'rough' | 'refusal'>>}} link
   * @param {string} to  a BCP-47 tag  @param {() => void} came  called when a translation has come
   */
  constructor(link, to, came) {
    this.link = link;
    this.to = to;
    this.came = came;
    /** @type {Map<string, ?Translated>} language and text → translation; null: requested; NOTHING when it failed */
    this.known = new Map();
    /** @type {Set<string>} languages from which no translator leads into ours, as far as is known */
    this.none = new Set();
    /** @type {{key: string, text: string, language: string}[]} */
    this.waiting = [];
    this.asking = 0;
  }

  /**
   * The translation of a question, requested if need be; its text is '' while there is none, or where none is needed.
   * @param {{text: string, language: string}} item
   */
  of({ text, language }) {
    if (!this.#due(text, language)) return NOTHING;
    const key = `${language}\n${text}`;
    if (!this.known.has(key)) {
      if (this.known.size >= MOST) this.known.delete([...this.known.keys()][0]);
      this.known.set(key, null);
      this.waiting.push({ key, text, language });
      this.#next();
    }
    return this.known.get(key) ?? NOTHING;
  }

  /**
   * Whether a question is in another language that can't be translated into ours.
   * @param {{text: string, language: string}} item
   */
  lacks({ text, language }) {
    return this.#due(text, language) && this.none.has(language);
  }

  /** @param {string} text  @param {string} language */
  #due(text, language) {
    return Boolean(text) && language.split('-')[0] !== this.to;
  }

  async #next() {
    if (this.asking || !this.waiting.length) return;
    this.asking = 1;
    const { key, text, language } = this.waiting.splice(0, 1)[0];
    const answer = await this.link.request('translate', { text, from: language, to: this.to });
    this.asking = 0;
    this.known.set(key, answer.refusal ? NOTHING : { text: answer.text, route: answer.route, rough: answer.rough });
    if (answer.refusal) this.#later();
    else this.#failed = 0;
    const had = this.none.size;
    if (answer.refusal?.code === 'unknown') this.none.add(language);
    else if (!answer.refusal) this.none.delete(language);
    if (!answer.refusal || this.none.size !== had) this.came();
    this.#next();
  }

  /** Request failed translations again later: after a restart the translators connect later than desks do. */
  #later() {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#failed += 1;
      for (const [key, made] of this.known) if (made === NOTHING) this.known.delete(key);
      this.came();
    }, backOff(this.#failed, AGAIN, LONGEST));
  }
}
