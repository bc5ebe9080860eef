// The panel of names and terms that recognition prefers: the list, the terms taken off it, and proposals from words
// that people had to correct twice.

import { bdi, fill } from './fill.js';
import { alone } from '../lib/names.js';
import { abroad, inOtherLanguages } from './term_abroad.js';
import { at, element, only, set } from '../lib/nodes.js';

export class DeskTerms {
  /**
   * @param {import('../lib/words.js').Words} words
   * @param {LanguageName} languageName
   * @param {{act: (command: Command) => Promise<Answer>, say: (text: string) => void, spoken: () => string[]}} does
   *   `spoken`: gives the languages in which a term may be said
   */
  constructor(words, languageName, does) {
    this.words = words;
    this.languageName = languageName;
    this.does = does;
    this.shown = ''; // the news that is shown, as JSON
    /** @type {Set<string>} */
    this.told = new Set(); // proposals that were announced
    /** @type {Map<string, {row: HTMLElement, made: string}>} */
    this.rows = new Map(); // language and term → its row, and the data that the row was made from, as JSON
  }

  /**
   * Put a term on the list of preferred ones, or take it off; resolves to the answer.
   * @param {string} term  @param {boolean} wanted  @param {?string} language
   */
  choose(term, wanted, language = null) {
    return this.does.act({ do: 'term', term, wanted, language });
  }

  /**
   * Set a term's forms in translations.
   * @param {Term} of  @param {boolean} keep  unchanged everywhere
   * @param {Term['written']} written  @param {Term['forms']} forms
   */
  async #translate({ term, language }, keep, written, forms) {
    const said = this.does.spoken().includes(language) ? language : null;
    const answer = await this.does.act({ do: 'term', term, wanted: true, language: said, keep, written, forms });
    if (!answer.refusal) this.does.say(this.words.text('did.term-abroad', { text: alone(term) }));
  }

  /**
   * Show the terms, and announce new proposals.
   * @param {?TermNews} news  @param {boolean} may  whether terms may be changed here
   */
  show(news, may) {
    const now = JSON.stringify(news);
    if (!may || !news || now === this.shown) return;
    this.shown = now;
    const { terms, more, too_many: out, away, proposed, into } = news;
    const focused = document.activeElement !== document.body;
    fill(at('TermsTwice'), proposed.map((term) => this.#proposal(term)));
    fill(only('.terms', at('TermList')), this.#terms(terms, into));
    fill(only('ul', at('TermsAway')), away.map((term) => this.#row(term, [], [this.#button('term.again', term, true)])));
    set(only('summary', at('TermList')), this.words.text('terms.all', { n: terms.length + more }));
    at('TermsAway').hidden = !away.length;
    at('TermsOut').hidden = !out;
    set(at('TermsOut'), this.words.text('terms.out', { n: out }));
    // The row with the focus may be gone: move the focus to the field for a new term.
    if (focused && document.activeElement === document.body) at('AddTerm').elements.term.focus({ preventScroll: true });
    for (const term of proposed) {
      if (!this.told.has(term)) this.does.say(this.words.text('term.twice', { text: alone(term) }));
      this.told.add(term);
    }
  }

  /** @param {string} term */
  #proposal(term) {
    const [before, after = ''] = this.words.text('term.twice', { text: '\n' }).split('\n');
    const said = element('p', {}, before, bdi(term), after);
    const buttons = [this.#button('term.prefer', term, true), this.#button('term.leave', term, false)];
    return element('li', {}, said, element('p', { class: 'buttons' }, ...buttons));
  }

  /**
   * The rows of the terms. An unchanged term keeps its row, since somebody may be writing in it.
   * @param {Term[]} terms  @param {string[]} into
   */
  #terms(terms, into) {
    /** @type {DeskTerms['rows']} */
    const rows = new Map();
    for (const known of terms) {
      const [name, made] = [`${known.language} ${known.term}`, JSON.stringify([known, into])];
      const before = this.rows.get(name);
      const row = before?.made === made ? before.row : this.#term(known, into);
      if (before && before.row.querySelector('details')?.open) row.querySelector('details')?.setAttribute('open', '');
      rows.set(name, { row, made });
    }
    this.rows = rows;
    return [...rows.values()].map(({ row }) => row);
  }

  /** @param {Term} known  @param {string[]} into */
  #term(known, into) {
    const { term, language, source } = known;
    const more = [this.words.text(`term.from.${source}`), language ? this.languageName(language) : ''].filter(Boolean);
    const row = this.#row(term, [' ', element('span', { class: 'mark' }, more.join(' · '))], [this.#button('term.away', term, false)], language);
    const tags = abroad(known, into);
    if (tags.length) {
      row.append(inOtherLanguages(this.words, this.languageName, known, tags, (keep, written, forms) => this.#translate(known, keep, written, forms)));
    }
    return row;
  }

  /** @param {string} term  @param {(Node | string)[]} more  @param {Node[]} buttons */
  #row(term, more, buttons, language = '') {
    return element('li', {}, bdi(term, { lang: language || null }), ...more, ' ', ...buttons);
  }

  /** @param {string} name  @param {string} term  @param {boolean} wanted */
  #button(name, term, wanted) {
    const label = this.words.text(name);
    const button = element('button', { type: 'button', 'data-key': `${name} ${term}`, 'aria-label': `${label}: ${term}` }, label);
    button.addEventListener('click', () => this.choose(term, wanted));
    return button;
  }
}
