// The microphone page: the input, how loud it is, the sending, and what becomes of it.

import { alone } from '../lib/names.js';
import { Capture } from './capture.js';
import { Room } from './echo.js';
import { condition, next } from './condition.js';
import { tone } from './tone.js';
import { Line } from './line.js';
import { Meter } from './meter.js';
import { RATE } from './resample.js';
import { Ring } from './ring.js';
import { Takes, listInputs } from './takes.js';
import { Words, becoming } from './words.js';
import { keep, recall } from '../lib/kept.js';
import { at, set } from '../lib/nodes.js';
import { unsay } from '../lib/said.js';
import { frameOf } from '../lib/staff_frame.js';
import { dayClock, fill } from '../lib/words.js';

const LATE = 3; // s of kept sound from which on it is said
const PATIENCE = 12500; // ms for an answer: of a line that is frozen none ever comes
const GAIN = 'moothall.microphone.gain'; // dB, of this browser

/** @type {MicrophoneData} */
const data = JSON.parse(at('Data').textContent ?? '');
/** @param {string} name  @param {Values} values */
const say = (name, values = {}) => fill(data.texts[name], values);

const ring = new Ring();
let room = new Room();
const capture = new Capture(heard, broken);
const meter = new Meter((kind) => say(`verdict.${kind}`), (said) => {
  if (said) at('Status').textContent = said;
  condense();
});
const words = new Words(shown);
const ASK = 5000; // ms between two questions which meeting is on, while nothing is sent
const line = new Line({
  address: `${location.origin.replace(/^http/, 'ws')}${data.base}/audio`,
  channel: () => text(),
  ring,
  tell: told,
});

const takes = new Takes(ring, () => line.pump());

let sending = false; // Start was pressed, and Stop was not
let stands = 'stopped';
/** @type {?WakeLockSentinel} */
let awake = null;

const text = () => /** @type {HTMLInputElement} */ (document.querySelector('input[name=text]:checked')).value;

// The input

/** @param {Piece} piece */
function heard(piece) {
  const now = performance.now();
  meter.hear(piece, now);
  if (room.push(piece.pcm)) warn();
  if (!sending || !ring.takes.length) return;
  takes.add(piece, now);
  shows();
}

function listenStill() {
  if (capture.stream !== null) meter.look(performance.now());
}

/** What the sound says of the room, beside how loud it is. */
function warn() {
  const rows = /** @type {[string, string][]} */ ([
    ['Echo', room.echo ? say('echo', { n: room.echo }) : ''],
    ['Hum', room.hum ? say('mains', { n: room.hum }) : ''],
  ]);
  for (const [id, text] of rows) {
    if (text && at(id).hidden) at('Status').textContent = text;
    at(id).hidden = !text;
    set(at(id), text);
  }
}

/** @param {number} decibels */
function amplify(decibels) {
  capture.amplify(10 ** (decibels / 20));
  at('Gain').value = String(decibels);
  set(at('GainNow'), say('gain', { n: (decibels > 0 ? '+' : decibels < 0 ? '\u2212' : '') + Math.abs(decibels) }));
  at('Gain').setAttribute('aria-valuetext', at('GainNow').textContent ?? '');
}

async function play() {
  at('Tone').disabled = true;
  await tone().catch(() => {});
  at('Tone').disabled = false;
}

/** One word for how the page stands, with its colour and shape. */
function condense() {
  const now = becoming({ session: words.session, lost: words.lost, heard: words.heard, now: performance.now() });
  const facts = { sending, stands, verdict: meter.kind, muted: capture.muted, meeting: now?.kind ?? null, on: capture.stream !== null };
  const kind = condition(facts), step = next(facts);
  const place = at('Condition');
  place.dataset.kind = kind === 'between' ? 'idle' : kind;
  set(place, say(`condition.${kind}`));
  set(at('Next'), step ? say(`next.${step}`) : '');
  at('Muted').hidden = !capture.muted;
}

/** @param {string} device */
async function switchOn(device) {
  at('Trouble').hidden = true;
  try {
    room = new Room();
    await capture.open(device);
  } catch (problem) {
    broken(String(problem));
    return false;
  }
  at('Asking').hidden = true;
  at('Choosing').hidden = false;
  condense();
  await inputs();
  meter.opened(performance.now());
  return true;
}

