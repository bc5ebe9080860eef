// Shows of hands on the moderator's page: begin one, count the hands in the room, close it.

import { newId } from '../desk/link.js';
import { handsOf } from '../questions/hands.js';
import { at, element, only, set } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

const FEWEST = 2;
const MOST = 8;
const LONGEST = 80; // characters of an answer

export class HandsDesk {
  /** @param {import('./question_desk.js').QuestionDesk} questionDesk */
  constructor(questionDesk) {
    this.questionDesk = questionDesk;
    /** @type {Poll[]} */
    this.polls = [];
    at('HandsAsk').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#begin(at('HandsAsk').elements);
    });
  }

  /** Show the open show of hands, or else the newest, and the earlier ones. */
  show() {
    this.polls = this.questionDesk.questions.polls;
    const open = this.polls.some((poll) => poll.open);
    const { language } = at('HandsAsk').elements;
    this.questionDesk.offer(language);
    if (open && at('HandsAsk').contains(document.activeElement)) at('HandsTitle').focus();
    at('HandsAsk').hidden = open;
    this.#fill(at('HandsNow'), this.polls.slice(0, 1), open);
    at('HandsNow').hidden = !this.polls.length;
    this.#fill(only('div', at('HandsBefore')), this.polls.slice(1), open);
    at('HandsBefore').hidden = this.polls.length < 2;
  }

  /** Check the form, and begin a show of hands. @param {Forms['HandsAsk']} fields */
  async #begin({ question, options, language, quiet }) {
    const answers = options.value.split('\n').map((each) => each.trim()).filter(Boolean);
    const right = question.value.trim() && answers.length >= FEWEST && answers.length <= MOST
      && new Set(answers).size === answers.length && answers.every((each) => each.length <= LONGEST);
    at('HandsWrong').textContent = right ? '' : this.questionDesk.words.text('hands.wrong');
    for (const field of [question, options]) field.toggleAttribute('aria-invalid', !right);
    if (!right) {
      (question.value.trim() ? options : question).focus();
      return;
    }
    const begun = await this.#act({ do: 'open-poll', poll: newId(), question: question.value.trim(), language: language.value, options: answers, quiet: quiet.checked });
    if (begun) question.value = options.value = '';
  }

  /** Send a command and announce it; resolves to whether it was carried out. @param {Command} command */
  async #act(command) {
    const answer = await this.questionDesk.act(command);
    if (answer.refusal) return false;
    this.questionDesk.say(this.questionDesk.done.describe([command]));
    return true;
  }

  /**
   * Show a block for each, made again only when one is new or was opened or closed, so that typed counts stay.
   * @param {HTMLElement} box  @param {Poll[]} polls  @param {boolean} open
   */
  #fill(box, polls, open) {
    const wanted = polls.map((poll) => `${poll.id} ${poll.open} ${open}`);
    const there = [...box.children].map(({ dataset }) => dataset.made);
    if (wanted.join() !== there.join()) {
      const focused = box.contains(document.activeElement);
      box.replaceChildren(...polls.map((poll, n) => this.#block(poll, wanted[n], open)));
      if (focused) at('HandsTitle').focus();
    }
    polls.forEach((poll, n) => this.#count(box.children[n], poll));
  }

  /**
   * The block of one show of hands.
   * @param {Poll} poll  @param {string} made  what it is made from  @param {boolean} open  whether any is open
   */
  #block(poll, made, open) {
    const { words } = this.questionDesk;
    const { id, question, language, options } = poll;
    const inLanguage = { lang: language, dir: direction(language) };
    const head = ['remote', 'room', 'sum'].map((name) => element('th', { scope: 'col' }, words.text(`hands.${name}`)));
    // Each answer has a row of its own above its numbers, since the column is narrow and answers may be long.
    const bodies = options.map((text, n) => element('tbody', {},
      element('tr', {}, element('th', { scope: 'rowgroup', colspan: 3 }, element('bdi', inLanguage, text))),
      element('tr', {},
        element('td', { 'data-remote': n }),
        element('td', {}, element('input', { type: 'number', min: 0, max: 100000, step: 1, value: 0, 'data-room': n, 'aria-label': `${text}: ${words.text('hands.room')}` })),
        element('td', { 'data-sum': n }))));
    const asked = `HandsLed-${poll.number}`;
    const buttons = element('p', { class: 'buttons' }, element('button', { type: 'submit', 'aria-describedby': asked }, words.text('hands.save')));
    if (poll.open) buttons.append(' ', this.#button('hands.close', asked, { do: 'close-poll', poll: id }));
    else if (!open) buttons.append(' ', this.#button('hands.again', asked, { do: 'open-poll', poll: id, question, language, options }));
    const block = element('form', { class: 'led', 'data-made': made, novalidate: true },
      element('h3', { id: asked, ...inLanguage }, question),
      element('table', { 'aria-labelledby': asked }, element('thead', {}, element('tr', {}, ...head)), ...bodies),
      element('p', { class: 'about lately', hidden: true }), element('p', { class: 'about warn', hidden: true }), buttons);
    block.addEventListener('submit', (event) => {
      event.preventDefault();
      const room = [...block.querySelectorAll('input[data-room]')].map(({ value }) => Math.max(0, Math.round(Number(value) || 0)));
      const now = this.polls.find((each) => each.id === id)?.room ?? [];
      if (room.join() !== now.join()) this.#act({ do: 'count-room', poll: id, room });
    });
    return block;
  }

  /** @param {string} name  @param {string} asked  @param {Command} command */
  #button(name, asked, command) {
    const button = element('button', { type: 'button', 'aria-describedby': asked }, this.questionDesk.words.text(name));
    button.addEventListener('click', () => this.#act(command));
    return button;
  }

  /** Put the numbers into a block. @param {Element} block  @param {Poll} poll */
  #count(block, poll) {
    const { questions, words } = this.questionDesk;
    const aside = questions.aside?.hands[poll.id];
    const told = only('.warn', block);
    told.hidden = !aside;
    set(told, aside ? words.text('aside', { n: aside }) : '');
    const lately = questions.lately?.hands[poll.id];
    const came = only('.lately', block);
    came.hidden = !lately;
    set(came, lately ? words.text('lately', { n: lately[0], m: lately[1] }) : '');
    handsOf(poll).forEach((row, n) => {
      set(only(`[data-remote="${n}"]`, block), String(row.remote));
      set(only(`[data-sum="${n}"]`, block), String(row.sum));
      const field = only(`input[data-room="${n}"]`, block);
      if (field.value === (field.dataset.was ?? '0')) field.value = String(row.room); // otherwise somebody is typing a count
      field.dataset.was = String(row.room);
    });
  }
}
