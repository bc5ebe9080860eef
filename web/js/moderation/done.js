// The list of latest acts on the pages of questions: as on a meeting's page, with the numbers of the questions.

import { DeskPanel } from '../desk/panel.js';

export class QuestionDone extends DeskPanel {
  /**
   * @param {import('./questions.js').Questions} questions  @param {import('../lines/state.js').DeskState} state
   * @param {import('../lib/words.js').Words} words  @param {DeskData} data  @param {import('../desk/panel.js').PanelActs} does
   */
  constructor(questions, state, words, data, does) {
    super(state, words, data, does);
    this.questions = questions;
    /** @type {Set<string>} */
    this.desks = new Set(); // ids that this page has had: each time it joins it gets another
  }

  /** The newest act that can be undone: of this page, or else of anybody; null for none. */
  undoable() {
    return this.own() ?? super.undoable();
  }

  /** The newest act of this page that can be undone; null for none. */
  own() {
    return this.acts.findLast((act) => this.mayUndo(act) && this.desks.has(act.by.desk)) ?? null;
  }

  /** @param {string} id  @override */
  number(id) {
    return this.questions.get(id)?.number ?? null;
  }
}
