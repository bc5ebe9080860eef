// The page of a microphone: connects the input, its level, the sending of its sound, and the text that comes of it.

import { alone } from '../lib/names.js';
import { Capture } from './capture.js';
import { Room } from './echo.js';
import { condition, next } from './condition.js';
import { tone } from './tone.js';
import { AudioLink } from './audio_link.js';
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

const LATE = 3; // s of unsent sound from which on the page says so
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const GAIN = 'moothall.microphone.gain'; // where this browser stores the gain, dB

/** @type {MicrophoneData} */
const data = JSON.parse(at('Data').textContent ?? '');
/** A text of the page with its placeholders filled. @param {string} name  @param {Values} values */
const say = (name, values = {}) => fill(data.texts[name], values);

const ring = new Ring();
let room = new Room();
const capture = new Capture(heard, broken);
const meter = new Meter((kind) => say(`verdict.${kind}`), (said) => {
  if (said) at('Status').textContent = said;
  condense();
});
const words = new Words(shown);
const ASK = 5000; // ms between two requests for the meeting that is on, while nothing is sent
const link = new AudioLink({
  address: `${location.origin.replace(/^http/, 'ws')}${data.base}/audio`,
  channel: () => text(),
  ring,
  tell: told,
});

const takes = new Takes(ring, () => link.pump());

let sending = false; // Start was pressed, and Stop was not
let stands = 'stopped';
/** @type {?WakeLockSentinel} */
let awake = null;

const text = () => /** @type {HTMLInputElement} */ (document.querySelector('input[name=text]:checked')).value;

// Input

/** Handle a piece of sound from the input. @param {Piece} piece */
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

/** Show warnings of an echo or a hum in the room. */
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

/** Forget the room, and the warnings of it. */
function calm() {
  room = new Room();
  warn();
}

/** Set and show the gain. @param {number} decibels */
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

/** Show the page's status in one word, with its colour and shape, and what to do next. */
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

