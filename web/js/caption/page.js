// The captioner's page: connects the field, the text above it as readers see it, the keys, the sound and the connection
// to the server.

import { openDraftStore } from './draft_store.js';
import { Composing, onTheirWay } from './composing.js';
import { Draft } from './draft.js';
import { Hearing } from './hearing.js';
import { keysDo, keysShown, rowsOf } from './keys.js';
import { Respeaking } from './respeaking.js';
import { Suggesting } from './suggesting.js';
import { DeskAir, airKeys } from '../desk/air.js';
import { DeskAbbreviations, inThisBrowser } from '../desk/abbreviation_list.js';
import { DeskEdit } from '../lines/edit.js';
import { bdi, menu, refill } from '../desk/fill.js';
import { DeskLines } from '../lines/lines.js';
import { DeskLink, knowing, newId } from '../desk/link.js';
import { alone, ownName, languageNames } from '../lib/names.js';
import { DeskReplace } from '../lines/replace_form.js';
import { DeskState, writesInto } from '../lines/state.js';
import { at, element, only, set } from '../lib/nodes.js';
import { say } from '../lib/said.js';
import { standing } from '../lib/standing.js';
import { DeskWalking } from '../lines/walking.js';
import { Words, direction } from '../lib/words.js';

const TAKES_BACK = 20; // own lines that can be taken back, the newest first

/** @type {DeskData} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);
const languageName = languageNames(data.ui);
const state = new DeskState();
/** @type {Set<string>} */
let may = new Set();
let channel = data.channel;
let own = ''; // id of our desk
let ahead = 0; // ms by which the server's clock is ahead of ours
/** @type {?TermNews} */
let terms = null;
/** @type {?AirNews} */
let onAir = null;
/** @type {Seat[]} */
let here = [];
/** @type {{act: string, segment: string}[]} */
const written = []; // our own lines, the newest last; at most TAKES_BACK

const {store, kept, left } = await openDraftStore(`${data.link}.${data.session}`);
const draft = new Draft(kept,store, newId);
for (const each of left) {
  draft.inherit(each.kept);
  each.store.write(null);
}

/** @param {Refusal} refusal */
const refused = ({ code }) => say(words.text(`refused.${code}`));

/** Send an act of one or more commands; resolves to the answer. A refusal is shown. @param {...Command} commands */
async function act(...commands) {
  const answer = await knowing(words, (anyway) => link.request('act', { id: newId(), commands, anyway }));
  if (answer.refusal) refused(answer.refusal);
  return answer;
}

/**
 * Send a line. The act's id comes from the line's, so that a line that is sent again is stored once.
 * @param {import('./draft.js').Waiting} line
 */
async function send({ segment, channel: of, ...line }) {
  const id = `line-${segment}`;
  const answer = await link.request('act', { id, commands: [{ do: 'type', channel: of, segment, ...line }] });
  if (!answer.refusal && air.writes) { // otherwise the line was only offered, and is not in the text
    written.push({ act: id, segment });
    if (written.length > TAKES_BACK) written.shift();
  }
  return answer;
}

/** Remove our newest line from everybody's page, and put its words back into the field. */
async function takeBack() {
  const last = written.at(-1);
  const text = last && state.lines.get(last.segment)?.text.trim();
  if (draft.waiting.length) say(words.counted('on-way', draft.waiting.length)); // the newest line is not in the text yet
  else if (!last || !text) say(words.text('nothing-to-take-back'));
  else if (!draft.taking) {
    draft.takes({ ...last, text });
    await taking();
    toField();
  }
}

/**
 * Carry out the taking back that the draft has noted. Called again on the next start if this page or the server ended
 * before.
 */
async function taking() {
  const line = draft.taking;
  if (!line) return;
  await store.saved();
  const { refusal } = await link.request('undo', { id: line.act });
  const stays = refusal && state.lines.get(line.segment)?.text.trim();
  if (stays) refused(refusal);
  else if (written.at(-1)?.segment === line.segment) written.pop();
  composing.takenBack(!stays);
}

