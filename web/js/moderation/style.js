// Shows the question that is asked now and rows of questions in each look, and what the podium sees of them, on the pages
// of styles.

import { DeskState } from '../lines/state.js';
import { languageNames } from '../lib/names.js';
import { at } from '../lib/nodes.js';
import { PodiumView } from './podium_view.js';
import { QuestionItems } from './items.js';
import { QuestionPanels } from './panels.js';
import { Questions } from './questions.js';
import { QuestionTurn } from './turn.js';
import { Words } from '../lib/words.js';

const [NEW, PICKED, OPEN] = ['q2', 'q4', 'q5']; // as in adapters/styles/staff_styles.py
/** @type {Texts & { news: QuestionNews, now: number }} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);
const now = () => data.now;
const questions = new Questions();
questions.take(data.news);
const items = new QuestionItems(questions, words, { base: '', translated: ({ text }) => ({ text, route: 'echo 1 es>pt' }), lacks: () => false, said: () => null, now, languageName: languageNames(data.ui) });
if (document.getElementById('Taken')) new PodiumView(questions, items, words).show(false);
else showRows();
new QuestionTurn({ questions, state: new DeskState(), words, say: () => {}, now }).show();

function showRows() {
  const panels = new QuestionPanels(questions, items, () => {});
  panels.fresh.add(NEW);
  panels.pick(PICKED);
  panels.open.add(OPEN);
  panels.current = OPEN;
  panels.show(() => true);
  at('Several').hidden = false;
}
