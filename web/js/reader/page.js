// The page of a session's text: connects the link, the folded state, the view and the controls. Parts that few readers
// use are loaded on demand.

import { focusOn, keepClear } from './bar.js';
import { Bookmark } from '../panels/bookmark.js';
import { cards } from '../panels/cards.js';
import { Choices } from '../lib/choices.js';
import { gapText } from '../lib/headings.js';
import { recall } from '../lib/kept.js';
import { Link } from '../lib/link.js';
import { at, only, set } from '../lib/nodes.js';
import { ScrollPosition } from './scroll_position.js';
import { Reader } from './reader.js';
import { roughLanguages } from '../panels/rough.js';
import { sheet } from '../panels/sheet.js';
import { WORTH_SAYING, standing, standsIn, textOf, withStandIn } from '../lib/standing.js';
import { View } from './view.js';
import { measured, voicesNotice } from '../panels/voices_measured.js';
import { putTopic } from '../topics/topics.js';
import { Words, isoTime } from '../lib/words.js';

const CHOSEN = 400; // ms after which words count as selected
const SAID = 15000; // ms until a message for screen readers is removed

/** @type {ReaderData} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);

/** Where the server has underlined words of a line. @param {HTMLElement} text  @returns {[at: number, end: number][]} */
function underlined({ childNodes }) {
  let end = 0;
  return [...childNodes].flatMap((node) => {
    const at = end;
    end += node.textContent?.length ?? 0;
    return node.nodeName === 'U' ? [[at, end]] : [];
  });
}

/** @type {Line[]} */
const lines = [...at('Lines').children].filter((item) => item.dataset.n !== undefined).map((item) => ({
  segment: item.id,
  number: Number(item.dataset.n),
  t0: Number(item.dataset.t0),
  t1: 0,
  language: only('.text', item).lang,
  origin: item.dataset.origin ?? '',
  speaker: item.dataset.speaker || null,
  text: only('.text', item).textContent,
  doubts: underlined(only('.text', item)),
  words: -1, // the line has ended: no partial can follow
  mended: item.querySelector('.mark') !== null,
  accepted: false,
  gone: false,
  ...(item.dataset.changes && { voice_changes: true }),
  ...(item.dataset.made && { made_from: JSON.parse(item.dataset.made) }),
  ...(item.dataset.tool && { tool: item.dataset.tool }),
  ...(item.dataset.respoken && { respoken: true }),
  ...(item.dataset.heardRough && { rough: true }),
}));
const { growing } = data;
if (growing) lines.splice(lines.findLastIndex((line) => line.number < growing.number) + 1, 0, growing);

const reader = new Reader({ ...data, lines });
reader.whole = data.whole;
const ofRecord = reader.session.status === 'closed' && !data.making; // the text doesn't change any more
const { kind = 'floor' } = reader.session.channels[data.channel] ?? {};
const other = kind === 'floor' ? null : await import('./other_text.js');
const VIDEO = `moothall.video ${reader.session.id}`;
const view = new View(reader, words, data.zone, other?.made(words, data.ui));
const scroll = new ScrollPosition(view.list, followed);
scroll.free = ofRecord;
const link = new Link(address, came, told, () => reader.offset, () => (speller = Speller && new Speller()));
const choices = new Choices(at('Choices'), chosen, (change) => scroll.around(change));
const bookmark = new Bookmark(`${reader.session.id} ${data.channel}`, words);