const lines = new DeskLines(state, words, { picked: () => {}, mend });
const walking = new DeskWalking(lines, { mend, mends: () => may.has('correct'), say, left: toField, picks: false, reread: (line, text) => answered(correct(line, text)) });
const abbreviations = new DeskAbbreviations(words, inThisBrowser(data.link), (change) => link.request('abbreviations', { id: newId(), change }));
/** @param {Promise<Answer>} answer */
const answered = async (answer) => {
  const { refusal } = await answer;
  if (refusal) refused(refusal);
};
/** The command that corrects a line. @param {DeskLine} base  @param {string} text */
const correction = ({ segment, revision, words: many }, text) => ({ do: 'correct', channel, segment, base_revision: revision, base_words: many, text });
/** @param {DeskLine} base  @param {string} text */
const correct = (base, text) => link.request('act', { id: newId(), commands: [correction(base, text)] });
const edit = new DeskEdit(lines, words, correct, data.clip ? clip : null, {
  opened: (segment) => link.tell('correcting', { segment }),
  inAll: (word) => replace.open(word),
  writes: (area) => abbreviations.writes(area),
  ended: (text) => abbreviations.ended(text),
  left: toField,
});
const replace = new DeskReplace(state, words, {
  correct: (rows) => link.request('act', { id: newId(), commands: rows.map(({ line, text }) => correction(line, text)) }),
  busy: () => new Set([...lines.claims.keys(), ...(lines.editing ? [lines.editing] : [])]),
  say, left: toField,
});
abbreviations.writes(at('Compose').elements.text); // before `Composing`, which looks for the end of a sentence
const composing = new Composing(draft,store, {
  send,
  stands: (segment) => state.lines.has(segment),
  how: () => ({ channel, language: at('Compose').elements.language.value, speaker: state.session?.speaking ?? null }),
  tell: (typed) => link.tell('typing', typed),
  ended: (text) => abbreviations.ended(text),
  refused,
  changed: onWay,
});
new Suggesting(composing.field, names, (from, text) => composing.complete(from, text));
const air = new DeskAir(words, data.link, { act, say, rings: true, changed: () => {
  at('OffAir').hidden = air.writes;
  composing.form.classList.toggle('off', !air.writes);
  heard();
} });
airKeys({ AirTake: 'T', AirMachine: 'M', AirGive: 'G', HeardPut: 'P' }, 'Alt');
at('HeardPut').addEventListener('click', putHeard);
const hearing = new Hearing(data.session, (name) => say(words.text(name)));
const respeaking = new Respeaking(data, () => channel, words, { say, open: () => ['open', 'paused'].includes(state.session?.status ?? '') });

let put = ''; // the words heard by the machine that were put into the field

/**
 * Show the words that the machine had heard but not written when we took over, until they are in the field or a line is
 * written.
 */
function heard() {
  const { text, language } = air.heard ?? { text: '', language: '' };
  const shown = text !== '' && text !== put && !draft.text.startsWith(text); // it may be in the field since before a reload
  if (!text) put = '';
  const heard = only('.text', at('Heard'));
  const first = shown && (at('HeardBox').hidden || heard.textContent !== text);
  [heard.lang, heard.dir, heard.textContent] = [language, direction(language), text];
  at('HeardBox').hidden = !shown;
  if (first) say(at('Heard').textContent, '#Heard');
}

function putHeard() {
  if (at('HeardBox').hidden) say(words.text('nothing-heard'));
  else {
    put = air.heard?.text ?? '';
    composing.put(put);
    heard();
    toField();
  }
}

/** The names and terms for completion in the chosen language. */
function names() {
  const { value: language } = at('Compose').elements.language;
  const fits = (terms?.terms ?? []).filter((term) => !term.language || term.language.split('-')[0] === language.split('-')[0]);
  return [...fits.map(({ term }) => term), ...Object.values(state.session?.speakers ?? {})];
}

