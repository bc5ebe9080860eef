// Words that must not stay: asks first, says what goes, and has it removed for good.

import { alone } from '../lib/names.js';
import { at } from '../lib/nodes.js';
import { mediaTime } from '../lib/words.js';

const SECOND = 1000; // ms

/** Media ms of a time as it stands at a line, `4:05` or `1:04:05`; null when it is none. */
function timeOf(text) {
  const parts = text.trim().split(':').map(Number);
  if (parts.length < 2 || parts.length > 3 || !parts.every((part) => Number.isInteger(part) && part >= 0)) return null;
  return parts.reduce((all, part) => 60 * all + part, 0) * SECOND;
}

export class DeskRemove {
  /**
   * @param {object} words
   * @param {(removes: object) => Promise<boolean>} remove  whether it was done
   * @param {(removes: object) => Promise<?number>} concerned  how many lines lose words; null when nobody can say
   */
  constructor(words, remove, concerned) {
    this.words = words;
    this.remove = remove;
    this.concerned = concerned;
    this.removes = null; // what is asked about
    // Not on `close`: that comes with a frame to draw, which may be after the next question.
    at('Sure').querySelector('form').addEventListener('submit', ({ submitter }) => {
      if (submitter.value === 'remove') this.remove(this.removes);
    });
  }

  /** Ask about lines. */
  lines(segments) {
    if (segments.length) this.#ask(this.words.text('remove.lines'), { type: 'lines', segments });
  }

  /** Ask about all words of a speaker, and the name where it is to go. */
  speaker(speaker, called, name) {
    if (speaker) this.#ask(this.words.text('remove.speaker', { name: alone(called) }), { type: 'speaker', speaker, name });
  }

  /** Ask about all that was said from the second `from` to the end of the second `to` (media ms). */
  async span(from, to) {
    const removes = { type: 'span', t0: from, t1: to + SECOND };
    const many = await this.concerned(removes);
    if (many === null) return;
    const times = { from: mediaTime(from), to: mediaTime(to) };
    this.#ask(this.words.text('remove.span', times), removes, this.words.counted('concerned', many));
  }

  /** Ask about the span whose times somebody typed in; says what is wrong with them. */
  async spanOf({ from, to }, say) {
    const [first, last] = [timeOf(from.value), timeOf(to.value)];
    if (first === null || last === null || last < first) {
      say(this.words.text('remove.times'));
      (first === null ? from : to).focus();
    } else await this.span(first, last);
  }

  /** Put the times of these lines in. */
  fill({ from, to }, lines, say) {
    if (!lines.length) {
      say(this.words.counted('picked-lines', 0));
      return;
    }
    from.value = mediaTime(Math.min(...lines.map(({ t0 }) => t0)));
    to.value = mediaTime(Math.max(...lines.map(({ t1 }) => t1)));
    from.focus();
  }

  #ask(question, removes, many = '') {
    this.removes = removes;
    at('SureWhat').textContent = question;
    at('SureMany').textContent = many;
    at('SureMany').hidden = !many;
    at('Sure').showModal();
  }
}
