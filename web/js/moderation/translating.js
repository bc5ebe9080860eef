// Questions in the language of whoever leads the discussion: asked for one after the other, and kept in the page.

const MOST = 5000; // texts that are kept: as many as a meeting has questions, since all of them are asked for at each look
const AGAIN = 5000; // ms until what couldn't be translated is asked for again, each time twice as long
const LONGEST = 300000;

export class QuestionTranslating {
  #again = AGAIN;
  #timer = 0;

  /**
   * @param {{request: (kind: string, body: Record<string, unknown>) => Promise<Pick<Answer, 'text' | 'refusal'>>}} link
   * @param {string} to  a BCP-47 tag  @param {() => void} came  when one has come
   */
  constructor(link, to, came) {
    this.link = link;
    this.to = to;
    this.came = came;
    /** @type {Map<string, ?string>} language and text → translation; null: asked for; '' when there is none */
    this.known = new Map();
    /** @type {Set<string>} of those into whose language there is no way here, as far as is known */
    this.none = new Set();
    /** @type {{key: string, text: string, language: string}[]} */
    this.waiting = [];
    this.asking = 0;
  }

  /** The text in our language; '' while it isn't known, or where none is needed. @param {{text: string, language: string}} item */
  of({ text, language }) {
    if (!this.#due(text, language)) return '';
    const key = `${language}\n${text}`;
    if (!this.known.has(key)) {
      if (this.known.size >= MOST) this.known.delete([...this.known.keys()][0]);
      this.known.set(key, null);
      this.waiting.push({ key, text, language });
      this.#next();
    }
    return this.known.get(key) ?? '';
  }

  /** Whether it stands in another language, and there is no way from that into ours. @param {{text: string, language: string}} item */
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
    this.known.set(key, answer.refusal ? '' : answer.text);
    if (answer.refusal) this.#later();
    else this.#again = AGAIN;
    const had = this.none.size;
    if (answer.refusal?.code === 'unknown') this.none.add(language);
    else if (!answer.refusal) this.none.delete(language);
    if (!answer.refusal || this.none.size !== had) this.came();
    this.#next();
  }

  /** Ask again for what there is none of: after a restart the translators come later than the desk. */
  #later() {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#again = Math.min(2 * this.#again, LONGEST);
      for (const [key, text] of this.known) if (text === '') this.known.delete(key);
      this.came();
    }, this.#again);
  }
}