/** @type {?Promise<import('./older.js').Older>} */
let earlier = null;
const older = () => {
  earlier ??= import('./older.js').then(({ Older }) => new Older({
    reader, view, place: scroll, words, link: at('Earlier'),
    address: (before) => `${data.base}/lines?${data.query}&before=${before}`,
  }));
  earlier.catch(() => (earlier = null)); // loaded again at the next use
  return earlier;
};
/** @type {?Promise<import('./aloud.js').Aloud>} */
let aloud = null; // a promise, so that announcements keep their order
const speak = (/** @type {(voice: import('./aloud.js').Aloud) => void} */ say) => {
  if (choices.get('say') === 'nothing') return;
  aloud ??= import('./aloud.js').then(({ Aloud }) => new Aloud(at('Announcer'), () => choices.get('say'), words.text('unnamed')));
  aloud.then(say, () => (aloud = null));
};
/** @type {?import('./voice.js').Voice} */
let voice = null; // reads lines aloud, once its panel has been opened
/** @type {?ReturnType<typeof import('./keys.js').keys>} */
let keyed = null;
const keys = async () => (keyed ??= (await import('./keys.js')).keys(at('Keys'), acts, view, scroll));
/** @type {?import('./held.js').Held} */
let held = null; // holds text back for a video
/** @type {?import('./video.js').Video} */
let video = null;
/** @type {Map<string, number>} */
const began = new Map(); // line id → when its first event came, Unix ms; the newest 200
const match = async () => {
  const [{ Held }, { Video }] = await Promise.all([import('./held.js'), import('./video.js')]);
  held ??= new Held(take);
  return (video ??= new Video(held, { key: VIDEO, words, came: began, newest, tell: state, view, place: scroll }));
};
/** @type {?Promise<import('../panels/quote.js').Quote>} */
let quoting = null;
let quiet = 0;
/** Announce a message to screen readers, once. @param {string} said */
function tell(said) {
  at('Status').textContent = said;
  clearTimeout(quiet);
  quiet = setTimeout(() => (at('Status').textContent = ''), SAID);
}
const quote = () => (quoting ??= import('../panels/quote.js').then(({ Quote }) => new Quote({
  words,
  address: (id) => `${location.origin}${data.base}?${data.query}#${id}`,
  about: () => [at('Title').textContent, data.date],
  tell,
  cite: ({ from, to = '' }, form = '') => `${data.base}/cite${form}?${data.query}&from=${from}${to && `&to=${to}`}&at=${reader.position}&ui=${data.ui}`,
})));

/** @type {?import('./beside.js').Beside} */
let beside = null; // the questions, once they have been opened
let byPage = false; // whether it is this script that has just opened or closed them, whose event comes later

const low = () => choices.get('read') === 'low';

const text = other && new other.OtherText({
  view, words, place: scroll, choices, tell, base: data.base, translated: kind === 'translation', wait: () => (held?.seconds ?? 0) * 1000,
});

let ahead = data.now - Date.now(); // ms by which the server's clock is ahead of ours
/** @type {?number} */
let cutAt = null;
/** @type {?number} */
let backAt = null;
let said = at('State').dataset.kind ?? '';
let stoodIn = standsIn(reader.session) ? words.text('stands-in') : ''; // the notice that was last announced
let streamed = low(); // whether the low-data stream is the one being read
/** @type {?typeof import('./low.js').Speller} */
let Speller = null;
/** @type {?import('./low.js').Speller} */
let speller = null;
let afresh = false; // whether the next stream has to begin with a snapshot
let texts = count();
let { sound: keeping } = reader.session; // what is kept of the sound, as the notices say it
let voices = data.voices?.[measured(reader.session) ?? ''] ?? ''; // what the notice of voices says
/** @type {string[]} */
let fresh = []; // ids of lines that came while the reader was not at the end
reader.spoke = data.spoke;

async function open() {
  if (low()) ({ Speller } = await import('./low.js'));
  link.open();
}

function address() {
  return `${data.base}/${low() ? 'low' : 'events'}?${data.query}${afresh ? '' : `&after=${reader.position}`}`;
}

/**
 * Handle a message of the stream: note it, and apply it at once or after the delay of the reader's video.
 * @param {Frame | Batch} frame
 */
function came(frame) {
  const heard = Date.now();
  if (frame.sent) ahead = frame.sent - heard;
  for (const { body } of frame.events ?? []) {
    if (!body) continue;
    if (body.type === 'segment.opened') began.set(body.segment, heard);
    asked(body);
    beside?.happened(body);
    if (body.poll) import('../questions/raised.js').then(({ raised }) => raised(body, tell));
  }
  for (const id of [...began.keys()].slice(0, -200)) began.delete(id);
  video?.note();
  if (held) held.take(frame);
  else take(frame);
}

/**
 * Update the question being asked now, where an event concerns it.
 * @param {Partial<EventBody> & Pick<EventBody, 'type'>} body
 */
function asked(body) {
  if (at('NowAsked') && /^intervention\.[ps]/.test(body.type)) import('../questions/now_asked.js').then((now) => now.nowAsked(body));
}

/** Apply a message to the state and to the page. @param {Frame | Batch} frame */
function take(frame) {
  const known = reader.last ? reader.first : Infinity;
  const batch = Array.isArray(frame) ? speller?.spell(frame) : null;
  for (const each of batch ? batch.news : []) if ('body' in each && each.body) asked(each.body);
  const change = batch ? reader.batch(batch, Date.now() + ahead) : reader.apply(/** @type {Frame} */ (frame));
  if (change.lost) {
    link.open();
    return;
  }
  if (change.snapshot) asked({ type: 'intervention.status-changed' });
  afresh &&= !change.snapshot;
  /** @type {string[]} */
  let added = [];
  scroll.around(() => {
    added = view.update(change);
    bookmark.show();
    if (change.session) session();
    state();
  });
  if (change.snapshot && !change.cleared) older().then((it) => it.refill(frame.snapshot?.before ?? 0, known));
  say(change, added);
  roughly();
  text?.look();
  if (change.cleared) fresh = [];
  const news = added.filter(isNews);
  if (!scroll.following && news.length && !change.cleared) {
    fresh.push(...news);
    buttons();
  }
}

