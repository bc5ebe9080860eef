// What was done last on the pages of questions: as on a meeting's page, with the numbers of the questions.

import { DeskPanel } from './desk_panel.js';

export class QuestionDone extends DeskPanel {
  constructor(questions, ...rest) {
    super(...rest);
    this.questions = questions;
    this.seats = new Set(); // that this page has had, one after the other
  }

  /** The newest act that can be undone: of this page, else of anybody. */
  undoable() {
    return this.own() ?? super.undoable();
  }

  /** The newest act of this page that can be undone. */
  own() {
    return this.acts.findLast((act) => act.undo.length && !act.undone && this.seats.has(act.by.seat)) ?? null;
  }

  describe(commands) {
    const stood = new Map(); // standing → numbers
    const others = [];
    for (const command of commands) {
      if (command.do === 'stand') stood.set(command.standing, [...(stood.get(command.standing) ?? []), ...command.interventions.map((id) => this.questions.get(id)?.number ?? '?')]);
      else others.push(command);
    }
    // Whoever is called gets the floor, and loses it after: that goes without saying.
    const rest = stood.size ? others.filter(({ do: kind }) => kind !== 'introduce' && kind !== 'take-floor') : others;
    const rows = [...stood].map(([standing, numbers]) => `${this.words.text(`stands.${standing}`)}: ${this.words.text('number', { n: numbers.join(', ') })}`);
    return [...rows, super.describe(rest)].filter(Boolean).join(' · ');
  }
}