/** Open an input; resolves to whether that worked. @param {string} device */
async function switchOn(device) {
  at('Trouble').hidden = true;
  try {
    calm();
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

/** Show a problem with the input; a take that is under way ends. @param {string} problem */
function broken(problem) {
  at('Trouble').hidden = false;
  at('Trouble').textContent = say(`trouble.${problem}`);
  meter.off();
  calm();
  if (problem !== 'insecure' && problem !== 'old') {
    at('Asking').hidden = false;
    at('Choosing').hidden = true;
  }
  if (sending) ring.end('lost');
  link.pump();
}

// Sending

async function start() {
  if (capture.stream === null && !(await switchOn(at('Device').value))) return;
  sending = true;
  takes.again('lost');
  stand('connecting');
  link.start();
  buttons();
  stayAwake();
}

function stop() {
  sending = false;
  ring.end('stopped');
  if (stands !== 'held' && (link.open || ring.samples)) {
    stand('finishing');
    link.pump();
  } else leave('stopped');
  buttons();
}

/** Send nothing more, and drop what is not sent. @param {string} kind  the state to show */
function leave(kind) {
  sending = false;
  link.close();
  ring.clear();
  awake?.release();
  awake = null;
  at('Awake').hidden = true;
  at('Reading').hidden = true;
  stand(kind);
  buttons();
}

/** Handle a report of the connection. @param {string} kind  @param {AudioLinkNews} [detail] */
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
      if (ring.takes.length) break;
      if (sending) takes.again('lost'); // the input failed, or another one is being opened
      else leave('stopped');
      break;
    case 'restart':
      if (sending) takes.again('lost');
      else leave('stopped');
      break;
    case 'over':
      if (data.follows && sending) takes.again('lost');
      else leave('over');
      at('Reading').hidden = true; // the text is of another meeting
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

/** Set and show the state of the sending. @param {string} kind */
function stand(kind) {
  stands = kind;
  at('Held').hidden = kind !== 'held';
  buttons();
  shows();
  at('Status').textContent = kind === 'held' ? at('HeldBy').textContent : at('Stands').textContent;
}

function shows() {
  // After Stop, what remains is sound whose words have not come yet; before, sound that is not safe.
  const n = Math.ceil((stands === 'finishing' ? ring.samples : ring.unsafe) / RATE);
  const kind = stands === 'sending' && n > LATE ? 'late' : stands;
  at('Stands').dataset.kind = kind === 'late' ? 'sending' : kind;
  at('Stands').textContent = kind === 'held' ? '' : say(`stands.${kind}`, { n });
  at('Stands').classList.toggle('unseen', kind === 'sending' || kind === 'stopped'); // the head of the page says the same
  condense();
  const dropped = Math.round(ring.dropped / RATE);
  at('Dropped').hidden = dropped === 0;
  if (dropped) at('Dropped').textContent = say('stands.dropped', { n: dropped });
}

function buttons() {
  const focused = document.activeElement;
  at('Start').hidden = sending;
  at('Stop').hidden = !sending || stands === 'held'; // while held nothing is sent, and there are other buttons
  at('Start').disabled = stands === 'finishing';
  at('Sounding').hidden = sending; // a tone that is sent would be recognised
  for (const choice of document.querySelectorAll('input[name=text]')) choice.toggleAttribute('disabled', sending);
  if (focused instanceof HTMLElement && focused.hidden) (sending ? at('Stop') : at('Start')).focus();
}

// Text

/** Follow the text of a session. `sends`: whether to show it. @param {string} session */
function follow(session, sends = true) {
  frameOf(session);
  const [tag, direction] = data.languages[text()] ?? ['', 'auto'];
  Object.assign(at('Text'), { lang: tag, dir: direction });
  at('Reading').hidden = !sends;
  words.follow(`/s/${session}/events?channel=${encodeURIComponent(text())}&feed=live&as=microphone`);
}

/**
 * Show which meeting is on, its status, and what becomes of the sound. Called each second, so that old news is not
 * shown for long.
 */
function shown() {
  const now = becoming({ session: words.session, lost: words.lost, heard: words.heard, now: performance.now() });
  const named = data.follows && words.session?.title;
  const kind = ['closed', 'break', 'off', 'before'].includes(now?.kind ?? '') ? now?.kind : 'live';
  // That this meeting is live stands in the frame above already.
  at('On').hidden = !now || words.lost || (!named && kind === 'live' && document.getElementById('FrameState') !== null);
  const state = now ? say(`meeting.${kind}`) : '';
  at('OnTitle').textContent = named || '';
  at('OnTitle').lang = (named && words.session?.languages[0]) || '';
  set(at('OnDash'), named ? ' – ' : '');
  at('OnState').textContent = state;
  const framed = document.getElementById('FrameMeeting');
  if (named && framed) Object.assign(framed, { textContent: named, lang: at('OnTitle').lang });
  at('OnState').dataset.kind = kind;
  at('On').dataset.kind = now?.kind ?? '';
  const kept = data.kept?.[words.session?.sound ?? ''];
  if (kept && kept !== at('Kept').textContent) {
    at('Kept').textContent = kept;
    at('Status').textContent = kept;
  }
  document.title = named ? `${named} – ${data.title}` : data.title;
  at('Text').textContent = words.text;
  at('Text').lang = words.language;
  const said = now && stands !== 'idle' && sending ? say(`heard.${now.kind}`, { n: now.n }) : '';
  const before = at('Heard').textContent;
  if (before === said) return;
  at('Heard').textContent = said;
  if (['break', 'off', 'late', 'late-min', 'soundless'].includes(now?.kind ?? '')) at('Status').textContent = said;
  else unsay(before);
}

/** While nothing is sent, follow the page's meeting, or the one that is on in the room. */
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
    awake = null; // the browser can't, or refuses now
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
  link.takeOver();
  at('Stop').focus();
});
at('Leave').addEventListener('click', () => leave('stopped'));
addEventListener('online', () => [link, words].forEach((each) => each.hurry()));
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
setInterval(shown, 1000); // also without news, since old news expires
setInterval(look, ASK);
look();
