// The moderator's page: connects the state of the questions, the panels, the dialogues (sheets) and the keys.

import { goesByArrows, step } from './arrows.js';
import { BalancePanel } from './balance.js';
import { clearsWall } from '../desk/clear_wall.js';
import { DeskKeys } from '../desk/keys.js';
import { newId } from '../desk/link.js';
import { HandsDesk } from './hands.js';
import { canNow, pressed } from './press.js';
import { fitsPhone } from './phone.js';
import { KEYS, renewed } from './keymap.js';
import { keep, recall } from '../lib/kept.js';
import { at, element, only, set } from '../lib/nodes.js';
import { QuestionItems } from './items.js';
import { QuestionDesk } from './question_desk.js';
import { QuestionPanels } from './panels.js';
import { QuestionSheets } from './sheets.js';
import { QuestionSift, fits } from './sift.js';
import { QuestionTurn } from './turn.js';
import { dragging } from '../lib/dragging.js';
import { ring } from '../lib/bell.js';
import { unsay } from '../lib/said.js';
import { frameStands } from '../lib/staff_frame.js';

const BELL = 'moothall.moderate.bell';
const KEPT_KEYS = 'moothall.moderate.keys';
const LIMITS = [0, 1, 2, 3, 5, 10].map((minutes) => minutes * 60000);
const TIMES = 15000; // ms between two updates of the times in the rows
const FRAME = 16; // ms between two displays of news
const CALM = 500; // ms between two displays of changes in the text
const AT_ONCE = 50; // commands in one act at most
const MOST = 500; // questions in one command at most
/** @type {Record<string, string>} */
const LABELS = { undo: 'key.undo', next: 'key.next', before: 'key.before', pick: 'key.pick', below: 'key.below', above: 'key.above', 'pick-all': 'key.pick-all', alike: 'alike.join', wall: 'key.wall', topic: 'key.topic' };
/** @type {Record<string, string>} */
const STANDS = {
  approve: 'queued', restore: 'queued', hold: 'being-checked', call: 'called', later: 'later', 'to-write': 'to-write', report: 'to-report',
};

const bell = only('input#Bell');
let waits = ''; // the announcement that a question which may be rude has waited for long; empty for none
let due = 0; // timer of the next display after changes in the text
let next = 0; // timer of the next display after news: messages that come together are shown once
const questionDesk = new QuestionDesk({ shown: everything, came, closed, said: () => { due ||= setTimeout(show, CALM); }, balance: (told) => heard.take(told) });
const { questions, words, state, data, say, act } = questionDesk;
const heard = new BalancePanel(words, say);
const items = new QuestionItems(questions, words, {
  base: data.base, translated: (item) => questionDesk.translating.of(item), lacks: (item) => questionDesk.translating.lacks(item), said: questionDesk.said, now: questionDesk.now,
  removes: () => questionDesk.may.has('remove'), languageName: questionDesk.done.languageName,
});
const hands = new HandsDesk(questionDesk);
const panels = new QuestionPanels(questions, items, does);
const turn = new QuestionTurn(questionDesk);
const choice = (/** @type {number} */ ms) => element('option', { value: ms }, ms ? words.text('limit.min', { n: ms / 60000 }) : words.text('limit.none'));
let asks = false; // whether to ask about the remaining questions once the open sheet is closed
const sheets = new QuestionSheets(words, questionDesk.done.languageName, () => {
  panels.hold();
  if (asks) setTimeout(rest); // after the act of that sheet
});
const clear = clearsWall(act, words, say);
const sift = new QuestionSift(questions, questionDesk.done.languageName, show);

