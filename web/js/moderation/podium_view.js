// Shows on the podium the question asked now, those that come next, and which of the big buttons do something.

import { at, element } from '../lib/nodes.js';
import { canNow } from './press.js';

const NEXT = 2; // questions shown after the one asked now

export class PodiumView {
  /**
   * @param {import('./questions.js').Questions} questions
   * @param {import('./items.js').QuestionItems} items
   * @param {import('../lib/words.js').Words} words
   */
  constructor(questions, items, words) {
    this.questions = questions;
    this.items = items;
    this.words = words;
  }

  /** @param {boolean} closed  whether the meeting is over */
  show(closed) {
    const { questions, items, words } = this;
    const now = questions.called === null ? null : questions.get(questions.called);
    const next = questions.panel('Queued').slice(0, NEXT).flatMap((id) => questions.get(id) ?? []);
    fill(at('Now'), now ? [element('h3', {}, ...items.head(now)), ...items.texts(now)] : [element('p', { class: 'hint' }, words.text('nothing-now'))]);
    fill(at('Next'), next.map((item) => element('li', { class: 'question' }, element('h3', {}, ...items.head(item)), ...items.texts(item))));
    const calls = !now && next.length > 0 && !closed;
    at('Taken').classList.toggle('first', calls);
    at('Answered').classList.toggle('first', Boolean(now));
    canNow('Taken', calls);
    canNow('Answered', Boolean(now));
    canNow('Later', Boolean(now) || next.length > 0);
  }
}

/** Fill a part of the page again if it differs. @param {HTMLElement} box  @param {Element[]} parts */
function fill(box, parts) {
  const made = parts.map(({ outerHTML }) => outerHTML).join('');
  if (box.dataset.made === made) return;
  box.dataset.made = made;
  box.replaceChildren(...parts);
}
