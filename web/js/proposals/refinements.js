// The page of a second pass's proposals, on which staff read, hear, accept or leave them, also by keys, and can undo
// each act.

import { DeskKeys } from '../desk/keys.js';
import { DeskLink, newId } from '../desk/link.js';
import { alone, ownName } from '../lib/names.js';
import { DeskPanel } from '../desk/panel.js';
import { DeskState } from '../lines/state.js';
import { at, set } from '../lib/nodes.js';
import { RefinementRows, WAITING, counts } from './refinement_rows.js';
import { say } from '../lib/said.js';
import { frameStands } from '../lib/staff_frame.js';
import { Words } from '../lib/words.js';

const BEFORE = 1000; // ms of sound before a line
const AFTER = 1500; // ms of sound after it
const LONGEST = 60000; // ms of sound in one request at most
const ABOVE = 3; // decided proposals that are shown above the first one that waits
const PAGE = 50; // rows in one answer, as in services/desks/proposals.py
const KEYS = { accept: 'a', leave: 'l', hear: 'h', next: 'n', before: 'p', undo: 'u' };

/** @type {DeskData} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);
const state = new DeskState();
let run = ''; // id of the second pass that is shown
/** @type {{row: Proposal, after?: string}[]} */
let left = []; // proposals left on this page, with the newest act before each: to leave one is no act in the log
let asked = false; // whether rows are being fetched
let newest = { run: '', fates: '' }; // the latest news

