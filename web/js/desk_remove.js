// Words that must not stay: asks first, says what goes, and has it removed for good.

import { at } from './nodes.js';
import { alone } from './words.js';

export class DeskRemove {
  /**
   * @param {object} words
   * @param {(removes: object) => Promise<boolean>} remove  whether it was done
   */
  constructor(words, remove) {
    this.words = words;
    this.remove = remove;
    this.removes = null; // what is asked about
    at('Sure').addEventListener('close', () => this.#answered());
  }

  /** Ask about lines. */
  lines(segments) {
    if (segments.length) this.#ask(this.words.text('remove.lines'), { type: 'lines', segments });
  }

  /** Ask about all words of a speaker, and the name where it is to go. */
  speaker(speaker, called, name) {
    if (speaker) this.#ask(this.words.text('remove.speaker', { name: alone(called) }), { type: 'speaker', speaker, name });
  }

  #ask(question, removes) {
    this.removes = removes;
    at('SureWhat').textContent = question;
    at('Sure').returnValue = '';
    at('Sure').showModal();
  }

  #answered() {
    const { removes } = this;
    this.removes = null;
    if (at('Sure').returnValue === 'remove') this.remove(removes);
  }
}
