// The row of one question: its text in both languages, where and when it was asked, notes, and buttons for what can be
// done with it.

import { bdi } from '../desk/fill.js';
import { made } from '../lib/made.js';
import { alone } from '../lib/names.js';
import { hubName } from '../desk/hub_names.js';
import { element } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

const SEEN = 2; // buttons of acts that are shown without "More"
const MINUTE = 60000;

export class QuestionItems {
  /**
   * @param {import('./questions.js').Questions} questions
   * @param {import('../lib/words.js').Words} words
   * @param {{base: string, translated: (item: Question) => import('./translating.js').Translated, lacks: (item: Question) => boolean, said: (segment: string) => ?string, now: () => number, removes?: () => boolean, languageName?: LanguageName}} more
   *   `translated`: gives the translation, its text empty without one; `lacks`: whether there can be none; `said`: gives the
   *   present text of a line, null if the page hasn't got it; `now`: gives the media time in ms; `removes`: whether
   *   words may be removed; `languageName`: gives a language's name
   */
  constructor(questions, words, more) {
    this.questions = questions;
    this.words = words;
    this.more = more;
    this.made = made(words, document.documentElement.lang); // says how a translation was made
  }

  /**
   * The elements with the text, its translation, and the original wording if it was reworded.
   * @param {Question} item
   */
  texts(item) {
    const { words } = this;
    /** @type {HTMLElement[]} */
    const parts = [];
    if (item.text) parts.push(element('p', { class: 'text', lang: item.language, dir: direction(item.language) }, item.text));
    const translated = this.more.translated(item);
    if (translated.text) {
      const ui = document.documentElement;
      parts.push(element('p', { class: 'text translated', lang: ui.lang, dir: ui.dir }, translated.text));
      parts.push(element('p', { class: 'about' }, words.text('unofficial', { made: this.made(translated) })));
    } else if (this.more.lacks(item)) parts.push(element('p', { class: 'about' }, words.text('untranslated')));
    if (item.removed) parts.push(element('p', { class: 'about' }, words.text('gone')));
    if (item.received !== item.text) {
      parts.push(element('p', { class: 'about' }, words.text('received'), ' ', bdi(item.received, { lang: item.language })));
    }
    return parts;
  }

  /** The heading: number, kind, paragraph, name and origin. @param {Question} item */
  head(item) {
    const { words } = this;
    const parts = [element('span', { class: 'no' }, words.text('number', { n: item.number })), element('span', {}, words.text(`wants.${item.kind}`))];
    if (item.paragraph) parts.push(element('span', {}, words.text('paragraph', { n: item.paragraph })));
    if (item.name) parts.push(bdi(item.name));
    parts.push(element('span', {}, this.place(item)));
    return parts.flatMap(/** @returns {(Node | string)[]} */ (part, i) => (i ? [' · ', part] : [part]));
  }

  /** Where it was asked: in the room, at a hub (its title, once known) or remotely. @param {Question} item */
  place({ origin }) {
    const { words } = this;
    if (origin.startsWith('hub:')) return words.text('from.hub', { name: hubName(origin.slice(4), words) });
    return words.text(origin === 'room' ? 'from.room' : 'from.remote');
  }

  /** When it was asked, in words. @param {Question} item */
  when(item) {
    if (!item.t) return this.words.text('asked.before');
    const minutes = Math.floor((this.more.now() - item.t) / MINUTE);
    return minutes < 1 ? this.words.text('asked.now') : this.words.text('asked.min', { n: minutes });
  }

  /** When it was asked, with a link to the line that was being spoken then. @param {Question} item */
  about(item) {
    const made = element('p', { class: 'about' }, element('span', { class: 'when' }, this.when(item)));
    if (item.said && item.t) made.append(' · ', this.words.text('said'), ' ', this.#line(item.said.segment, this.more.said(item.said.segment) ?? item.said.text, item.said.language));
    return made;
  }

  /**
   * A link to a line of the meeting's text.
   * @param {string} segment  @param {string} text  @param {string} [language]
   */
  #line(segment, text, language) {
    return element('a', { href: `${this.more.base}#${segment}`, lang: language ?? null, dir: language ? direction(language) : null }, text);
  }

