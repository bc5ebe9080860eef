// What was done last on the pages of questions: as on a meeting's page, with the numbers of the questions.

import { DeskPanel } from '../desk/panel.js';

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
    return this.acts.findLast((act) => this.mayUndo(act) && this.seats.has(act.by.seat)) ?? null;
  }

  number(id) {
    return this.questions.get(id)?.number ?? null;
  }
}
