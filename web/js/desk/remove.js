// Removes words for good: says what would be removed, asks, and sends the request.

import { alone } from '../lib/names.js';
import { at, only } from '../lib/nodes.js';
import { mediaTime } from '../lib/words.js';

const SECOND = 1000; // ms

/** Parse a time as lines show it, `4:05` or `1:04:05`, to media ms; null when it isn't one. @param {string} text */
function timeOf(text) {
  const parts = text.trim().split(':').map(Number);
  if (parts.length < 2 || parts.length > 3 || !parts.every((part) => Number.isInteger(part) && part >= 0)) return null;
  return parts.reduce((all, part) => 60 * all + part, 0) * SECOND;
}

export class DeskRemove {
  /**
   * @param {import('../lib/words.js').Words} words
   * @param {(removes: Removes) => void} remove
   * @param {(removes: Removes) => Promise<?number>} concerned  how many lines would lose words; null after a refusal
   */
  constructor(words, remove, concerned) {
    this.words = words;
    this.remove = remove;
    this.concerned = concerned;
    /** @type {?Removes} */
    this.removes = null; // what the dialogue asks about
    // The event `close` would come with the next frame that is drawn, maybe after the next question was asked.
    only('form', at('Sure')).addEventListener('submit', ({ submitter }) => {
      if (this.removes && submitter instanceof HTMLButtonElement && submitter.value === 'remove') this.remove(this.removes);
    });
  }

  /** Ask whether to remove lines. @param {string[]} segments */
  lines(segments) {
    if (segments.length) this.#ask(this.words.text('remove.lines'), { type: 'lines', segments });
  }

  /**
   * Ask whether to remove all words of a speaker.
   * @param {string} speaker  @param {string} called  their name  @param {boolean} name  whether that is to be removed as well
   */
  speaker(speaker, called, name) {
    if (speaker) this.#ask(this.words.text('remove.speaker', { name: alone(called) }), { type: 'speaker', speaker, name });
  }

  /**
   * Ask whether to remove all that was said from the second `from` to the end of the second `to` (both in media ms).
   * @param {number} from  @param {number} to
   */
  async span(from, to) {
    /** @type {Removes} */
    const removes = { type: 'span', t0: from, t1: to + SECOND };
    const many = await this.concerned(removes);
    if (many === null) return;
    const times = { from: mediaTime(from), to: mediaTime(to) };
    this.#ask(this.words.text('remove.span', times), removes, this.words.counted('concerned', many));
  }

  /**
   * Ask about the span whose times were typed in, or say that they are not valid.
   * @param {Forms['RemoveSpan']} fields  @param {(text: string) => void} say
   */
  async spanOf({ from, to }, say) {
    const [first, last] = [timeOf(from.value), timeOf(to.value)];
    if (first === null || last === null || last < first) {
      say(this.words.text('remove.times'));
      (first === null ? from : to).focus();
    } else await this.span(first, last);
  }

  /**
   * Fill in the times of these lines.
   * @param {Forms['RemoveSpan']} fields  @param {DeskLine[]} lines  @param {(text: string) => void} say
   */
  fill({ from, to }, lines, say) {
    if (!lines.length) {
      say(this.words.counted('picked-lines', 0));
      return;
    }
    from.value = mediaTime(Math.min(...lines.map(({ t0 }) => t0)));
    to.value = mediaTime(Math.max(...lines.map(({ t0, t1 }) => t1 ?? t0)));
    from.focus();
  }

  /**
   * Open the dialogue. `many` says how many lines lose words; empty where that is obvious.
   * @param {string} question  @param {Removes} removes
   */
  #ask(question, removes, many = '') {
    this.removes = removes;
    at('SureWhat').textContent = question;
    at('SureMany').textContent = many;
    at('SureMany').hidden = !many;
    at('Sure').showModal();
  }
}