let rough = ''; // the languages in which the lines are rough

/** Say in which languages the lines are rough. */
function roughly() {
  const found = roughLanguages(reader.lines.values());
  if (found.join() === rough) return;
  rough = found.join();
  import('../panels/rough_notice.js').then(({ roughNotice }) => scroll.around(() => roughNotice(found, words)));
}

const isNews = (/** @type {string} */ id) => !data.making && !reader.lines.get(id)?.late;

const nameOf = (/** @type {?string} */ speaker = null) => reader.session.speakers[speaker ?? ''] ?? '';

/**
 * Pass new lines and notices to the voice and to the screen reader.
 * @param {Change} change  @param {string[]} added  ids of new lines
 */
function say(change, added) {
  if (change.snapshot) return;
  const [items, speaking] = [added.filter(isNews).map((id) => at(id)), nameOf(reader.session.speaking)];
  voice?.lines(items);
  if (items.length || change.speaking || change.notices.length) speak((voice) => {
    voice.lines(items, (item) => nameOf(item.dataset.speaker));
    if (change.speaking) voice.speaker(speaking);
    for (const notice of change.notices) {
      voice.notice(typeof notice === 'object' ? gapText(notice, words) : words.text(notice ? 'recorded' : 'unrecorded'));
    }
  });
}

function newest() {
  const item = view.newest();
  return item ? { id: item.id, text: only('.text', item).textContent } : null;
}

/** The reader changed a choice. @param {string} name */
function chosen(name) {
  if (name === 'say') {
    aloud?.then((voice) => voice.hush(), () => {});
    at('SayLines')?.setAttribute('aria-pressed', String(choices.get('say') === 'lines'));
  }
  if (name === 'show') text?.show();
  if (name !== 'read') return;
  view.update({ cleared: false, gone: new Set(), lines: new Set(), gaps: false });
  scroll.settle();
  if (reader.session.status === 'closed' || low() === streamed) return;
  streamed = low();
  if (recall('moothall.beside') === null) asAtFirst();
  reader.sound = null; // the other stream reports it again
  afresh = !streamed; // the low-data stream carried no partials
  open();
}

/** The link was opened or lost. @param {boolean} open  @param {number} since  Unix ms */
function told(open, since) {
  if (open) {
    if (cutAt !== null && (said === 'lost' || said === 'offline')) backAt = Date.now();
    cutAt = null;
  } else {
    cutAt = since;
    if (reader.session.status === 'closed' && !data.making) link.close(); // the record is whole
  }
  state();
}

/** The number of texts of this session. */
function count() {
  return Object.keys(reader.session.channels).length;
}

/** Show what has changed of the session: texts, title, status. */
function session() {
  if (texts !== count()) {
    texts = count();
    import('../panels/menu.js').then(({ complete }) => scroll.around(() => complete(reader.session.channels, { words, ui: data.ui, here: data.channel })));
  }
  if (keeping !== reader.session.sound) {
    const shown = [...at('Notices').children].find(({ textContent }) => textContent === data.kept?.[keeping]);
    keeping = reader.session.sound;
    if (shown) tell(shown.textContent = data.kept[keeping]);
  }
  const heard = data.voices?.[measured(reader.session) ?? ''] ?? '';
  if (heard !== voices) {
    scroll.around(() => voicesNotice(voices, heard));
    tell(voices = heard);
  }
  const closed = reader.session.status === 'closed';
  const title = reader.session.title.trim() || words.text('untitled');
  for (const name of ['Title', 'Whole']) at(name).textContent = title;
  at('NotRecorded').hidden = reader.session.not_recorded == null;
  if (at('Topic')) putTopic(at('Topic'), reader.session, words);
  if (closed && at('NowAsked')) at('NowAsked').hidden = true;
  document.title = `${title} – ${words.text(closed ? 'title.record' : 'title.live')}`;
  buttons();
}

