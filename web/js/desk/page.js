// The staff's page of a meeting: connects the text, the editor, the panels, the keys and the connection to the server.

import { DeskAir, airKeys } from './air.js';
import { DeskAbbreviations, inThisBrowser } from './abbreviation_list.js';
import { clearsWall } from './clear_wall.js';
import { DeskEdit } from '../lines/edit.js';
import { menu } from './fill.js';
import { DeskKeeping } from './keeping.js';
import { DeskKeys } from './keys.js';
import { DeskLines } from '../lines/lines.js';
import { DeskLink, knowing, newId } from './link.js';
import { alone, keepOwnName, ownName, spokenChoices } from '../lib/names.js';
import { DeskNotes } from './notes.js';
import { DeskOutcome } from './outcome.js';
import { DeskTopics } from '../topics/desk.js';
import { DeskPanel } from './panel.js';
import { DeskRemove } from './remove.js';
import { DeskReplace } from '../lines/replace_form.js';
import { DeskState, writesInto } from '../lines/state.js';
import { DeskTerms } from './terms.js';
import { DeskVoices } from '../lines/voices.js';
import { at, element, only, set } from '../lib/nodes.js';
import { say, unsay } from '../lib/said.js';
import { standing } from '../lib/standing.js';
import { DeskWalking } from '../lines/walking.js';
import { Words } from '../lib/words.js';
import { wordsBefore } from '../lines/word_spans.js';
import { DeskWriting } from './writing.js';

const REDONE = 60000; // ms of sound that are recognised again after a change of language

/** @type {DeskData} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);
const state = new DeskState();
/** @type {Set<string>} */
let may = new Set();
let channel = data.channel;
let own = ''; // id of our desk
/** @type {Seat[]} */
let here = []; // everybody at a desk of this session
/** @type {Omit<DeskNews, 'interventions' | 'balance' | 'set-aside' | 'lately' | 'crowds'>} */
let news = { gauges: null, reports: null, alarm: null, overrun: null, 'next-session': null, quality: null, proposals: null, terms: null, hubs: null, outcome: null, draft: null, topics: null, air: null, readings: null, voices: null };
let ahead = 0; // ms by which the server's clock is ahead of ours

/** Show why a request was refused; if somebody else has gone on to another meeting first, who that was. */
const refused = (/** @type {Refusal} */ { code, gone_on: quicker, first_know: asked }) => {
  if (asked) return; // whoever was asked first, and said no, knows
  if (!quicker) say(words.text(`refused.${code}`));
  else say(words.text(quicker.who ? 'gone-on' : 'gone-on.nobody', { who: alone(quicker.who), title: alone(quicker.title) }));
};

/** Send an act of one or more commands; resolves to the answer. A refusal is shown. @param {...Command} commands */
async function act(...commands) {
  const answer = await knowing(words, (anyway) => link.request('act', { id: newId(), commands, anyway }));
  if (answer.refusal) refused(answer.refusal);
  return answer;
}

