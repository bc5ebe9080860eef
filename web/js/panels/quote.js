// Copies lines: a click on a line's time copies its address, and a button beside it copies the line as a quotation.

import { copy } from '../record/clipboard.js';
import { element, only } from '../lib/nodes.js';

export class Quote {
  /**
   * `address`: gives the address of a line; `about`: gives the title and date for a quotation; `tell`: announces a
   * text.
   * @param {{words: import('../lib/words.js').Words, address: (id: string) => string, about: () => string[], tell: (text: string) => void}} with_
   */
  constructor({ words, address, about, tell }) {
    this.words = words;
    this.address = address;
    this.about = about;
    this.tell = tell;
    this.button = element('button', { type: 'button', class: 'quiet' }, words.text('copy'));
    this.said = element('span', { class: 'copied' });
    this.button.addEventListener('click', () => this.#quote());
  }

  /** Copy the address of a line, and show the button there. @param {Element} line */
  copyAddress(line) {
    this.offer(line);
    this.#copy(this.address(line.id), 'copied.address');
  }

  /** Put the button at a line. @param {Element} line */
  offer(line) {
    if (line.contains(this.button)) return;
    this.said.textContent = '';
    only('.about', line).append(' ', this.button, ' ', this.said);
  }

  #quote() {
    const line = this.button.closest('.line');
    if (!line) return;
    const name = line.querySelector('.speaker:not(.unnamed)')?.textContent; // in the markup also where CSS hides it
    const facts = [name, ...this.about(), only('time', line).textContent, this.address(line.id)];
    this.#copy(`“${only('.text', line).textContent}” — ${facts.filter(Boolean).join(', ')}`, 'copied.quote');
  }

  /**
   * Copy a text, and say whether that worked.
   * @param {string} text  @param {string} done  name of the text that says so
   */
  async #copy(text, done) {
    const said = this.words.text((await copy(text)) ? done : 'copied.nothing');
    this.said.textContent = said;
    this.tell(said);
  }
}