/**
 * Open a line for correction, if that is allowed here.
 * @param {string} segment  @param {import('../lines/lines.js').WordSpan} [word]  what to select
 */
function mend(segment, word) {
  if (may.has('correct')) edit.open(segment, word);
}

/** The address of a piece of the meeting's sound. @param {number} from  @param {number} to  both in media ms */
function clip(from, to) {
  return `${data.base}/clip?${new URLSearchParams({ channel, from: String(Math.round(from)), to: String(Math.round(to)) })}`;
}

/** Go back to the field and to the newest line. */
function toField() {
  composing.field.focus({ preventScroll: true });
  lines.held = false;
  lines.newest();
}

/** Set the speaker. The text in the field is sent first, since the speaker before said it. @param {?string} speaker */
async function take(speaker) {
  if (!may.has('set-speaker')) return;
  if (composing.own && !draft.apart) composing.sendAll();
  const { session } = state;
  const before = session?.speaking ?? null;
  if (session) session.speaking = speaker; // already for what is typed before the answer
  people();
  const answer = await act({ do: 'set-speaker', channel, speaker });
  if (answer.refusal && session) session.speaking = before;
  people();
}

const speakers = () => Object.entries(state.session?.speakers ?? {});

/** @type {import('./keys.js').Keys} */
const keys = {
  ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`Digit${i + 1}`, {
    does: () => speakers()[i] && take(speakers()[i][0]), says: words.text('press.speakers'),
  }])),
  Digit0: { does: () => take(null), says: words.text('press.nobody') },
  KeyU: { does: (back) => may.has('correct') && walking.doubt(back ? 1 : -1), says: words.text('press.doubt') },
  KeyK: { does: () => newest(), says: words.text('press.newest') },
  KeyW: { does: toField, says: words.text('press.field') },
  KeyT: { does: () => air.take(), says: words.text('press.air') },
  KeyG: { does: () => air.give(), says: words.text('press.give') },
  KeyM: { does: () => air.machine(), says: words.text('press.machine') },
  KeyO: { does: () => air.takeLine(), says: words.text('press.offered') },
  KeyP: { does: putHeard, says: words.text('press.heard') },
  KeyV: { does: () => may.has('put-on-air') && respeaking.turn(), says: words.text('press.respeak') },
  KeyB: { does: () => air.bell(), says: words.text('press.bell') },
  KeyZ: { does: takeBack, says: words.text('press.back') },
  KeyS: { does: () => hearing.turn(), says: words.text('press.listen') },
  KeyR: { does: () => hearing.again(1), says: words.text('press.again') },
  KeyH: { does: () => hearing.again(2), says: words.text('press.slower') },
};
keysDo(keys);
keysShown([
  [['Enter'], words.text('press.send')], [['Tab'], words.text('press.take')], ...rowsOf(keys),
  [['↑', '↓', '←', '→'], words.text('press.walk')], [['1', '2', '3'], words.text('press.reading')], [['Esc'], words.text('press.leave')],
]);

/** Open the newest line in its box. */
function newest() {
  const line = state.newest();
  if (line) mend(line.segment);
}

composing.field.addEventListener('keydown', (event) => {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { field } = composing;
  if (event.key === 'Enter') {
    event.preventDefault();
    composing.sendAll();
  } else if (event.key === 'ArrowUp' && field.selectionEnd === 0) {
    event.preventDefault();
    walking.newest(); // go up into the lines
  }
});
addEventListener('keydown', (event) => {
  const { target, key } = event;
  if (event.defaultPrevented || event.isComposing || event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]')) return;
  const line = target.closest?.('#Lines');
  if (key === 'Escape' && (line || target === lines.box || target === document.body)) toField();
  // With an input method the first key of a word is `Process` or `Dead`, not a letter.
  else if (([...key].length === 1 || key === 'Process' || key === 'Dead') && key !== ' ' && (target === document.body || target === lines.box || (line && !target.matches('textarea, input')))) composing.field.focus(); // the letter is typed there
});

