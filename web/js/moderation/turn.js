// Shows the turn under way on the pages of questions: its time, and whether anybody has begun to speak or type.

import { at, set } from '../lib/nodes.js';
import { unsay } from '../lib/said.js';
import { mediaTime } from '../lib/words.js';

export class QuestionTurn {
  /** @type {?number} */
  #over = null; // the turn whose time was announced to be over
  /** @type {?number} */
  #nobody = null; // the turn for which it was announced that nobody has begun
  /** @type {?number} */
  #longer = null; // the turn for which it was announced that its author needs longer
  #said = ''; // that last announcement

  /** @param {Pick<import('./question_desk.js').QuestionDesk, 'questions' | 'state' | 'words' | 'say' | 'now'>} questionDesk */
  constructor(questionDesk) {
    this.questionDesk = questionDesk;
  }

  /** Update #Timer, #Time and #Held, and announce changes. */
  show() {
    const { questions, state, words, say } = this.questionDesk;
    const { turn, time, typed, begin, longer } = questions;
    const gone = turn === null || state.session?.status === 'closed'; // the close ends a turn
    at('Timer').hidden = gone;
    if (gone) {
      [words.text('timer.over'), words.text('turn.nobody'), this.#said].forEach(unsay);
      return;
    }
    const now = this.questionDesk.now();
    const spent = now - turn;
    const over = time > 0 && spent >= time;
    if (!over) unsay(words.text('timer.over'));
    at('Time').classList.toggle('over', over);
    if (over && this.#over !== turn) {
      this.#over = turn;
      say(words.text('timer.over'), '#Time');
    }
    const parts = [time > 0 ? `${mediaTime(spent)} / ${mediaTime(time)}` : mediaTime(spent)];
    if (over) parts.push(words.text('timer.over'));
    set(at('Time'), parts.join(' · '));
    const late = begin !== null && now >= begin;
    if (!late) unsay(words.text('turn.nobody'));
    if (!longer || late) unsay(this.#said);
    at('Held').classList.toggle('over', late);
    if (begin === null) set(at('Held'), typed ? words.text('turn.typed') : '');
    else set(at('Held'), late ? words.text('turn.nobody') : words.text(longer ? 'turn.longer' : 'turn.wait', { time: mediaTime(begin - now + 999) }));
    if (late && this.#nobody !== turn) {
      this.#nobody = turn;
      say(words.text('turn.nobody'), '#Held');
    }
    if (longer && this.#longer !== turn) {
      this.#longer = turn;
      say(this.#said = at('Held').textContent, '#Held');
    }
  }
}