/** Show the status line, and announce a change that is worth it. Called each second, and after each frame. */
function state() {
  const { status, seal, cancelled = null } = reader.session;
  const own = Date.now() + ahead;
  // The low-data stream reports the sound only when it changes, so the last report is never too old.
  const sound = reader.sound && low() ? { ...reader.sound, sent: own } : reader.sound;
  const how = standing({
    now: own, status, cancelled, online: navigator.onLine, unsaved: reader.unsaved !== '', lastWords: reader.lastWords, sound, spoke: reader.spoke,
    cutAt: cutAt === null ? null : cutAt + ahead, backAt: backAt === null ? null : backAt + ahead,
  });
  const { kind, n, since = 0 } = how;
  const line = at('State');
  const more = kind === 'closed' ? seal && words.text(`seal.${seal}`) : kind === 'cancelled' ? cancelled : video?.said;
  const away = standsIn(reader.session) ? words.text('stands-in') : '';
  const stands = words.text(textOf(how), { n, time: isoTime(since + data.zone[0]).slice(11, 16) });
  const text = withStandIn(kind, [stands, more].filter(Boolean).join(' · '), away);
  set(line, text);
  if (away !== stoodIn && away) tell(away);
  stoodIn = away;
  if (kind === said) return;
  line.dataset.kind = kind;
  if (WORTH_SAYING.has(kind)) tell(text);
  else if (WORTH_SAYING.has(said)) tell(kind.startsWith('live') || kind === 'waiting' ? text : '');
  said = kind;
}

/** The reader has reached the end of the text, or left it. @param {boolean} following */
function followed(following) {
  // At the end of the text, Tab must not lead back to its beginning.
  for (const way of at('Older').children) way.tabIndex = following ? -1 : 0;
  if (following) {
    fresh = [];
    text?.followed();
  }
  if (!following && reader.first) older();
  buttons();
}

/** Show those buttons of the bar that apply now. */
function buttons() {
  const [jump, news] = [at('Jump'), at('Fresh')];
  const focused = document.activeElement;
  at('GoToPlace').hidden = bookmark.line === null;
  jump.hidden = scroll.following || reader.session.status === 'closed';
  news.hidden = scroll.following || !fresh.length;
  if (fresh.length) news.textContent = words.counted('new', fresh.length);
  if (focused?.hidden) focusOn(at('Log'));
}

/**
 * The id of the line to mark: the one with selected text, else the newest when following, else the first in view; null
 * for none.
 */
function reading() {
  const selection = getSelection();
  const chosen = selection?.anchorNode;
  const part = chosen instanceof Element ? chosen : chosen?.parentElement;
  const selected = part?.closest('#Lines > .line');
  if (selected && !selection?.isCollapsed) return selected.id;
  const seen = scroll.following ? null : scroll.inView();
  return seen?.closest('.line')?.id || newest()?.id || null;
}

const acts = {
  live() {
    scroll.follow();
    focusOn(at('Log'));
  },
  mark() {
    const line = reading();
    if (line === null) return;
    scroll.around(() => bookmark.set(line));
    buttons();
  },
  async place() {
    if (bookmark.line === null) return;
    scroll.stay();
    if (!(await (await older()).find(bookmark.line))) return;
    bookmark.show();
    goTo(at(bookmark.line));
  },
  missed: async () => (await import('../panels/catch_up.js')).catchUp(at('CatchUp'), { shown, find: lineAt }),
  cards: () => toCard(),
  larger: () => choices.step('size', 1),
  smaller: () => choices.step('size', -1),
};

/**
 * The id of the line that was being spoken at `t`, media ms; null before the first one on the page.
 * @param {number} t
 */
function lineAt(t) {
  const found = [...view.list.children].findLast((item) => item.dataset.n !== undefined && Number(item.dataset.t0) <= t);
  return found?.id ?? null;
}

/** Offer to quote the words that are selected. */
async function offerSelected() {
  const selection = getSelection();
  if (!selection?.anchorNode || !view.list.contains(selection.anchorNode)) return;
  const { selected } = await import('../panels/quote.js');
  const [chosen, quotes] = [selected(view.list, getSelection()), await quote()];
  if (chosen) scroll.around(() => quotes.offer(chosen.line, chosen.span));
}

/** Switch the announcing of finished lines to screen readers on or off. */
function sayLines() {
  const on = choices.get('say') !== 'lines';
  at('Pick-say').value = on ? 'lines' : 'nothing';
  choices.choose('say', on ? 'lines' : 'nothing');
  tell(words.text(on ? 'says-lines' : 'says-nothing'));
}

/** Scroll to a line and focus it. @param {HTMLElement} line */
function goTo(line) {
  line.tabIndex = -1;
  line.scrollIntoView({ block: 'start', behavior: 'instant' });
  line.focus({ preventScroll: true });
  scroll.settle();
}

