// Names and terms that the machine prefers: what there is, what was taken away, and what people had to write twice.

import { bdi, fill } from './desk_fill.js';
import { alone } from './desk_names.js';
import { at, element, set } from './nodes.js';

export class DeskTerms {
  /**
   * @param {object} words
   * @param {(tag: string) => string} tongue  a language's name
   * @param {{choose: (term: string, wanted: boolean) => Promise<object>, say: (text: string) => void}} does
   */
  constructor(words, tongue, does) {
    this.words = words;
    this.tongue = tongue;
    this.does = does;
    this.shown = ''; // what stands there, as JSON
    this.told = new Set(); // proposals that were said
  }

  /** Show what there is: {terms, more, too_many, away, proposed}; `may` whether whoever sits here may choose. */
  show(news, may) {
    const now = JSON.stringify(news);
    if (!may || !news || now === this.shown) return;
    this.shown = now;
    const { terms, more, too_many: out, away, proposed } = news;
    const focused = document.activeElement !== document.body;
    fill(at('TermsTwice'), proposed.map((term) => this.#proposal(term)));
    fill(at('TermList').querySelector('.terms'), terms.map((known) => this.#term(known)));
    fill(at('TermsAway').querySelector('ul'), away.map((term) => this.#row(term, [], [this.#button('term.again', term, true)])));
    set(at('TermList').querySelector('summary'), this.words.text('terms.all', { n: terms.length + more }));
    at('TermsAway').hidden = !away.length;
    at('TermsOut').hidden = !out;
    set(at('TermsOut'), this.words.text('terms.out', { n: out }));
    // The button that was pressed may be gone with its row.
    if (focused && document.activeElement === document.body) at('AddTerm').elements.term.focus({ preventScroll: true });
    for (const term of proposed) {
      if (!this.told.has(term)) this.does.say(this.words.text('term.twice', { text: alone(term) }));
      this.told.add(term);
    }
  }

  #proposal(term) {
    const [before, after = ''] = this.words.text('term.twice', { text: '\n' }).split('\n');
    const said = element('p', {}, before, bdi(term), after);
    const buttons = [this.#button('term.prefer', term, true), this.#button('term.leave', term, false)];
    return element('li', {}, said, element('p', { class: 'buttons' }, ...buttons));
  }

  #term({ term, language, source }) {
    const more = [this.words.text(`term.from.${source}`), language ? this.tongue(language) : ''].filter(Boolean);
    return this.#row(term, [' ', element('span', { class: 'mark' }, more.join(' · '))], [this.#button('term.away', term, false)], language);
  }

  #row(term, more, buttons, language = '') {
    return element('li', {}, bdi(term, { lang: language || null }), ...more, ' ', ...buttons);
  }

  #button(name, term, wanted) {
    const label = this.words.text(name);
    const button = element('button', { type: 'button', 'data-key': `${name} ${term}`, 'aria-label': `${label}: ${term}` }, label);
    button.addEventListener('click', () => this.does.choose(term, wanted));
    return button;
  }
}