const onChosen = (/** @type {string} */ name) => () => {
  if (panels.chosen().length) does(name, panels.chosen());
  else say(words.text('unchosen'));
};
const lists = () => [panels.shown('Checked'), panels.shown('Queued'), [...panels.shown('Answered'), ...panels.shown('Others')]];
/** @param {import('./arrows.js').Way} way */
const go = (way) => panels.focus(step(panels.shown('Called'), lists(), panels.current, way));
const undo = () => {
  const last = questionDesk.done.undoable();
  if (last) questionDesk.undo(last.id);
};
if (recall(KEPT_KEYS)) keep(KEPT_KEYS, renewed(recall(KEPT_KEYS))); // stored by an earlier release
const keys = new DeskKeys({
  ...Object.fromEntries(Object.keys(KEYS).map((name) => [name, onChosen(name)])),
  next: () => panels.go(1),
  before: () => panels.go(-1),
  pick: () => {
    if (panels.current) panels.pick(panels.current);
    show();
  },
  below: () => go('down'),
  above: () => go('up'),
  'pick-all': () => {
    panels.pickAll();
    show();
  },
  undo,
  wall: clear,
  topic: () => questionDesk.topics.go(),
}, (name) => words.text(LABELS[name] ?? `act.${name}`), KEYS, KEPT_KEYS);
goesByArrows({
  go, move: (how) => onChosen(how)(), leave: () => {
    const left = panels.leave();
    if (left) show();
    return left;
  },
});
at('UndoLast').addEventListener('click', undo);
const call = () => {
  const [next] = questions.panel('Queued');
  if (questions.over) say(words.text('over'));
  else if (questions.called !== null) say(words.text('answered-first', { n: questions.get(questions.called)?.number ?? '?' }));
  else if (next) does('call', [next]);
  else say(words.text('none'));
};
pressed('CallNext', call);
fitsPhone({
  undo,
  answered: () => (questions.called === null ? say(words.text('taken-first')) : does('answered', [questions.called])),
  call,
});

/** The row of the queue before which the dragged one would go; null: after the last. @type {?HTMLElement} */
let before = null;
dragging(at('Queued'), {
  type: 'text/x-moothall-question',
  item: (from) => from.closest('.question'),
  place: (over, { clientY }, row) => {
    const list = only('ol', at('Queued'));
    /** @type {?HTMLElement} */
    const under = over.closest('#Queued .question');
    if (!under || !row.isConnected) return null;
    const { top, height } = under.getBoundingClientRect();
    before = /** @type {?HTMLElement} */ (clientY < top + height / 2 ? under : under.nextElementSibling);
    return before === row || before === row.nextElementSibling ? null : list;
  },
  mark: (list) => {
    for (const row of at('Queued').querySelectorAll('.target, .last')) row.classList.remove('target', 'last');
    if (list) (before ?? list.lastElementChild)?.classList.add('target', ...(before ? [] : ['last']));
  },
  drop: async ({ dataset: { id = '' } }) => {
    const rest = questions.queue.map(({ intervention }) => intervention).filter((each) => each !== id);
    const first = questions.moved(id, before ? rest.indexOf(before.dataset.id ?? '') : rest.length);
    if (first) await act({ do: 'arrange-queue', first });
  },
});

/** The numbers of questions as a list in words. @param {string[]} ids */
const numbers = (ids) => ids.map((id) => questions.get(id)?.number).join(', ');

// Actions

/** Carry out an act for those of the questions to which it applies. @param {string} name  @param {string[]} ids */
async function does(name, ids) {
  if (name === 'pick') {
    show();
    return;
  }
  if (name === 'remove') {
    await remove(ids);
    return;
  }
  const fit = ids.filter((id) => (name === 'alike' ? questions.like(id).length : questions.acts(id).includes(name)));
  const [able, alone] = name === 'approve' ? questions.apart(fit) : [fit, []];
  const left = alone.length ? words.text('left-out', { n: numbers(alone) }) : '';
  if (!able.length) {
    if (left) say(left);
    return;
  }
  const commands = await asked(name, able);
  if (!commands) return;
  const answer = await act(...commands);
  if (answer.refusal) return;
  for (const id of able) panels.fresh.delete(id);
  panels.picked.clear();
  for (const id of alone) panels.picked.add(id);
  say([questionDesk.done.describe(commands), left].filter(Boolean).join(' · '));
  show();
}