const link = new DeskLink('/desk', () => ({ session: data.session, channel, after: state.position, name: ownName(), role: data.role }), { joined, told, stands });

/** The page has joined the session: take over the state in the answer. @param {Answer} answer */
function joined(answer) {
  may = new Set(answer.may);
  at('Log').classList.toggle('unmended', !may.has('correct'));
  own = answer.desk;
  ahead = answer.now - Date.now();
  state.channel = channel = answer.channel;
  Object.assign(state.words, answer.words);
  here = answer.presence;
  terms = answer.news.terms;
  onAir = answer.news.air;
  state.readings = answer.news.readings?.[channel] ?? {};
  link.tell('correcting', { segment: lines.editing });
  abbreviations.share();
  if (state.session) everything();
  if (state.session) composing.again();
}

/** Take over who is at desks, and which lines they are correcting. @param {Seat[]} seats */
function presence(seats) {
  here = seats;
  const others = here.filter(({ desk, correcting }) => correcting && desk !== own);
  lines.claimed(new Map(others.map(({ correcting, name, label, role }) => [correcting ?? '', words.text('claimed', { name: alone(name || label || words.text(`role.${role}`)) })])));
  replace.show();
  air.show(onAir, channel, here);
}

/** @param {Told} told */
function told(...[event, body]) {
  if (event === 'frame') frame(body);
  else if (event === 'presence') presence(body);
  else if (event === 'terms') terms = body;
  else if (event === 'readings') {
    state.readings = body?.[channel] ?? {};
    walking.settle();
  }
  else if (event === 'air') {
    onAir = body;
    air.show(onAir, channel, here);
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
  const first = change.whole && at('Desk').hidden;
  if (change.whole) everything();
  const follows = lines.follows();
  lines.update(change);
  walking.settle();
  edit.look();
  replace.show();
  if (change.session) around();
  if (change.lines.size || change.whole) onWay();
  elsewhere();
  if (follows) lines.toEnd();
  if (first) {
    toField();
    taking();
  }
  if (change.whole) composing.again();
  now();
}

/** Show what somebody else is typing into this text, and words that are not kept. */
function elsewhere() {
  const { typing } = state.signals;
  const text = typing && typing.segment !== draft.line && !draft.waiting.some(({ segment }) => segment === typing.segment) && !state.lines.has(typing.segment) ? typing.text : '';
  const { unrecorded, unsaved } = state.signals;
  const [kind, rest] = unrecorded?.text ? ['unrecorded', unrecorded.text] : ['unsaved', unsaved?.text ?? ''];
  at('Elsewhere').hidden = !text;
  only('.text', at('Elsewhere')).textContent = text ?? '';
  at('Unsaved').hidden = !rest.trim();
  at('Unsaved').replaceChildren(element('p', { class: 'mark' }, words.text(kind)), element('p', { class: 'text', dir: 'auto' }, rest.trim()));
}

/** Show the lines that wait for the server's answer. */
function onWay() {
  const follows = lines.follows();
  onTheirWay(draft.waiting.filter(({ segment }) => !state.lines.has(segment)), words);
  if (follows) lines.toEnd();
}

/** Show the state of the connection. @param {LinkState} how  @param {number} waiting  requests without an answer */
function stands(how, waiting) {
  const line = at('Stands');
  const kind = how === 'open' && waiting > 3 ? 'waiting' : how;
  line.dataset.kind = kind === 'open' ? 'live' : 'lost';
  set(line, words.text(`line.${kind}`, { n: waiting }));
  at('State').hidden = how !== 'open'; // without a connection the last status may be wrong
  if (how === 'shut') say(line.textContent, '#Stands');
}

function everything() {
  at('Desk').hidden = false;
  for (const part of document.querySelectorAll('[data-needs]')) part.hidden = !part.dataset.needs?.split(' ').some((need) => may.has(need));
  texts();
  around();
  presence(here);
  lines.update({ whole: true, lines: new Set() });
  lines.toEnd();
}

function around() {
  const { session } = state;
  if (!session) return;
  at('Title').textContent = session.title;
  composing.stands(session);
  const live = session.status === 'open' || session.status === 'paused';
  const keeps = session.status === 'open' && (session.not_recorded ?? null) === null;
  at('Unkept').hidden = keeps;
  set(at('Unkept'), keeps ? '' : words.text(live ? 'unkept' : 'not-open'));
  people();
  const languages = session.channels[channel]?.languages ?? session.languages;
  menu(at('Compose').elements.language, languages.map((tag) => [tag, languageName(tag)]), session.forced ?? languages[0]);
  at('WriteIn').hidden = languages.length < 2;
  composing.written();
  now();
}

/** Show the speakers, each with the figure of its key. */
function people() {
  const speaking = state.session?.speaking ?? null;
  const button = (/** @type {?string} */ id, /** @type {string} */ name, /** @type {string} */ key) => {
    const made = element('button', { type: 'button', 'data-key': id ?? '-', 'aria-pressed': String(speaking === id), 'aria-keyshortcuts': key ? `Alt+${key}` : null });
    if (key) made.append(element('kbd', { 'aria-hidden': 'true' }, key), ' ');
    made.append(bdi(name));
    made.addEventListener('click', () => {
      take(id);
      toField();
    });
    return element('li', {}, made);
  };
  refill(at('Speakers'), [...speakers().map(([id, name], i) => button(id, name, i < 9 ? String(i + 1) : '')), button(null, words.text('nobody'), '0')]);
  const name = state.session?.speakers[speaking ?? ''] ?? '';
  set(at('SpeaksNow'), name ? words.text('speaks', { name: alone(name) }) : words.text('speaks.nobody'));
}

/** Show buttons for the texts into which we may write, where there is more than one. */
function texts() {
  const all = Object.entries(state.session?.channels ?? {}).filter(([, { kind }]) => writesInto(may, kind));
  at('Texts').hidden = all.length < 2;
  refill(only('ul', at('Texts')), all.map(([name, { kind, languages }]) => {
    const button = element('button', { type: 'button', 'data-key': name, 'aria-pressed': String(name === channel) }, words.text(`kind.${kind}`, { language: languageName(languages[0]) }));
    button.addEventListener('click', () => choose(name));
    return element('li', {}, button);
  }));
  if (all.length && !all.some(([name]) => name === channel)) choose(all[0][0]);
}

/** Change to another text. @param {string} name  of its channel */
function choose(name) {
  if (composing.own && !draft.apart) composing.sendAll(); // it was typed for the text that we leave
  respeaking.stop(); // it was begun for that text
  channel = name;
  state.position = null;
  lines.clear();
  link.join();
}

/** Show the status line. Called each second, and after each change. */
function now() {
  if (!state.session) return;
  const { kind, n } = standing({
    now: Date.now() + ahead, status: state.session.status, cancelled: state.session.cancelled ?? null, cutAt: null, backAt: null, online: true,
    unsaved: Boolean(state.signals.unsaved?.text), lastWords: Boolean(state.signals['last-words']?.awaited),
    sound: state.signals.state ?? null, spoke: state.spoke,
  });
  at('State').dataset.kind = kind;
  set(at('State'), words.text(`standing.${kind}`, { n }));
}

at('AddSpeaker').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { name } = at('AddSpeaker').elements;
  const text = name.value.trim();
  if (!text) return;
  name.value = '';
  const answer = await act({ do: 'introduce', speaker: newId(), name: text });
  if (answer.refusal) name.value ||= text;
});
only('.text', at('Elsewhere')).dir = direction(''); // its language is not known
setInterval(now, 1000);