const inputs = () => listInputs(at('Device'), capture, (n) => say('device', { n }));

/** @param {string} problem */
function broken(problem) {
  at('Trouble').hidden = false;
  at('Trouble').textContent = say(`trouble.${problem}`);
  meter.off();
  if (problem !== 'insecure' && problem !== 'old') {
    at('Asking').hidden = false;
    at('Choosing').hidden = true;
  }
  if (sending) ring.end('lost');
  line.pump();
}

// The sending

async function start() {
  if (capture.stream === null && !(await switchOn(at('Device').value))) return;
  sending = true;
  takes.again('lost');
  stand('connecting');
  line.start();
  buttons();
  stayAwake();
}

function stop() {
  sending = false;
  ring.end('stopped');
  if (stands !== 'held' && (line.open || ring.samples)) {
    stand('finishing');
    line.pump();
  } else leave('stopped');
  buttons();
}

/** Nothing more is sent. @param {string} kind */
function leave(kind) {
  sending = false;
  line.close();
  ring.clear();
  awake?.release();
  awake = null;
  at('Awake').hidden = true;
  at('Reading').hidden = true;
  stand(kind);
  buttons();
}

/** @param {string} kind  @param {LineNews} [detail] */
function told(kind, detail = {}) {
  switch (kind) {
    case 'sending':
      follow(detail.session ?? '');
      stand(sending ? 'sending' : 'finishing');
      break;
    case 'safe':
      if (stands === 'full') stand(sending ? 'sending' : 'finishing');
      break;
    case 'done':
      break;
    case 'full':
      stand('full');
      break;
    case 'cut':
      stand('cut');
      break;
    case 'ended':
      if (!ring.takes.length) leave('stopped');
      break;
    case 'restart':
      if (sending) takes.again('lost');
      else leave('stopped');
      break;
    case 'over':
      if (data.follows && sending) takes.again('lost');
      else leave('over');
      at('Reading').hidden = true; // What stood there is of another meeting.
      break;
    case 'idle':
      words.close();
      at('Reading').hidden = true;
      if (sending) stand('idle');
      else leave('stopped');
      break;
    case 'held':
      at('HeldBy').textContent = say(detail.by ? 'stands.held.by' : 'stands.held', {
        who: alone(detail.by ?? ''),
        time: dayClock(data.ui, data.zone, {}).format(detail.since),
      });
      stand('held');
      break;
    default:
      leave(kind);
  }
  shows();
}

/** @param {string} kind */
function stand(kind) {
  stands = kind;
  at('Held').hidden = kind !== 'held';
  buttons();
  shows();
  at('Status').textContent = kind === 'held' ? at('HeldBy').textContent : at('Stands').textContent;
}

function shows() {
  // Once all is sent, what is left are the words.
  const n = Math.ceil((stands === 'finishing' ? ring.samples : ring.unsafe) / RATE);
  const kind = stands === 'sending' && n > LATE ? 'late' : stands;
  at('Stands').dataset.kind = kind === 'late' ? 'sending' : kind;
  at('Stands').textContent = kind === 'held' ? '' : say(`stands.${kind}`, { n });
  at('Stands').classList.toggle('unseen', kind === 'sending' || kind === 'stopped'); // The head of the page says so already.
  condense();
  const dropped = Math.round(ring.dropped / RATE);
  at('Dropped').hidden = dropped === 0;
  if (dropped) at('Dropped').textContent = say('stands.dropped', { n: dropped });
}

function buttons() {
  const focused = document.activeElement;
  at('Start').hidden = sending;
  at('Stop').hidden = !sending || stands === 'held'; // Nothing is sent then: there are other buttons.
  at('Start').disabled = stands === 'finishing';
  at('Sounding').hidden = sending; // A tone that is sent would be heard by whoever writes.
  for (const choice of document.querySelectorAll('input[name=text]')) choice.toggleAttribute('disabled', sending);
  if (focused instanceof HTMLElement && focused.hidden) (sending ? at('Stop') : at('Start')).focus();
}

