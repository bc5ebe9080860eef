// Copies lines: a click on a line's time copies its address, and a button beside it copies the line, or the words that
// are selected, as a quotation. The server writes the quotation, since it knows the version and whether the words were
// checked; where it can't be asked, the page writes one by itself.

import { copy } from '../record/clipboard.js';
import { element, only } from '../lib/nodes.js';

const PATIENCE = 2000; // ms to wait for the server's quotation: afterwards browsers no longer allow copying

/** @typedef {{from: string, to?: string}} Span  ends as `SpanEnd` of record/citation/quoting.py writes them */

/**
 * The text of an address; '' after a failure or when it takes too long.
 * @param {string} address
 */
async function read(address) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok ? await answer.text() : '';
  } catch {
    return '';
  }
}

/**
 * How many characters (code points) of a line's text come before a point in the page; null where it isn't in the text.
 * @param {Element} text  @param {Node} node  @param {number} offset
 */
function before(text, node, offset) {
  if (!text.contains(node)) return null;
  const range = document.createRange();
  range.selectNodeContents(text);
  range.setEnd(node, offset);
  return [...range.toString()].length;
}

/**
 * The selected words within a list of lines: their span, and the last line; null where no words of a line are selected.
 * @param {Element} list  @param {?Selection} selection  @returns {?{span: Span, line: Element}}
 */
export function selected(list, selection) {
  if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  if (!range.toString().trim()) return null;
  const lines = [...list.querySelectorAll('li[data-n]')].filter((line) => range.intersectsNode(only('.text', line)));
  const [first, last] = [lines[0], lines.at(-1)];
  if (!first || !last) return null;
  const [start, end] = [
    before(only('.text', first), range.startContainer, range.startOffset),
    before(only('.text', last), range.endContainer, range.endOffset),
  ];
  const span = { from: start ? `${first.id}:${start}` : first.id, to: end === null ? last.id : `${last.id}:${end}` };
  return { span, line: last };
}

export class Quote {
  /** @type {Promise<string>} the quotation, as the server writes it */
  #written = Promise.resolve('');

  /** @type {Span} */
  #span = { from: '' };

  /**
   * `address`: gives the address of a line; `about`: gives the title and date for a quotation; `tell`: announces a
   * text; `cite`: gives the address of a span's quotation, or of its citation in a form. Open pages of 0.2.0 lack it.
   * @param {{words: import('../lib/words.js').Words, address: (id: string) => string, about: () => string[],
   *   tell: (text: string) => void, cite?: (span: Span, form?: string) => string}} with_
   */
  constructor({ words, address, about, tell, cite }) {
    this.words = words;
    this.address = address;
    this.about = about;
    this.tell = tell;
    this.cite = cite;
    this.button = element('button', { type: 'button', class: 'quiet' }, words.text('copy'));
    this.link = element('a', { class: 'cite', hidden: !cite }, words.text('cite'));
    this.said = element('span', { class: 'copied' });
    this.button.addEventListener('click', () => this.#quote());
  }

  /** Copy the address of a line, and show the button there. @param {Element} line */
  copyAddress(line) {
    this.offer(line);
    this.#copy(this.address(line.id), 'copied.address');
  }

  /**
   * Put the button at a line, for the whole line or for a span that ends there.
   * @param {Element} line  @param {Span} [span]
   */
  offer(line, span = { from: line.id }) {
    const { from, to } = this.#span;
    if (line.contains(this.button) && from === span.from && to === span.to) return;
    this.#span = span;
    this.said.textContent = '';
    if (this.cite) {
      this.link.setAttribute('href', this.cite(span));
      this.#written = read(this.cite(span, '.txt'));
    }
    if (!line.contains(this.button)) only('.about', line).append(' ', this.button, ' ', this.link, ' ', this.said);
  }

  async #quote() {
    const line = this.button.closest('.line');
    if (line) this.#copy(await this.#written || this.#ownWords(line), 'copied.quote');
  }

  /** A quotation of a whole line, as the page can write it: its source says whether a machine wrote it. @param {Element} line */
  #ownWords(line) {
    const name = line.querySelector('.speaker:not(.unnamed)')?.textContent; // in the markup also where CSS hides it
    const [time, source] = [only('time', line).textContent, only('.source', line).textContent];
    const facts = [name, ...this.about(), time, source, line.querySelector('.mark')?.textContent, this.address(line.id)];
    return `“${only('.text', line).textContent}” — ${facts.filter(Boolean).join(', ')}`;
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
