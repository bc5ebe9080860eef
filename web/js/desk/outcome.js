// Marks of lines for the report (agreed, views differ, option), each under one of the meeting's policy questions or
// none.

import { bdi } from './fill.js';
import { alone } from '../lib/names.js';
import { at, element } from '../lib/nodes.js';
import { direction, mediaTime } from '../lib/words.js';

const TAGS = ['agreed', 'diverging', 'option'];
const AT_ONCE = 50; // commands in one act at most
/** @param {?Element} node */
const lineOf = (node) => node?.closest('li.line')?.id ?? null;

export class DeskOutcome {
  /**
   * @param {import('../lines/state.js').DeskState} state
   * @param {import('../lib/words.js').Words} words
   * @param {import('../lines/lines.js').DeskLines} lines  shows the marks
   * @param {string} base  the address of the meeting
   * @param {{act: (...commands: Command[]) => Promise<Answer>, say: (text: string) => void}} does
   */
  constructor(state, words, lines, base, does) {
    this.state = state;
    this.words = words;
    this.lines = lines;
    this.base = base;
    this.does = does;
    /** @type {OutcomeNews['questions']} */
    this.questions = [];
    this.offered = ''; // the choices of `under`, as JSON
    /** @type {Map<string, OutcomeTag[]>} */
    this.marked = new Map(); // line → [{question, tag}]
    this.under = at('Under');
    this.made = ''; // what is shown, as JSON
    /** @type {?string} */
    this.from = null; // id of the line from which the focus came to this panel
    document.addEventListener('focusin', ({ target, relatedTarget }) => {
      const before = relatedTarget instanceof Element ? relatedTarget : null;
      if (target.closest('#Outcome')) this.from = lineOf(before) ?? (before?.closest('#Outcome') ? this.from : null);
    });
    at('Outcome').addEventListener('click', ({ target }) => {
      const { tag } = target.closest('[data-tag]')?.dataset ?? {};
      if (tag === undefined) return;
      const { from } = this;
      this.tag(tag || null);
      if (from) document.getElementById(from)?.querySelector('[data-does=pick]')?.focus();
    });
  }

  /** The acts of single keys, by name. */
  keys() {
    return {
      question: () => this.choose((this.under.selectedIndex + 1) % this.under.options.length),
      ...Object.fromEntries(TAGS.map((tag) => [tag, () => this.tag(tag)])),
      untag: () => this.tag(null),
    };
  }

  /**
   * Choose the policy question under which marks are set.
   * @param {number} n  from 0; after the last question comes "none"
   */
  choose(n) {
    if (n >= this.under.options.length) return;
    this.under.selectedIndex = n;
    this.does.say(this.under.selectedOptions[0].textContent);
  }