// What becomes of it

/** @param {string} session */
function follow(session, sends = true) {
  frameOf(session);
  const [tag, direction] = data.languages[text()] ?? ['', 'auto'];
  Object.assign(at('Text'), { lang: tag, dir: direction });
  at('Reading').hidden = !sends;
  words.follow(`/s/${session}/events?channel=${encodeURIComponent(text())}&feed=live&as=microphone`);
}

/** Which meeting is on, how it is, and what becomes of what is said: from what is known now, and no longer than that. */
function shown() {
  const now = becoming({ session: words.session, lost: words.lost, heard: words.heard, now: performance.now() });
  const named = data.follows && words.session?.title;
  at('On').hidden = !now || words.lost;
  const state = now ? say(`meeting.${['closed', 'break', 'off', 'before'].includes(now.kind) ? now.kind : 'live'}`) : '';
  at('OnTitle').textContent = named || '';
  at('OnTitle').lang = (named && words.session?.languages[0]) || '';
  set(at('OnDash'), named ? ' – ' : '');
  at('OnState').textContent = state;
  at('OnState').dataset.kind = ['closed', 'break', 'off', 'before'].includes(now?.kind ?? '') ? now?.kind : 'live';
  at('On').dataset.kind = now?.kind ?? '';
  document.title = named ? `${named} – ${data.title}` : data.title;
  at('Text').textContent = words.text;
  at('Text').lang = words.language;
  const said = now && stands !== 'idle' && sending ? say(`heard.${now.kind}`, { n: now.n }) : '';
  const before = at('Heard').textContent;
  if (before === said) return;
  at('Heard').textContent = said;
  if (['break', 'off', 'late', 'soundless'].includes(now?.kind ?? '')) at('Status').textContent = said;
  else unsay(before);
}

/** While nothing is sent, the meeting of the page, or the one that is on in the room. */
async function look() {
  if (sending) return;
  if (!data.follows) follow(data.base.slice(3), false);
  else {
    const answer = await fetch(`${data.base}/now`, { signal: AbortSignal.timeout(PATIENCE) }).then((found) => found.json(), () => null);
    if (!sending && answer?.session) follow(answer.session, false);
    else if (!sending && answer) words.close();
  }
}

async function stayAwake() {
  if (!sending) return;
  try {
    awake = await navigator.wakeLock.request('screen');
  } catch {
    awake = null; // The browser can't, or won't at the moment.
  }
  at('Awake').hidden = !sending;
  at('Awake').textContent = say(awake ? 'awake' : 'asleep');
}

async function choose() {
  if (sending) ring.end('lost');
  if ((await switchOn(at('Device').value)) && sending) takes.again('lost');
}

at('Allow').addEventListener('click', choose);
at('Device').addEventListener('change', choose);
at('Start').addEventListener('click', start);
at('Stop').addEventListener('click', stop);
at('Gain').addEventListener('input', () => {
  amplify(Number(at('Gain').value));
  keep(GAIN, Number(at('Gain').value));
});
at('Tone').addEventListener('click', play);
at('TakeOver').addEventListener('click', () => {
  stand('connecting');
  line.takeOver();
  at('Stop').focus();
});
at('Leave').addEventListener('click', () => leave('stopped'));
addEventListener('online', () => [line, words].forEach((each) => each.hurry()));
document.addEventListener('visibilitychange', () => document.hidden || words.hurry());
document.addEventListener('visibilitychange', () => document.hidden || stayAwake());
navigator.mediaDevices?.addEventListener('devicechange', () => capture.stream && inputs());
addEventListener('beforeunload', (event) => {
  if (sending || ring.samples) event.preventDefault();
});

at('Work').hidden = false;
amplify(Math.min(Number(at('Gain').max), Math.max(Number(at('Gain').min), Number(recall(GAIN)) || 0)));
meter.off();
if (Capture.obstacle) {
  broken(Capture.obstacle);
  at('Allow').disabled = at('Start').disabled = true;
}
shows();
setInterval(listenStill, 1000);
setInterval(condense, 1000);
setInterval(shown, 1000); // What was told a while ago says nothing of now.
setInterval(look, ASK);
look();