const take = (/** @type {?string} */ speaker) => act({ do: 'set-speaker', channel, speaker });
const panel = new DeskPanel(state, words, data, {
  take,
  undo,
  say,
  report: (answer, kind) => link.request(answer, { id: newId(), kind }),
});
const spoken = () => state.session?.channels[channel]?.languages ?? state.session?.languages ?? [];
const air = new DeskAir(words, data.link, { act, say, rings: data.role === 'captioner' });
const terms = new DeskTerms(words, panel.languageName, { act, say, spoken });
const keeping = new DeskKeeping({ act, words });
const notes = new DeskNotes(state, words, data, { act, say });
const lines = new DeskLines(state, words, { picked, mend, named: (segment, right) => voices.answer(right, segment) });
const voices = new DeskVoices(state, words, lines, { act, refuse: (segments) => link.request('not-theirs', { id: newId(), segments }) });
const walking = new DeskWalking(lines, {
  mend, mends: () => may.has('correct'), say,
  reread: async (line, text) => {
    const { refusal } = await correct(line, text);
    if (refusal) refused(refusal);
  },
  split: (line, offset) => splits() && split(line, offset),
});
const splits = () => may.has('split') && state.session?.channels[channel]?.kind !== 'translation';
const abbreviations = new DeskAbbreviations(words, inThisBrowser(data.link), (change) => link.request('abbreviations', { id: newId(), change }));
const left = () => lines.box.focus({ preventScroll: true }); // a form was closed
const ended = (/** @type {string} */ text) => abbreviations.ended(text);
const outcome = new DeskOutcome(state, words, lines, data.base, { act, say });
const topics = new DeskTopics(words, { act, say, now: () => state.mediaNow(Date.now() + ahead) });
const edit = new DeskEdit(lines, words, correct, data.clip ? clip : null, {
  opened: (segment) => link.tell('correcting', { segment }),
  inAll: (word) => replace.open(word),
  writes: (area) => abbreviations.writes(area),
  ended,
  splits,
  split,
});
const replace = new DeskReplace(state, words, {
  correct: (rows) => link.request('act', { id: newId(), commands: rows.map(({ line, text }) => correction(line, text)) }),
  busy: () => new Set([...lines.claims.keys(), ...(lines.editing ? [lines.editing] : [])]),
  say, left,
});
const writing = new DeskWriting(data, {
  ended,
  type: (segment, text, language) => act({ do: 'type', channel, segment, text, language }),
  refused: (refusal) => keeping.refused(refusal),
  tell: (typed) => link.tell('typing', typed),
  left,
});
abbreviations.writes(writing.field);
const keys = new DeskKeys({
  nobody: () => may.has('set-speaker') && take(null),
  ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`speaker${i + 1}`, () => {
    const speaker = panel.speakers()[i];
    if (speaker && data.names) take(speaker[0]);
    else if (!data.names && may.has('tag-segment')) outcome.choose(i);
  }])),
  correct: () => {
    const segment = lines.current ?? state.newest()?.segment;
    if (segment) mend(segment, walking.chosen?.span);
  },
  doubt: () => may.has('correct') && walking.doubt(1),
  newest: () => walking.newest(),
  yes: () => may.has('assign') && voices.answer(true),
  no: () => may.has('assign') && voices.answer(false),
  replace: () => may.has('correct') && replace.open(),
  write: () => may.has('type') && at('Write').elements.text.focus(),
  undo: undoLast,
  air: () => may.has('put-on-air') && air.take(),
  topic: () => topics.go(),
  machine: () => may.has('put-on-air') && air.machine(),
  ...Object.fromEntries(Object.entries(outcome.keys()).map(([name, does]) => [name, () => may.has('tag-segment') && does()])),
}, (name) => (name.startsWith('speaker') ? words.text(data.names ? 'key.speaker' : 'key.policy', { n: name.slice(7) }) : words.text(`key.${name}`)));

const link = new DeskLink('/desk', () => ({
  session: data.session, channel, after: state.position, name: ownName(), role: data.role,
}), { joined, told, stands });

/** Undo an act, or say why that can't be done. @param {string} id */
async function undo(id) {
  const answer = await link.request('undo', { id });
  if (!answer.refusal) say(words.text('undone'));
  else if (answer.refusal.code === 'stale' && panel.moved(id)) say(words.text('undo.changed'));
  else refused(answer.refusal);
}

function undoLast() {
  const last = panel.undoable();
  if (last) undo(last.id);
}

/** The command that corrects a line. @param {DeskLine} base  @param {string} text */
const correction = ({ segment, revision, words: many }, text) => ({ do: 'correct', channel, segment, base_revision: revision, base_words: many, text });

/** @param {DeskLine} base  @param {string} text */
function correct(base, text) {
  return link.request('act', { id: newId(), commands: [correction(base, text)] });
}

/**
 * Open a line for correction, if that is allowed here.
 * @param {string} segment  @param {import('../lines/lines.js').WordSpan} [span]  what to select
 */
function mend(segment, span) {
  if (may.has('correct')) edit.open(segment, span);
}

/**
 * Another person speaks from an index of a line's text on: the line is split there. At its beginning they speak after
 * the line before it, at its end after it.
 * @param {DeskLine} line  @param {number} offset
 */