  /**
   * Mark the picked lines, or else the line with the focus, or else the newest.
   * @param {?string} tag  null removes the mark
   */
  async tag(tag) {
    const active = document.activeElement;
    const focused = active?.closest('#Outcome') ? this.from : lineOf(active);
    const picked = this.lines.chosen();
    const newest = this.state.newest()?.segment;
    const near = focused ?? newest;
    const segments = picked.length ? picked : near ? [near] : [];
    const question = this.under.value || null;
    const due = segments.filter((segment) => this.#of(segment, question) !== tag);
    for (let first = 0; first < due.length; first += AT_ONCE) {
      const answer = await this.does.act(...due.slice(first, first + AT_ONCE).map((segment) => ({ do: 'tag-segment', segment, tag, question })));
      if (answer.refusal) return;
    }
    if (picked.length) this.lines.clear(); // later they may be out of view, and the next act must not include them
    if (!due.length) return;
    const what = tag ? this.words.text(`tag.${tag}`) : this.words.text('did.untag');
    this.does.say([what, question ? alone(this.#text(question)) : ''].filter(Boolean).join(' · '));
  }

  /** Show the policy questions and marks; null changes nothing. @param {?OutcomeNews} outcome */
  show(outcome) {
    if (!outcome || JSON.stringify(outcome) === this.made) return;
    this.made = JSON.stringify(outcome);
    const { questions, lines, asked } = outcome;
    this.questions = questions;
    const chosen = this.under.value;
    const first = !this.under.options.length;
    const choices = [...questions.map(({ id, text }, n) => [id, `${n + 1}. ${text}`]), ['', this.words.text('tag.none')]];
    const offered = JSON.stringify(choices);
    if (this.offered !== offered) { // otherwise an open list would close at each mark
      this.offered = offered;
      this.under.replaceChildren(...choices.map(([value, text]) => element('option', { value, dir: 'auto' }, text)));
      if (!first && choices.some(([value]) => value === chosen)) this.under.value = chosen;
    }
    const before = this.marked;
    this.marked = new Map(lines.map(({ segment, tags }) => [segment, tags]));
    this.lines.marks = new Map(lines.map(({ segment, tags }) => [segment, tags.map((each) => this.#mark(each))]));
    this.lines.update({ whole: false, lines: new Set([...before.keys(), ...this.marked.keys()]) });
    at('Tagged').replaceChildren(...this.#groups(lines, asked), ...this.#asked(asked.filter(({ question }) => question === null)));
  }

  /** The tag of a line under a question; null without one. @param {string} segment  @param {?string} question */
  #of(segment, question) {
    return this.marked.get(segment)?.find((each) => each.question === question)?.tag ?? null;
  }

  /** @param {?string} question */
  #text(question) {
    return this.questions.find(({ id }) => id === question)?.text ?? this.words.text('tag.other');
  }

  /** A mark in words, with the number of its policy question. @param {OutcomeTag} tagged */
  #mark({ question, tag }) {
    const n = this.questions.findIndex(({ id }) => id === question);
    return n < 0 ? this.words.text(`tag.${tag}`) : `${this.words.text(`tag.${tag}`)} (${n + 1})`;
  }

  /**
   * The marked lines and what the public asked, a list for each question.
   * @param {OutcomeLine[]} lines  @param {OutcomeNews['asked']} asked
   */
  #groups(lines, asked) {
    const known = new Set(this.questions.map(({ id }) => id));
    const groups = [
      ...this.questions.map(({ id, text }, n) => ({ title: `${n + 1}. ${text}`, belongs: (/** @type {?string} */ question) => question === id })),
      { title: this.words.text('tag.other'), belongs: (/** @type {?string} */ question) => question !== null && !known.has(question) },
      { title: this.words.text('tag.none'), belongs: (/** @type {?string} */ question) => question === null },
    ];
    return groups.flatMap(/** @returns {HTMLElement[]} */ ({ title, belongs }) => {
      const rows = lines.flatMap((line) => line.tags.filter(({ question }) => belongs(question)).map(({ tag }) => this.#row(line, tag)));
      rows.push(...asked.filter(({ question }) => question !== null && belongs(question)).map((each) => this.#askedRow(each)));
      return rows.length ? [element('h3', { dir: 'auto' }, title), element('ul', { class: 'tagged' }, ...rows)] : [];
    });
  }

  /** The list of questions from the public that were passed on to the report. @param {OutcomeNews['asked']} asked */
  #asked(asked) {
    if (!asked.length) return [];
    return [element('h3', {}, this.words.text('tag.asked')), element('ul', { class: 'tagged' }, ...asked.map((each) => this.#askedRow(each)))];
  }

  /** The row of a question from the public. @param {OutcomeNews['asked'][number]} asked */
  #askedRow({ number, text, language, name }) {
    return element('li', {},
      element('span', { class: 'mark' }, this.words.text('asked.number', { n: number })), ' ', ...(name ? [bdi(name), ' '] : []), bdi(text, { lang: language }));
  }

  /** The row of a marked line. @param {OutcomeLine} line  @param {string} tag */
  #row({ segment, channel, t0, text, language, speaker }, tag) {
    const address = `${this.base}?${new URLSearchParams({ channel })}#${segment}`;
    const link = element('a', { href: address, lang: language, dir: direction(language) }, text.slice(0, 200));
    const about = element('span', { class: 'mark' }, [this.words.text(`tag.${tag}`), mediaTime(t0)].join(' · '));
    return element('li', {}, about, ' ', ...(speaker ? [bdi(speaker), ' '] : []), link);
  }
}