at('Earlier').addEventListener('click', async (event) => {
  event.preventDefault();
  (await older()).load();
});
at('Jump').addEventListener('click', acts.live);
at('Mark').addEventListener('click', acts.mark);
at('GoToPlace').addEventListener('click', acts.place);
at('Fresh').addEventListener('click', () => {
  const first = at(fresh[0]);
  fresh = [];
  goTo(first);
  buttons();
});
view.list.addEventListener('click', async (event) => {
  const time = event.target.closest?.('a.time');
  if (time && !event.ctrlKey && !event.metaKey && !event.shiftKey) (await quote()).copyAddress(/** @type {Element} */ (time.closest('.line')));
});
let choosing = 0;
document.addEventListener('selectionchange', () => {
  clearTimeout(choosing);
  if (getSelection()?.isCollapsed === false) choosing = setTimeout(offerSelected, CHOSEN);
});
at('SayLines')?.addEventListener('click', sayLines);
at('CatchUp').addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  acts.missed();
});
/**
 * Open the questions as at first: as was chosen, else where there is much room, and not with low data, of which they
 * take more than the text. css/reader/beside.css has kept the room free by the same rule.
 */
function asAtFirst() {
  const panel = at('Beside');
  if (!panel) return;
  const chosen = recall('moothall.beside');
  const wide = (/** @type {number} */ rem) => matchMedia(`(min-width: ${rem}rem)`).matches;
  const open = chosen === null ? !low() && wide(75) : chosen === true && wide(60);
  byPage ||= panel.open !== open;
  panel.open = open;
}
/** The questions were opened or closed; `chosen`: by the reader. @param {boolean} chosen */
async function besides(chosen) {
  const { Beside } = await import('./beside.js');
  if (beside) beside.open();
  else beside = new Beside(at('Beside'));
  if (chosen) beside.choose();
}
only('.skip').addEventListener('click', (event) => {
  if (reader.session.status === 'closed') return;
  event.preventDefault();
  acts.live();
});
addEventListener('keydown', async (event) => (keyed ?? (await keys()))(event));
at('Keys').parentElement?.addEventListener('toggle', keys);
at('Video')?.addEventListener('toggle', match);
at('Voice')?.addEventListener('toggle', async () => {
  const { Voice } = await import('./voice.js');
  voice ??= new Voice(speechSynthesis, at('VoicePanel'));
}, { once: true });
if (!('speechSynthesis' in window)) at('Voice')?.remove();
at('Report')?.addEventListener('toggle', () => import('../panels/report.js'));
keepClear(only('.bar'));
if (ofRecord) import('../record/parts.js').then(({ record }) => record({ reader, older, goTo }));
const read = () => scroll.inView() ?? at('Log');
const shown = sheet(read);
const toCard = cards(only('.bar'), read);

/** Go to the line in the address's hash, loading older lines for it; resolves to whether it was found. */
async function cited() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!/^[a-z0-9]/.test(id)) return false; // ids of the page's own parts begin with a capital
  scroll.stay();
  const known = at(id) !== null;
  if (!known && ofRecord && !location.search.includes('before=')) {
    const there = await fetch(`${data.base}/line/${id}?${data.query}`, { redirect: 'manual' }).catch(() => null);
    if (there?.type === 'opaqueredirect') location.replace(`${data.base}/line/${id}${location.search || `?${data.query}`}`);
    return false;
  }
  if (!(await (await older()).find(id))) return false;
  if (!known) location.replace(`#${id}`); // so that the browser goes to it and applies :target
  at(id).scrollIntoView({ block: 'start', behavior: 'instant' });
  scroll.stay();
  (await quote()).offer(at(id));
  return true;
}

setInterval(state, 1000);

addEventListener('online', () => link.hurry());
for (const line of ['online', 'offline']) addEventListener(line, state);
addEventListener('hashchange', cited);
document.addEventListener('refused', () => import('./refused.js').then(({ refused }) => refused()));
addEventListener('pageshow', ({ persisted }) => persisted && reader.session.status !== 'closed' && link.open());
document.addEventListener('visibilitychange', () => document.hidden || link.hurry());

document.documentElement.classList.add('live');
bookmark.show();
at('SayLines')?.setAttribute('aria-pressed', String(choices.get('say') === 'lines'));
asAtFirst();
at('Beside')?.addEventListener('toggle', () => {
  besides(!byPage);
  byPage = false;
});
if (at('Video') && recall(VIDEO)) {
  (await match()).wait(data.now);
}
session();
roughly();
text?.show();
text?.look();
if (reader.session.status !== 'closed' || data.making) {
  history.scrollRestoration = 'manual';
  open();
  if (!(await cited()) && !data.making) scroll.follow();
} else {
  await cited();
}