async function split(line, offset) {
  const count = (/** @type {DeskLine} */ each, end = Infinity) => wordsBefore(each.text.trim(), end, each.revision ? [] : state.words[each.segment]);
  const word = count(line, offset);
  const all = state.shown();
  const meant = word ? line : all[all.findIndex(({ segment }) => segment === line.segment) - 1];
  if (!meant) return;
  const many = count(meant);
  const parts = word > 0 && word < many;
  const { segment, revision } = meant;
  const answer = await act({ do: 'split', channel, segment, revision, word: parts ? word : many, into: parts ? newId() : null });
  if (!answer.refusal) say(words.text(parts ? 'did.split' : 'did.follows'));
}

/** The address of a piece of the meeting's sound. @param {number} from  @param {number} to  both in media ms */
function clip(from, to) {
  return `${data.base}/clip?${new URLSearchParams({ channel, from: String(Math.round(from)), to: String(Math.round(to)) })}`;
}

// Messages from the server

/** The page has joined the session: take over the state in the answer. @param {Answer} answer */
function joined(answer) {
  panel.joined(answer);
  ({ may } = panel);
  at('Log').classList.toggle('unmended', !may.has('correct'));
  own = answer.desk;
  ahead = answer.now - Date.now();
  state.channel = answer.channel;
  state.notes = answer.notes;
  Object.assign(state.words, answer.words);
  here = answer.presence;
  news = { ...news, ...answer.news };
  link.tell('correcting', { segment: lines.editing });
  writing.again();
  if (may.has('type') || may.has('correct')) abbreviations.share();
  if (state.session) everything();
}

/** Show who is here and which lines they are correcting. @param {Seat[]} seats */
function presence(seats) {
  here = seats;
  panel.here(here, own);
  const others = here.filter(({ desk, correcting }) => correcting && desk !== own);
  lines.claimed(new Map(others.map(({ correcting, name, label, role }) => [correcting ?? '', words.text('claimed', { name: alone(name || label || words.text(`role.${role}`)) })])));
  replace.show();
  air.show(news.air, channel, here);
}

/** @param {Told} told */
function told(...[event, body]) {
  if (event === 'frame') frame(body);
  else if (event === 'presence') presence(body);
  else if (event === 'acted') panel.acted(body);
  else if (event === 'forgotten') panel.forget(body);
  else if (event in news) {
    news = { ...news, [event]: body };
    if (event === 'readings') {
      state.readings = body?.[channel] ?? {};
      walking.settle();
    } else around();
  }
}

/** Fold a frame into the state, and show what has changed. @param {DeskFrame} body */
function frame(body) {
  ahead = body.sent - Date.now();
  const change = state.apply(body);
  if (change.lost) {
    link.join();
    return;
  }
  if (change.whole) everything();
  const follows = lines.follows();
  lines.update(change);
  walking.settle();
  edit.look();
  replace.show();
  if (change.session) around();
  if (change.notes) notes.show();
  const { unrecorded, unsaved } = state.signals;
  const [kind, text] = unrecorded?.text ? ['unrecorded', unrecorded.text] : ['unsaved', unsaved?.text ?? ''];
  at('Unsaved').hidden = !text.trim();
  at('Unsaved').replaceChildren(element('p', { class: 'mark' }, words.text(kind)), element('p', { class: 'text', dir: 'auto' }, text.trim()));
  if (follows) lines.toEnd(); // words that are not kept are shown after the lines, and change the length
  now();
}

/** Show the state of the connection. @param {LinkState} how  @param {number} waiting  requests without an answer */
function stands(how, waiting) {
  const line = at('Stands');
  const kind = how === 'open' && waiting ? 'waiting' : how;
  line.dataset.kind = kind === 'open' ? 'live' : 'lost';
  set(line, words.text(`line.${kind}`, { n: waiting }));
  at('State').hidden = how !== 'open'; // without a connection the last status may be wrong
  if (how === 'shut') say(line.textContent, '#Stands');
}

// Display

function everything() {
  const first = at('Desk').hidden;
  at('Desk').hidden = false;
  for (const part of document.querySelectorAll('[data-needs]')) part.hidden = !part.dataset.needs?.split(' ').some((need) => may.has(need));
  texts();
  around();
  panel.done();
  presence(here);
  lines.update({ whole: true, lines: new Set() });
  lines.toEnd();
  if (first && location.hash === '#Outcome') at('Outcome').scrollIntoView(); // it was hidden when the browser looked for it
}