/**
 * The commands of an act, after asking in a sheet for what is missing; null when that was cancelled.
 * @param {string} name  @param {string[]} ids  @returns {Promise<?Command[]>}
 */
async function asked(name, ids) {
  const [id] = ids;
  const about = ids.flatMap((each) => questions.get(each) ?? []);
  if (STANDS[name]) return name === 'call' ? [stand([id], 'called')] : parts(ids, MOST).map((part) => stand(part, STANDS[name]));
  if (name === 'flag') return ids.slice(0, AT_ONCE).map((each) => ({ do: 'flag', intervention: each, flags: [...questions.get(each)?.flags ?? [], 'abuse'] }));
  if (name === 'unflag') return ids.slice(0, AT_ONCE).map((each) => ({ do: 'flag', intervention: each, flags: [] }));
  if (name === 'answered') {
    const segment = state.shown().at(-1)?.segment ?? null;
    return [stand(ids, 'answered', { segment })];
  }
  if (name === 'up' || name === 'down' || name === 'first') {
    const first = questions.moved(id, name);
    return first && [{ do: 'arrange-queue', first }];
  }
  if (name === 'under') {
    const question = await underWhich(about);
    const due = question === null ? [] : about.filter(({ under }) => (under ?? '') !== question).slice(0, AT_ONCE);
    return due.length ? due.map((each) => ({ do: 'tag-intervention', intervention: each.id, question: question || null })) : null;
  }
  if (name === 'alike') {
    const like = questions.like(id);
    return [questions.leads(id) ? stand(like, 'joined', { into: id }) : stand([id], 'joined', { into: like[0] })];
  }
  if (name === 'decline') {
    const reason = await sheets.reason(about);
    return reason ? [stand(ids, 'declined', { reason })] : null;
  }
  if (name === 'join') {
    const into = await sheets.into(about, questions.targets(ids));
    return into ? [stand(ids, 'joined', { into })] : null;
  }
  if (name === 'reword') {
    const text = await sheets.text(about[0]);
    return text && [{ do: 'reword', intervention: id, ...text }];
  }
  const answer = await sheets.answer(about[0], questionDesk.languages());
  return answer && [{ do: 'write-answer', intervention: id, ...answer }];
}

/**
 * Under which policy question to put these: the one that is taken up now, or where they stand there already, or none is
 * taken up, the one that is chosen in a sheet; '' for none, null when cancelled.
 * @param {Question[]} about  @returns {Promise<?string>}
 */
async function underWhich(about) {
  const now = questionDesk.topicNews?.now?.question;
  const listed = questions.policy.some(({ id }) => id === now);
  return now && listed && about.some(({ under }) => under !== now) ? now : sheets.under(about, questions.policy);
}

const parts = (/** @type {string[]} */ ids, /** @type {number} */ most) => Array.from({ length: Math.ceil(ids.length / most) }, (_, n) => ids.slice(n * most, (n + 1) * most));
/** @param {string[]} interventions  @param {string} status  @returns {Command} */
const stand = (interventions, status, more = {}) => ({ do: 'set-status', interventions, status, ...more });

/** Ask, and remove the words of these questions for good. @param {string[]} ids */
async function remove(ids) {
  const n = numbers(ids);
  if (!await sheets.sure(words.text('remove.asked', { n }))) return;
  const answer = await questionDesk.link.request('remove', { id: newId(), removes: { type: 'interventions', interventions: ids } });
  say(words.text(answer.refusal ? `refused.${answer.refusal.code}` : 'removed'));
}

/** The meeting was closed: ask about the remaining questions, unless somebody is typing; then only announce it. */
function closed() {
  const field = document.activeElement;
  const typing = field?.matches('textarea, select, input:not([type="checkbox"], [type="radio"])') && !field.closest('dialog');
  if (!typing) rest();
  else say(`${words.text('over')} ${at('LeftMany').textContent}`);
}