  /** Notes, one in each row: [those shown always, those shown once the row is open]. @param {Question} item */
  #notes(item) {
    const { questions, words } = this;
    /** @type {HTMLElement[]} */
    const urgent = [];
    /** @type {HTMLElement[]} */
    const rows = [];
    const add = (/** @type {string} */ kind, /** @type {(Node | string)[]} */ ...content) => (kind ? urgent : rows).push(element('p', { class: `about ${kind}` }, ...content));
    for (const flag of item.flags) add('warn', words.texts[`flag.${flag}`] ?? words.text('flag'));
    const why = questions.why(item.id);
    if (why) add('', words.text(`why.${why}`));
    if (item.support) add('', words.text('support', { n: item.support }));
    const aside = questions.aside?.support[item.id];
    if (aside) add('warn', words.text('aside', { n: aside }));
    const lately = questions.lately?.support[item.id];
    if (lately) add('', words.text('lately', { n: lately[0], m: lately[1] }));
    const policy = questions.policyOf(item);
    if (policy) add('', words.text('policy-question', { n: policy }));
    if (item.after_close) add('mark', words.text('after-close'));
    const into = questions.get(item.into)?.number;
    /** @type {Record<string, () => string>} */
    const stands = { declined: () => words.text('reason', { reason: alone(item.reason) }), joined: () => words.text('joined', { n: into ?? '?' }) };
    if (['to-write', 'to-report', 'later', 'declined', 'joined', 'closed', 'withdrawn'].includes(item.status)) add('mark', (stands[item.status] ?? (() => words.text(`stands.${item.status}`)))());
    if (questions.over && item.status === 'called') add('mark', words.text('turn.ended'));
    if (item.own && ['later', 'queued'].includes(item.status)) add('mark', words.text(`own.${item.status}`));
    if (item.segment) add('', words.text('answered-at'), ' ', this.#line(item.segment, this.more.said(item.segment) ?? words.text('number', { n: item.number })));
    if (item.answer) add('', words.text('answer'), ' ', bdi(item.answer, { lang: item.answer_language, dir: direction(item.answer_language) }));
    return [urgent, rows];
  }

  /** The short signs of a row: its language, and how many others would ask the same. @param {Question} item */
  #signs(item) {
    const { words } = this;
    const parts = [this.#sign(item.language.toUpperCase(), this.more.languageName?.(item.language) ?? item.language)];
    if (item.support) parts.push(this.#sign(`+${item.support}`, words.text('support', { n: item.support })));
    return parts;
  }

  /** A sign that is short on the screen and in words for screen readers. @param {string} short  @param {string} long */
  #sign(short, long) {
    return element('span', { class: 'sign' }, element('span', { 'aria-hidden': 'true' }, short), element('span', { class: 'unseen' }, long));
  }

  /**
   * The whole row, with the part that is shown once it is open.
   * @param {Question} item  @param {{fresh: boolean}} state
   */
  make(item, { fresh }) {
    const { questions, words } = this;
    const number = () => element('span', { class: 'unseen' }, ` ${words.text('number', { n: item.number })}`);
    const pick = element('input', { type: 'checkbox', 'data-does': 'pick', 'data-key': `${item.id}-pick`, 'aria-label': words.text('pick', { n: item.number }) });
    const arranged = questions.acts(item.id).includes('first');
    const head = element('h3', arranged ? { draggable: 'true' } : {}, ...(fresh ? [element('span', { class: 'mark' }, words.text('new')), ' '] : []), ...this.head(item));
    const texts = this.texts(item);
    const text = item.text ? texts.splice(0, 1) : [];
    const [urgent, notes] = this.#notes(item);
    const rest = element('div', { class: 'particulars', id: `rest-${item.id}`, hidden: true }, ...texts, this.about(item), ...notes);
    // The name as it was given is never shown on the podium, where others may look at the screen.
    if (item.given !== item.name) rest.append(element('p', { class: 'about' }, words.text('given'), ' ', bdi(item.given || '–')));
    const like = questions.like(item.id);
    if (like.length) {
      const numbers = like.map((id) => questions.get(id)?.number).join(', ');
      const row = element('p', { class: 'about' }, words.text('alike', { n: numbers }), ' ');
      row.append(this.#button(item, 'alike', words.text('alike.join')));
      rest.append(row);
    }
    const acts = questions.acts(item.id).map((act) => this.#button(item, act, words.text(`act.${act}`)));
    acts[0]?.classList.add('main');
    const folded = acts.slice(SEEN);
    if (this.more.removes?.() && !item.removed) folded.push(this.#button(item, 'remove', words.text('act.remove')));
    if (folded.length) rest.append(element('div', { class: 'buttons' }, ...folded));
    const more = element('button', { type: 'button', class: 'more', 'data-does': 'more', 'data-key': `${item.id}-more`, 'aria-expanded': 'false', 'aria-controls': `rest-${item.id}` }, words.text('more'), number());
    return element('li', { class: ['question', fresh && 'new', urgent.length && 'marked'].filter(Boolean).join(' '), id: `q-${item.id}`, 'data-id': item.id, tabindex: '-1' },
      element('label', { class: 'pick' }, pick), head, element('div', { class: 'signs' }, ...this.#signs(item), more),
      element('div', { class: 'what' }, ...text, ...(urgent.length ? [element('div', { class: 'marks' }, ...urgent)] : [])),
      element('div', { class: 'buttons acts-of' }, ...acts.slice(0, SEEN)), rest);
  }

  /** The button of an act. @param {Question} item  @param {string} act  @param {string} text */
  #button(item, act, text) {
    const dialog = ['decline', 'join', 'reword', 'write', 'under', 'remove'].includes(act) ? 'dialog' : null;
    return element('button', { type: 'button', class: act === 'remove' ? 'grave' : null, 'data-does': act, 'data-key': `${item.id}-${act}`, 'aria-haspopup': dialog }, text, element('span', { class: 'unseen' }, ` ${this.words.text('number', { n: item.number })}`));
  }
}