/** Show everything around the text. */
function around() {
  const { session } = state;
  if (!session) return;
  at('Title').textContent = session.title;
  for (const button of document.querySelectorAll('[data-when]')) button.hidden = !button.dataset.when?.split(' ').includes(session.status);
  panel.nextSession(news['next-session'], may.has('close'));
  const live = session.status === 'open' || session.status === 'paused';
  at('Write').hidden = !writesInto(may, session.channels[channel]?.kind) || !live;
  keeping.stands(session, may);
  writing.stands(session);
  panel.people(keys);
  voices.show(news.voices, may.has('agree-voice'));
  panel.proposals(news.proposals, may.has('correct'));
  panel.news(news, { off: session.not_recorded ?? null, answers: may.has('correct') || may.has('close'), resumes: may.has('resume') });
  terms.show(news.terms, may.has('term'));
  notes.take(news.hubs);
  outcome.show(news.outcome);
  topics.show(news.topics, may.has('take-up') && live);
  state.readings = news.readings?.[channel] ?? {};
  air.show(news.air, channel, here);
  choices();
  now();
}
/** Show the buttons for the meeting's texts, where it has more than one. */
function texts() {
  const all = Object.entries(state.session?.channels ?? {});
  at('Texts').hidden = all.length < 2;
  only('ul', at('Texts')).replaceChildren(...all.map(([name, { kind, languages }]) => {
    const text = words.text(`kind.${kind}`, { language: panel.languageName(languages[0]) });
    const button = element('button', { type: 'button', 'aria-pressed': String(name === channel) }, text);
    button.addEventListener('click', () => {
      channel = name;
      state.position = null;
      lines.clear();
      link.join();
    });
    return element('li', {}, button);
  }));
}

/** Fill the menus of languages and speakers. */
function choices() {
  const { session } = state;
  if (!session) return;
  const languages = spoken();
  /** @type {[string, string][]} */
  const named = languages.map((tag) => [tag, panel.languageName(tag)]);
  const choices = spokenChoices(named, session.channels[channel]?.kind === 'floor' ? data.languages : [], words.text('detected'), data.ui);
  menu(at('Force').elements.language, choices, session.forced ?? choices[0][0]);
  at('Tongues').hidden = !may.has('force-language') || choices.length < 2;
  menu(at('Write').elements.language, named, session.forced ?? languages[0]);
  menu(at('AddTerm').elements.language, [['', words.text('term.any')], ...named]);
  at('WriteIn').hidden = at('TermIn').hidden = languages.length < 2;
  menu(at('Give').elements.speaker, [...panel.speakers(), ['', words.text('nobody')]]);
  menu(at('RemoveOf').elements.speaker, panel.speakers());
  at('RemoveWords').hidden = !may.has('remove');
  at('RemoveOf').hidden = !panel.speakers().length;
  menu(at('Give').elements.session, data.others);
  at('Move').hidden = !may.has('move-away') || !data.others.length;
  writing.written();
}

/** Show the status line. Called each second, and after each change. */
function now() {
  if (!state.session) return;
  topics.tick();
  const { kind, n } = standing({
    now: Date.now() + ahead, status: state.session.status, cancelled: state.session.cancelled ?? null, cutAt: null, backAt: null, online: true,
    unsaved: Boolean(state.signals.unsaved?.text), lastWords: Boolean(state.signals['last-words']?.awaited),
    sound: state.signals.state ?? null, spoke: state.spoke,
  });
  const [line, text] = [at('State'), words.text(`standing.${kind}`, { n })];
  const begins = kind === 'last-words' && line.dataset.kind !== kind;
  if (kind !== 'last-words') unsay(words.text('standing.last-words'));
  line.dataset.kind = kind;
  set(line, text);
  if (begins) say(text, '#State');
}

/** Show the form for picked lines. @param {string[]} segments */
function picked(segments) {
  at('Give').hidden = !segments.length;
  if (segments.length) at('Picked').textContent = words.counted('picked-lines', segments.length);
}

