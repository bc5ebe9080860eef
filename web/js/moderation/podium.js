// The podium's page, for a tablet: the question asked now, those that come next, three big buttons, and notes.

import { BalancePanel } from './balance.js';
import { clearsWall } from '../desk/clear_wall.js';
import { frameStands } from '../lib/staff_frame.js';
import { at, set } from '../lib/nodes.js';
import { PodiumView } from './podium_view.js';
import { QuestionItems } from './items.js';
import { QuestionDesk } from './question_desk.js';
import { pressed } from './press.js';
import { QuestionTurn } from './turn.js';

const questionDesk = new QuestionDesk({ shown: show, came: () => {}, closed: () => {}, said: show, balance: (told) => heard.take(told) });
const { questions, words, state, data, say, act } = questionDesk;
const heard = new BalancePanel(words, say);
const items = new QuestionItems(questions, words, {
  base: data.base, translated: (item) => questionDesk.translating.of(item), lacks: (item) => questionDesk.translating.lacks(item), said: questionDesk.said, now: questionDesk.now,
});

const turn = new QuestionTurn(questionDesk);
const view = new PodiumView(questions, items, words);

function show() {
  if (!state.session) return;
  turn.show();
  frameStands(state.session);
  at('Title').textContent = state.session.title;
  view.show(state.session.status === 'closed');
  const last = questionDesk.done.own();
  at('Undo').hidden = !last;
  at('Undo').textContent = last ? `${words.text('undo')}: ${questionDesk.done.describe(last.commands)}` : '';
}

/** Set the status of a question, and announce it. @param {string} id  @param {string} status */
async function bring(id, status, more = {}) {
  const answer = await act({ do: 'set-status', interventions: [id], status, ...more });
  if (!answer.refusal) say(`${words.text(`stands.${status}`)}: ${words.text('number', { n: questions.get(id)?.number ?? '' })}`);
}

pressed('Taken', () => {
  const [next] = questions.panel('Queued');
  if (state.session?.status === 'closed') say(words.text('over'));
  else if (questions.called !== null) say(words.text('answered-first', { n: questions.get(questions.called)?.number ?? '?' }));
  else if (next) bring(next, 'called');
  else say(words.text('none'));
});
pressed('Answered', () => {
  if (questions.called === null) say(words.text('taken-first'));
  else bring(questions.called, 'answered', { segment: state.shown().at(-1)?.segment ?? null });
});
pressed('Later', () => {
  const id = questions.called ?? questions.panel('Queued')[0];
  if (id) bring(id, 'later');
  else say(words.text('none'));
});
pressed('Undo', () => {
  const last = questionDesk.done.own();
  if (last) questionDesk.undo(last.id);
});
clearsWall(act, words, say);
set(at('Status'), '');
setInterval(() => state.session && turn.show(), 1000);