const refused = (/** @type {Refusal} */ { code }) => say(words.text(`refused.${code}`));
const rows = new RefinementRows(words, { does, sound: data.clip });
const panel = new DeskPanel(state, words, data, { undo, say });
const time = new Intl.DateTimeFormat(data.ui, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23', timeZone: data.zone });

const onCurrent = (/** @type {string} */ what) => () => rows.current && rows.waits(rows.current) && does(what, rows.current);
const keys = new DeskKeys({
  accept: onCurrent('accept'),
  leave: onCurrent('leave'),
  hear: () => data.clip && rows.current && does('hear', rows.current),
  next: () => next(),
  before: () => rows.go(-1),
  undo: () => undoLast(),
}, (name) => words.text(`key.${name}`), KEYS, 'moothall.refinements.keys');

const link = new DeskLink('/desk', () => ({
  session: data.session, channel: data.channel, after: state.position, name: ownName(), role: data.role,
}), { joined, told, stands });

// Messages from the server

/** The page has joined the session: take over the state in the answer. @param {Answer} answer */
async function joined(answer) {
  panel.joined(answer);
  at('Desk').hidden = false;
  await news(answer.news.proposals);
  if (state.session) panel.done();
}

/** @param {Told} told */
function told(...[event, body]) {
  if (event === 'frame') {
    const change = state.apply(body);
    if (change.lost) link.join();
    else if (change.session) {
      panel.done();
      if (state.session) frameStands(state.session);
    }
  } else if (event === 'acted') panel.acted(body);
  else if (event === 'forgotten') panel.forget(body);
  else if (event === 'proposals') news(body);
}

/** Show the state of the connection. @param {LinkState} how  @param {number} waiting  requests without an answer */
function stands(how, waiting) {
  const kind = how === 'open' && waiting ? 'waiting' : how;
  at('Stands').dataset.kind = kind === 'open' ? 'live' : 'lost';
  const text = words.text(`line.${kind}`, { n: waiting });
  set(at('Stands'), text);
  if (how === 'shut') say(text, '#Stands');
}

/** Handle news of another second pass, or of new fates. @param {DeskNews['proposals']} body */
async function news(body) {
  newest = body ?? { run: '', fates: '' };
  if (asked) return;
  asked = true;
  let seen;
  do { // more news may come while rows are fetched
    seen = newest;
    if (seen.run !== run || seen.fates.length !== rows.fates.length) await begin(seen.fates);
    else await stand(seen.fates);
  } while (seen !== newest);
  asked = false;
}

/** Show a second pass from its first proposals that wait. @param {string} fates */
async function begin(fates) {
  const first = Math.max(0, [...fates].findIndex((fate) => WAITING.includes(fate)) - ABOVE);
  const answer = await link.request('proposals', { first });
  if (answer.refusal) {
    refused(answer.refusal);
    return;
  }
  run = answer.run;
  rows.fates = answer.fates;
  rows.begin(answer.rows);
  set(at('By'), run ? words.text('by', { model: alone(answer.model), time: time.format(answer.at) }) : words.text('none'));
  around();
}

/** Show new fates, and fetch the present texts of lines that were changed otherwise. @param {string} fates */
async function stand(fates) {
  if (fates === rows.fates) return;
  const changed = rows.stand(fates);
  around();
  if (!changed.length) return;
  const answer = await link.request('proposals', { segments: changed.map(({ segment }) => segment) });
  if (!answer.refusal && answer.run === run) rows.add(answer.rows);
}

function around() {
  counts(rows, words);
  at('Counts').hidden = !run;
  const untouched = rows.count('w');
  const focused = document.activeElement === at('AcceptAll');
  at('AcceptAll').hidden = at('AllHint').hidden = !untouched;
  if (focused && !untouched) at('Log').focus({ preventScroll: true });
  set(at('AcceptAll'), words.counted('accepting', untouched));
  at('Earlier').hidden = !rows.rows.length || rows.rows[0].n === 0;
  at('More').hidden = !rows.rows.length || (rows.rows.at(-1)?.n ?? 0) + 1 >= rows.fates.length;
}

/** Show more rows from number `first` on; resolves to whether there were any. @param {number} first */
async function more(first) {
  if (!rows.rows.length || first < 0 || first >= rows.fates.length) return false;
  const answer = await link.request('proposals', { first });
  if (answer.refusal || answer.run !== run) return false;
  rows.add(answer.rows);
  around();
  return answer.rows.length > 0;
}

// Actions

/** Carry out what a button or key stands for. @param {string} what  @param {Proposal} row */
async function does(what, row) {
  if (what === 'hear') {
    hear(row);
    return;
  }
  const message = what === 'leave' ? 'leave-lines' : what === 'back' ? 'take-up' : 'accept';
  const answer = await link.request(message, { id: newId(), run, segments: [row.segment] });
  if (answer.refusal) {
    refused(answer.refusal);
    return;
  }
  if (what === 'leave') left.push({ row, after: panel.undoable()?.id });
  else left = left.filter((each) => each.row.segment !== row.segment);
  say(words.text(`done.${what}`));
  if (what !== 'back') await next();
}

/** Go to the next proposal that waits; fetch rows for it if need be. */
async function next() {
  const reached = rows.go(1);
  if (reached) return;
  const last = rows.rows.at(-1)?.n ?? -1;
  const ahead = [...rows.fates].findIndex((fate, n) => n > last && WAITING.includes(fate));
  if (ahead < 0) return;
  // All rows up to it are fetched, since the list has no gaps.
  for (let first = last + 1; first <= ahead; first += PAGE) if (!await more(first)) return;
  rows.go(1);
}

/** Undo the last act of anybody, or take back the last proposal left here, whichever is newer. */
async function undoLast() {
  const last = panel.undoable();
  const aside = left.at(-1);
  if (aside && aside.after === last?.id) await does('back', aside.row);
  else if (last) await undo(last.id);
}

/** Undo an act. @param {string} id */
async function undo(id) {
  const answer = await link.request('undo', { id });
  if (answer.refusal) refused(answer.refusal);
  else say(words.text('undone'));
}

/** Play the sound of a proposal's line. @param {Proposal} row */
function hear(row) {
  const from = Math.max(0, row.t0 - BEFORE);
  const to = Math.min(row.t1 + AFTER, from + LONGEST);
  const query = new URLSearchParams({ channel: row.channel, from: String(Math.round(from)), to: String(Math.round(to)) });
  rows.hear(row, `${data.base}/clip?${query}`);
}

at('AcceptAll').addEventListener('click', async () => {
  const answer = await link.request('accept', { id: newId(), run, kind: 'all' });
  if (answer.refusal) refused(answer.refusal);
  else say(words.text('done.accept'));
});
at('Earlier').addEventListener('click', () => more(Math.max(0, rows.rows[0].n - PAGE)));
at('More').addEventListener('click', async () => {
  const from = rows.rows.at(-1)?.n ?? 0;
  if (await more(from + 1)) rows.focus(from + 1);
});
keys.form(at('KeysOn'), at('Keys'), () => {});