// Actions

clearsWall(act, words, say);

const SIMPLE = new Set(['open', 'pause', 'resume', 'close', 'reopen', 'recorded']);
document.addEventListener('click', ({ target }) => {
  const name = target.closest('button[data-act]')?.dataset.act;
  if (name && SIMPLE.has(name)) act({ do: name });
});

at('Next').addEventListener('click', async () => {
  const then = news['next-session']?.session;
  const answer = await knowing(words, (anyway) => link.request('next', { id: newId(), then, anyway }));
  if (answer.refusal) refused(answer.refusal);
  else location.assign(`/desk/${encodeURIComponent(answer.session)}${location.search}`);
});

/**
 * Call `does` with a form's fields in place of submitting it.
 * @template {keyof Forms} Id  @param {Id} id  @param {(fields: Forms[Id]) => unknown} does
 */
function form(id, does) {
  at(id).addEventListener('submit', async (event) => {
    event.preventDefault();
    await does(/** @type {Form<Forms[Id]>} */ (event.target).elements);
  });
}

form('AddSpeaker', async ({ name }) => {
  const text = name.value.trim();
  if (!text) return;
  name.value = '';
  const answer = await act({ do: 'introduce', speaker: newId(), name: text });
  if (answer.refusal) name.value ||= text;
});
form('Force', async ({ language }) => {
  const answer = await link.request('redo', { id: newId(), channel, language: language.value || null, back: REDONE });
  if (answer.refusal) refused(answer.refusal);
});
form('Called', async ({ name }) => {
  keepOwnName(name.value);
  await link.request('name', { name: name.value.trim() });
});
form('Give', async ({ speaker }) => {
  const answer = await act({ do: 'assign', segments: lines.chosen(), speaker: speaker.value || null });
  if (!answer.refusal) lines.clear();
});
at('MoveNow').addEventListener('click', async () => {
  const session = at('Give').elements.session.value;
  const answer = await link.request('move', { id: newId(), channel, segments: lines.chosen(), session });
  if (answer.refusal) refused(answer.refusal);
  else lines.clear();
});
const removing = new DeskRemove(words, async (removes) => {
  const answer = await link.request('remove', { id: newId(), removes });
  if (answer.refusal) {
    refused(answer.refusal);
    return;
  }
  say(words.text('removed'));
  lines.clear();
  at('Log').focus({ preventScroll: true });
}, async (removes) => {
  const answer = await link.request('concerned', { id: newId(), removes });
  if (!answer.refusal) return answer.lines;
  refused(answer.refusal);
  return null;
});
at('RemoveLines').addEventListener('click', () => removing.lines(lines.chosen()));
form('RemoveOf', ({ speaker, named }) => removing.speaker(speaker.value, speaker.selectedOptions[0]?.textContent ?? '', named.checked));
form('RemoveSpan', (elements) => removing.spanOf(elements, say));
at('SpanOfPicked').addEventListener('click', () => {
  removing.fill(at('RemoveSpan').elements, lines.chosen().flatMap((id) => state.lines.get(id) ?? []), say);
});
form('AddTerm', async ({ term, language }) => {
  const name = term.value.trim();
  if (!name) return;
  term.value = '';
  const answer = await terms.choose(name, true, language.value || null);
  if (answer.refusal) term.value ||= name;
});
at('Unpick').addEventListener('click', () => {
  lines.clear();
  at('Log').focus({ preventScroll: true });
});
at('UndoLast').addEventListener('click', undoLast);
at('Called').elements.name.value = ownName();
const showAirKeys = () => airKeys({ AirTake: keys.key('air'), AirMachine: keys.key('machine') });
showAirKeys();
keys.form(at('KeysOn'), at('Keys'), () => {
  showAirKeys();
  if (state.session) panel.people(keys);
});
setInterval(now, 1000);

const foot = only('.foot');
new ResizeObserver(() => document.body.style.setProperty('--foot', `${foot.offsetHeight}px`)).observe(foot);
const above = new ResizeObserver(() => document.body.style.setProperty('--above', `${at('Desk').offsetTop}px`));
for (const part of [only('.house-frame'), at('Notices')]) above.observe(part);
