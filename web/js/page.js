// The session's page: ties the reader, the line to the server, the view and the reader's place together.

import { Link } from './link.js';
import { Older } from './older.js';
import { Place } from './place.js';
import { Reader } from './reader.js';
import { WORTH_SAYING, standing } from './standing.js';
import { View } from './view.js';
import { Words } from './words.js';

const SILENT = 25000; // ms without a frame, from a server that was sending, until the line counts as dead
const KEPT_ALOUD = 3; // lines that stay in the region that screen readers announce

const at = (id) => document.getElementById(id);
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);

const lines = [...at('Lines').children].filter((item) => item.dataset.n !== undefined).map((item) => ({
  segment: item.id,
  number: Number(item.dataset.n),
  t0: Number(item.dataset.t0),
  t1: 0,
  language: item.querySelector('.text').lang,
  origin: item.dataset.origin,
  speaker: item.dataset.speaker || null,
  text: item.querySelector('.text').textContent,
  words: -1, // ended: no hypothesis can follow
  mended: item.querySelector('.mark') !== null,
}));
if (data.growing) lines.push({ ...data.growing, number: data.total - 1 });

const reader = new Reader({ ...data, lines });
const view = new View(reader, words);
const place = new Place(view.list, followed);
const older = new Older({
  reader, view, place, words, link: at('Earlier'),
  address: (before) => `${data.base}/lines?${data.query}&before=${before}`,
});
const link = new Link(address, take, told);

let ahead = data.now - Date.now(); // the server's clock against ours
let heard = Date.now(); // when the last frame came
let cutAt = null;
let backAt = null;
let said = at('State').dataset.kind;
let fresh = []; // ids of lines that came while the reader was elsewhere
reader.spoke = data.spoke;

function address() {
  return `${data.base}/events?${data.query}&after=${reader.position}`;
}

function take(frame) {
  heard = Date.now();
  ahead = frame.sent - heard;
  const known = reader.last ? reader.first : Infinity;
  const change = reader.apply(frame);
  if (change.lost) {
    link.open();
    return;
  }
  let came;
  place.around(() => {
    came = view.update(change);
    if (change.session) session();
    state();
  });
  if (change.snapshot && !change.cleared) older.refill(frame.snapshot.before ?? 0, known);
  if (!change.snapshot) aloud(came);
  if (change.cleared) fresh = [];
  if (!place.following && came.length && !change.cleared) {
    fresh.push(...came);
    buttons();
  }
}

function told(open) {
  if (open) {
    if (cutAt !== null && (said === 'lost' || said === 'offline')) backAt = Date.now();
    cutAt = null;
    heard = Date.now();
  } else {
    cutAt ??= Date.now();
    if (reader.session.status === 'closed') link.close(); // the record is whole: nothing to wait for
  }
  state();
}

function session() {
  const closed = reader.session.status === 'closed';
  const title = reader.session.title.trim() || words.text('untitled');
  at('Title').textContent = title;
  document.title = `${title} – ${words.text(closed ? 'title.record' : 'title.live')}`;
  buttons();
}

function state() {
  const { status, seal } = reader.session;
  const own = Date.now() + ahead;
  const { kind, n } = standing({
    now: own, status, online: navigator.onLine, unsaved: reader.unsaved !== '', sound: reader.sound, spoke: reader.spoke,
    cutAt: cutAt === null ? null : cutAt + ahead, backAt: backAt === null ? null : backAt + ahead,
  });
  const line = at('State');
  const text = words.text(`standing.${kind}`, { n }) + (kind === 'closed' && seal ? ` · ${words.text(`seal.${seal}`)}` : '');
  if (line.textContent !== text) line.textContent = text;
  if (kind === said) return;
  line.dataset.kind = kind;
  if (WORTH_SAYING.has(kind)) at('Status').textContent = text;
  else if (WORTH_SAYING.has(said)) at('Status').textContent = kind === 'live' || kind === 'waiting' ? text : '';
  said = kind;
}

function followed(following) {
  if (following) fresh = [];
  buttons();
}

function buttons() {
  const [jump, news] = [at('Jump'), at('Fresh')];
  const focused = document.activeElement;
  jump.hidden = place.following || reader.session.status === 'closed';
  news.hidden = place.following || !fresh.length;
  if (fresh.length) news.textContent = words.counted('new', fresh.length);
  if (focused?.hidden) at('Log').focus({ preventScroll: true });
}

/** Hand finished lines to screen readers, where that is wanted: each once, and whole. */
function aloud(came) {
  const region = at('Announcer');
  if (!at('Announce').checked) return;
  for (const id of came) region.append(at(id).querySelector('.text').cloneNode(true));
  while (region.children.length > KEPT_ALOUD) region.firstElementChild.remove();
}

at('Jump').addEventListener('click', () => {
  place.follow();
  at('Log').focus({ preventScroll: true });
});
at('Fresh').addEventListener('click', () => {
  const first = at(fresh[0]);
  fresh = [];
  first.tabIndex = -1;
  first.scrollIntoView({ block: 'start', behavior: 'instant' });
  first.focus({ preventScroll: true });
  buttons();
});
at('Sources').addEventListener('change', ({ target }) => {
  place.around(() => document.documentElement.classList.toggle('sources', target.checked));
});
at('Announce').addEventListener('change', () => at('Announcer').replaceChildren());

async function cited() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!/^[a-z0-9]/.test(id)) return false; // page's own places begin with a capital
  place.stay();
  const known = at(id) !== null;
  if (!(await older.find(id))) return false;
  if (!known) location.replace(`#${id}`); // now it is there: the browser goes to it and marks it
  return true;
}

setInterval(() => {
  const open = cutAt === null && reader.session.status === 'open';
  if (open && reader.sound && Date.now() - heard > SILENT) {
    cutAt = heard;
    link.open();
  }
  state();
}, 1000);

addEventListener('online', () => link.hurry());
addEventListener('online', state);
addEventListener('offline', state);
addEventListener('hashchange', cited);
addEventListener('pageshow', ({ persisted }) => persisted && reader.session.status !== 'closed' && link.open());
document.addEventListener('visibilitychange', () => document.hidden || link.hurry());

document.documentElement.classList.add('live');
session();
if (reader.session.status !== 'closed') {
  history.scrollRestoration = 'manual';
  link.open();
  if (!(await cited())) place.follow();
} else {
  await cited();
}