/** Ask what becomes of all remaining questions, and carry that out in one act. */
async function rest() {
  const [approved, unread] = questions.left();
  if (!approved.length && !unread.length) return;
  asks = Boolean(document.querySelector('dialog[open]'));
  if (asks) return;
  const to = await sheets.rest();
  if (!to) return;
  const [still, others] = questions.left();
  const commands = to === 'closed' ? [[...still, ...others]] : [still, others];
  const made = commands.flatMap((ids, n) => parts(ids, MOST).map((part) => stand(part, n ? 'closed' : to)));
  const answer = made.length ? await act(...made) : null;
  if (answer && !answer.refusal) say(questionDesk.done.describe(made));
}

// Display

function everything() {
  at('Title').textContent = state.session?.title ?? '';
  if (state.session) frameStands(state.session);
  const rule = at('Rule');
  if (rule.dataset.told !== questions.order) { // otherwise somebody may be choosing another order just now
    rule.dataset.told = questions.order;
    rule.elements.order.value = questions.order;
  }
  questionDesk.offer(at('Add').elements.language);
  next ||= setTimeout(show, FRAME);
}

/** Mark and announce new questions that wait to be checked. @param {string[]} ids */
function came(ids) {
  const arrived = ids.filter((id) => questions.get(id)?.status === 'being-checked');
  if (!arrived.length) return;
  for (const id of arrived) panels.fresh.add(id);
  say(words.text('new.said', { n: numbers(arrived) }));
  if (bell.checked) ring();
}

/** Show everything, unless something is being pressed: then soon after. */
function show() {
  clearTimeout(due);
  clearTimeout(next);
  due = next = 0;
  if (!state.session || panels.busy(show)) return;
  questions.over = state.session.status === 'closed';
  sift.offer();
  const wanted = sift.wanted();
  const shown = panels.show((item) => fits(item, wanted, questionDesk.translating.of(item).text));
  at('Shown').textContent = sift.any() ? words.text('shown', { n: shown, all: questions.items.size }) : '';
  at('Several').hidden = !panels.picked.size;
  at('Picked').textContent = words.text('picked', { n: panels.picked.size });
  at('Unarranged').hidden = !questions.arranged.length;
  const last = questionDesk.done.undoable();
  for (const id of /** @type {const} */ (['UndoLast', 'ThumbUndo'])) at(id).setAttribute('aria-disabled', String(!last));
  const asked = questions.called !== null;
  const calls = !asked && !questions.over && questions.panel('Queued').length > 0;
  at('ThumbCall').classList.toggle('first', calls);
  at('ThumbAnswered').classList.toggle('first', asked);
  canNow('ThumbCall', calls);
  canNow('ThumbAnswered', asked && !questions.over);
  if (!calls && document.activeElement === at('CallNext')) at('CalledTitle').focus();
  at('CallNext').hidden = !calls;
  set(at('UndoWhat'), last ? questionDesk.done.describe(last.commands, last.numbers) : '');
  crowds();
  const checked = questions.panel('Checked').length;
  document.title = `${checked ? `(${checked}) ` : ''}${document.title.replace(/^\(\d+\) /, '')}`;
  const [approved, unread] = questions.left();
  set(at('LeftMany'), words.text('left', { n: approved.length + unread.length }));
  at('Left').hidden = !approved.length && !unread.length;
  const [left, box] = [at('Left').closest('section'), at('Called').closest('.panels')];
  if (questions.over && !at('Left').hidden && left && left.parentNode !== box) box?.prepend(left); // the next thing to do
  hands.show();
  tick();
}

/**
 * Show addresses that have sent many questions, the alarm about unread ones, the button for older ones, and who may
 * ask.
 */
function crowds() {
  const { more, known } = questions;
  const told = questions.crowds ?? [];
  const unread = questions.alarms?.find(({ kind }) => kind === 'unread');
  const text = unread ? words.text('alarm.unread', unread.values) : '';
  const begins = text && !waits;
  if (text !== waits) unsay(waits);
  if (begins || !text) waits = text;
  const made = JSON.stringify([told, unread]);
  if (at('Crowds').dataset.made !== made) {
    const focused = at('Crowds').contains(document.activeElement);
    at('Crowds').dataset.made = made;
    at('Crowds').replaceChildren(...(unread ? [element('p', { class: 'warn' }, words.text('alarm.unread', unread.values))] : []), ...told.map(({ place, count, numbers: [first, last] }) => element('p', { class: 'warn' },
      words.text('crowd', { n: count, first, last }), ' ', element('button', { type: 'button', 'data-place': place, 'aria-haspopup': 'dialog' }, words.text('crowd.decline')))));
    if (focused) at('CheckedTitle').focus();
  }
  if (begins) say(text, '#Crowds p');
  at('Older').hidden = !more;
  if (more) set(at('Older'), words.text('older', { n: more.count, checked: more.checked }));
  at('Known').checked = known;
}

/** Show the time of the turn, and the limit. Called each second. */
function tick() {
  turn.show();
  const { limit } = questions;
  const select = at('Limit');
  if (document.activeElement === select || select.value === String(limit)) return;
  if (![...select.options].some(({ value }) => value === String(limit))) select.append(choice(limit));
  select.value = String(limit);
}

// Forms

at('Several').addEventListener('submit', (event) => event.preventDefault());
at('Unpick').addEventListener('click', () => {
  panels.picked.clear();
  show();
  at('CheckedTitle').focus();
});
at('Rule').addEventListener('submit', async (event) => {
  event.preventDefault();
  const order = at('Rule').elements.order.value;
  if (order === questions.order) return;
  const answer = await act({ do: 'order-queue', order });
  if (!answer.refusal) say(words.text(`order.${order}`));
});
at('Unarranged').addEventListener('click', async () => {
  await act({ do: 'arrange-queue', first: [] });
  only('[type=submit]', at('Rule')).focus();
});
at('Add').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { text, name, language } = at('Add').elements;
  const asks = { do: 'ask', intervention: newId(), kind: 'question', text: text.value.trim(), language: language.value, asker: newId(), name: name.value.trim(), origin: 'room' };
  if (!asks.text) return;
  const written = [text.value, name.value];
  text.value = name.value = ''; // at once: a second press while the connection is lost would ask it twice
  const answer = await act(asks, stand([asks.intervention], 'queued'));
  if (!answer.refusal) say(words.text('stands.queued'));
  else if (!text.value && !name.value) [text.value, name.value] = written;
});
at('Left').addEventListener('click', rest);
at('Crowds').addEventListener('click', async ({ target }) => {
  const { place } = target.closest('button')?.dataset ?? {};
  const crowd = questions.crowds?.find((each) => each.place === place);
  if (!crowd) return;
  const reason = await sheets.reason([{ number: crowd.numbers.join(' … ') }, {}]);
  if (!reason) return;
  const answer = await questionDesk.link.request('crowd', { id: newId(), kind: place, text: reason });
  say(answer.refusal ? words.text(`refused.${answer.refusal.code}`) : words.text('stands.declined'));
});
at('Older').addEventListener('click', async () => {
  const answer = await questionDesk.link.request('older', { first: questions.more?.before ?? 0 });
  if (answer.refusal) say(words.text(`refused.${answer.refusal.code}`));
  else {
    questions.takeOlder(answer);
    show();
  }
});
at('Known').addEventListener('change', async () => {
  const answer = await act({ do: 'limit-asking', known: at('Known').checked });
  if (answer.refusal) at('Known').checked = questions.known;
});
at('Limit').replaceChildren(...LIMITS.map(choice));
at('Limit').addEventListener('change', async () => {
  const answer = await act({ do: 'limit-turns', ms: Number(at('Limit').value) });
  if (answer.refusal) at('Limit').value = String(questions.limit);
});
bell.checked = recall(BELL) === true;
bell.addEventListener('change', () => {
  keep(BELL, bell.checked);
  if (bell.checked) ring();
});
keys.form(at('KeysOn'), at('Keys'), () => {});
setInterval(tick, 1000);
setInterval(() => panels.times(), TIMES);
