// The control room: one tile for each room, updated each second, a bell for alarms, and who sees to which alarm. The
// markup is that of web/pages/control/control.html.

import '../lib/staff_frame.js';
import { refill } from '../desk/fill.js';
import { DeskLink, newId } from '../desk/link.js';
import { alarmValues, alone, keepOwnName, ownName, languageNames } from '../lib/names.js';
import { keep, recall } from '../lib/kept.js';
import { Listening } from '../desk/listen.js';
import { at, element } from '../lib/nodes.js';
import { qualityLines } from '../desk/quality.js';
import { say, unsay } from '../lib/said.js';
import { span, sparkline } from './sparkline.js';
import { Words, dayClock } from '../lib/words.js';

/** @typedef {Pick<Card, 'session' | 'place' | 'title'>} Rung  the meeting of an alarm */

const BELL = 'moothall.control.bell';
const GIGABYTE = 1e9;
const [OLD, DEAD] = [15, 3]; // s without sound: old, dead; as in control_door.py
const LOUDEST = 60; // dB: the range of a level meter
const [LATE, QUICK] = [10, 150]; // s, words a minute: the least full scale of a sparkline
const OWN = new Set(['open', 'style', 'aria-valuenow']); // attributes that an update of a tile leaves alone

/** @type {ControlData} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);
const languageName = languageNames(data.ui);
const qualityLine = qualityLines(data.ui, words, languageName);
const clock = dayClock(data.ui, data.zone);
const minutes = dayClock(data.ui, data.zone, {});
const SENTENCE = /^((?:\u2068[^\u2069]*\u2069|[^.。？?؟])*[.。？?؟])\s*(.+)$/s; // as in control_door.py; titles are in Unicode isolates
const PHONE = matchMedia('(max-width: 40rem)'); // as in control.css
const form = at('Bell').elements;
const big = at('Cards').dataset.big !== undefined; // a large screen without input devices: no buttons
/** @type {Set<string>} */
const rung = new Set(); // alarms that the bell has rung for
/** @type {Record<string, ?number>} */
const heardLevels = {}; // the last level of each meeting, dBFS
/** @type {Map<string, Required<Pick<Card, 'delays' | 'rates'>>>} */
const lately = new Map(); // the last trends of each card: the server sends them only when they have changed
const heard = new Listening();
let told = ['', '']; // the last announced alarm: its key and its text
/** @type {?AudioContext} */
let sound = null; // made once somebody has clicked or pressed a key

/** How long ago, in words. @param {?number} seconds  null: never */
const ago = (seconds) => {
  if (seconds === null) return words.text('none');
  return seconds < 120 ? words.text('ago', { n: seconds }) : words.text('ago-min', { n: Math.floor(seconds / 60) });
};

/** @param {number} bytes */
const gigabytes = (bytes) => (bytes / GIGABYTE).toLocaleString(data.ui, { maximumFractionDigits: bytes < 10 * GIGABYTE ? 1 : 0, useGrouping: false });

/** The language that is heard, and the expected one if that is another. @param {Card} card */
function language({ heard, expected }) {
  if (!heard) return words.text('none');
  return heard === expected || !expected ? languageName(heard) : words.text('heard', { heard: languageName(heard), expected: languageName(expected) });
}

/** All figures of a card: [name, value in words]. @param {Card} card */
function figures(card) {
  const people = card.here.map(({ name, label, role }) => name || label || words.text(`role.${role}`));
  const readers = Object.entries(card.channels).map(([name, [kind, tag]]) => `${words.text(`kind.${kind}`, { language: languageName(tag) })}: ${card.readers[name] ?? 0}`);
  const dead = card.dead >= DEAD;
  const late = dead || card.sound === null || card.sound >= OLD ? words.text('no-delay') : lateness(card);
  return [
    ['sound', dead ? words.text('dead', { n: card.dead }) : ago(card.sound)], ['words', ago(card.words)], ['rate', String(card.rate)], ['delay', late],
    ['language', language(card)], ['quality', qualityLine(card.quality) || words.text('none')], ['on-air', card.on_air || words.text('on-air.machine')], ['here', words.listed(people) || words.text('nobody')], ['readers', readers.join(' · ')],
  ];
}

/** @param {Card} card */
const lateness = ({ lag }) => (lag ? words.text('late', { n: lag }) : words.text('on-time'));

/** The level meter of a session, which `levels` updates. @param {string} session */
function meter(session) {
  const made = element('div', { class: 'meter', role: 'meter', 'aria-label': words.text('level'), 'aria-valuemin': -LOUDEST, 'aria-valuemax': 0, 'aria-valuenow': -LOUDEST, 'data-level': session });
  made.append(element('div', { class: 'bar' }));
  return made;
}

/**
 * Update the level meters: dBFS by session, null where no sound comes.
 * @param {Record<string, ?number>} all  @param {ParentNode} within
 */
function levels(all, within = document) {
  Object.assign(heardLevels, all);
  for (const [session, level] of Object.entries(all)) {
    const made = within.querySelector(`[data-level="${CSS.escape(session)}"]`);
    const db = Math.min(0, Math.max(-LOUDEST, level ?? -LOUDEST));
    made?.style.setProperty('--level', `${((db + LOUDEST) * 100) / LOUDEST}%`);
    made?.setAttribute('aria-valuenow', String(db));
  }
}

/** An alarm with its remedy, and buttons to see to it. @param {Rung} card  @param {Alarm} alarm */
function alarm(card, { kind, urgent, values, by }) {
  const text = words.text(`alarm.${kind}`, alarmValues(values, languageName));
  const sign = words.text(urgent ? 'urgent' : 'look');
  const [, fault = text, remedy = ''] = SENTENCE.exec(text) ?? [];
  const box = element('div', { class: urgent ? 'alarm urgent' : 'alarm' }, element('p', { class: 'fault' }, element('strong', {}, sign), ' – ', fault));
  if (remedy) box.append(element('p', { class: 'remedy' }, remedy));
  if (by) box.append(element('p', { class: 'mark' }, words.text('seen', { name: by })));
  else if (!big) {
    const button = element('button', { type: 'button', 'data-key': `${card.session}:${kind}`, 'aria-label': `${words.text('mine')}: ${card.place || card.title}, ${text}` }, words.text('mine'));
    button.addEventListener('click', () => mine(card.session, kind));
    box.append(button);
  }
  if (kind.startsWith('captioner-') && !big) {
    const label = words.text('machine');
    const button = element('button', { type: 'button', 'data-key': `machine:${card.session}`, 'aria-label': `${label}: ${card.place || card.title}` }, label);
    button.addEventListener('click', async () => {
      const answer = await link.request('machine-on-air', { id: newId(), session: card.session });
      at('Status').textContent = words.text(answer.refusal ? 'machine.not' : 'machine.on');
    });
    box.append(' ', button);
  }
  return box;
}

/** The button *Clear the wall* of a meeting; its outcome is announced. @param {Card} card */
function wall({ session, place, title }) {
  const named = place || title;
  const label = words.text('clear');
  const button = element('button', { type: 'button', class: 'quiet', 'data-key': `wall:${session}`, 'aria-label': `${label}: ${named}` }, label);
  button.addEventListener('click', async () => {
    const answer = await link.request('clear-wall', { id: newId(), session });
    at('Status').textContent = words.text(answer.refusal ? 'uncleared' : 'cleared', { place: alone(named) });
  });
  return button;
}

/** The button that plays a meeting's sound, one meeting at a time; a second press ends it. @param {Card} card */
function listen({ session, place, title }) {
  const on = heard.of === session;
  const label = words.text(on ? 'unlisten' : 'listen');
  const button = element('button', { type: 'button', class: 'quiet', 'data-key': `listen:${session}`, 'aria-pressed': String(on), 'aria-keyshortcuts': 'l', 'aria-label': `${label}: ${place || title}` }, label);
  button.addEventListener('click', () => {
    if (heard.of === session) heard.end();
    else heard.begin(session, () => (at('Status').textContent = words.text('unheard')));
  });
  return button;
}

/**
 * A figure with the sparkline of its last ten minutes.
 * @param {string} name  @param {string} value  @param {SVGElement} drawing
 */
const trend = (name, value, drawing) => element('div', { class: 'trend' }, drawing, element('p', {}, element('span', {}, words.text(name)), ' ', element('b', {}, value)));

/** The trends of the delay (s) and of the words a minute. @param {Card} card */
function trends(card) {
  const before = lately.get(card.key);
  const { delays = before?.delays ?? [], rates = before?.rates ?? [] } = card;
  lately.set(card.key, { delays, rates });
  const [, most] = span(delays) ?? [0, 0];
  const [least, quickest] = span(rates) ?? [0, 0];
  const comes = card.dead < DEAD && card.sound !== null && card.sound < OLD;
  return element('div', { class: 'trends' },
    trend('delay', comes ? lateness(card) : words.text('no-delay'), sparkline(delays, LATE, words.text('trend.delay', { n: most }))),
    trend('rate', String(card.rate), sparkline(rates, QUICK, words.text('trend.rate', { least, most: quickest }))));
}

/**
 * The folded part of a tile: further alarms, all figures, reports and actions.
 * @param {Card} card  @param {Alarm[]} further
 */
function rest(card, further) {
  const label = further.length ? words.text('further', { n: further.length }) : words.text('more');
  const made = element('details', { class: 'rest' }, element('summary', { 'data-key': `more:${card.key}` }, label, element('span', { class: 'unseen' }, ` · ${card.place || card.title}`)));
  made.append(...further.map((each) => alarm(card, each)));
  if (card.session) made.append(element('dl', {}, ...figures(card).map(([name, value]) => element('div', {}, element('dt', {}, words.text(name)), element('dd', {}, value)))));
  const all = Object.values(card.readers).reduce((sum, n) => sum + n, 0);
  for (const [kind, n] of Object.entries(card.reports)) {
    made.append(element('p', { class: 'said' }, words.text('report', { n, all: Math.max(all, n), what: words.text(`report.${kind}`) })));
  }
  if (card.following) {
    made.append(element('p', { class: 'mark' }, words.text('next', { title: alone(card.following) })));
  }
  if (card.session) {
    made.append(element('p', { class: 'open' }, element('a', { href: desk(card), 'data-key': `open:${card.session}` }, words.text('open')), ' · ', element('a', { href: desk(card).replace('/desk/', '/figures/'), 'data-key': `figures:${card.session}` }, words.text('figures'))));
    made.append(element('p', {}, wall(card)));
  }
  return made;
}

/** The address of a meeting's desk. @param {Card} card */
const desk = ({ session }) => `/desk/${encodeURIComponent(session)}?ui=${data.ui}`;

/** The tile of a card. @param {Card} card */
function show(card) {
  const worst = card.alarms.find(({ by }) => !by) ?? card.alarms[0];
  const made = element('li', { class: worst ? `card ${worst.urgent ? 'bad' : 'look'}` : 'card', 'data-card': card.key, 'data-session': card.session });
  const lang = card.title ? Object.values(card.channels).find(([kind]) => kind === 'floor')?.[1] : null;
  const named = element('bdi', { lang: card.place ? null : lang }, card.place || card.title);
  const state = element('p', { class: 'state', 'data-kind': card.stands }, words.text(`stands.${card.stands}`, { time: card.silent_since === null ? '' : minutes.format(card.silent_since) }));
  made.append(element('div', { class: 'head' }, element('h2', {}, card.session && !big ? element('a', { href: desk(card), 'data-key': `desk:${card.session}` }, named) : named), state));
  if (card.place && card.title) made.append(element('p', { class: 'title' }, element('bdi', { lang }, card.title)));
  if (card.session) made.append(element('div', { class: 'hear' }, meter(card.session), ...(big ? [] : [listen(card)])), trends(card));
  if (worst) made.append(alarm(card, worst));
  if (!big && (card.session || card.following)) made.append(rest(card, card.alarms.filter((each) => each !== worst)));
  return made;
}

/**
 * Whether two trees have the same elements and differ at most in texts and attributes.
 * @type {(one: Element, two: Element) => boolean}
 */
const alike = (one, two) => one.tagName === two.tagName && one.className.toString() === two.className.toString() && one.childNodes.length === two.childNodes.length
  && one.getAttribute('data-key') === two.getAttribute('data-key') && [...one.childNodes].every((node, i) => {
    const other = two.childNodes[i];
    return node instanceof Element ? other instanceof Element && alike(node, other) : !(other instanceof Element);
  });

/**
 * Copy the texts and attributes of `fresh` to `old`, whose elements stay: a selection, an open part and the focus are
 * not lost.
 * @param {Element} old  @param {Element} fresh
 */
function renew(old, fresh) {
  for (const { name, value } of fresh.attributes) if (!OWN.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!OWN.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  old.childNodes.forEach((node, i) => {
    const now = fresh.childNodes[i];
    if (node instanceof Element && now instanceof Element) renew(node, now);
    else if (node.nodeValue !== now.nodeValue) node.nodeValue = now.nodeValue;
  });
}

/** Copy to a new tile whether the old one was open, and its level. @param {Element} old  @param {Element} fresh */
function inherit(old, fresh) {
  fresh.querySelector('details')?.toggleAttribute('open', Boolean(old.querySelector('details[open]')));
  const session = fresh instanceof HTMLElement && fresh.dataset.session;
  if (session) levels({ [session]: heardLevels[session] ?? null }, fresh);
}

/**
 * Show which translations are possible now, with the markup of web/pages/lib/_staff.html.
 * @param {Board['translation']} translation
 */
function reach({ connected, ways, missing }) {
  const made = element('div', { class: 'reach', id: 'Reach' });
  if (!connected) made.append(element('p', {}, words.text('translatorless')));
  const into = Object.entries(ways).map(([from, to]) => element('li', {}, words.text('into', { language: languageName(from), others: words.listed(to.map(languageName)) })));
  if (into.length) made.append(element('ul', {}, ...into));
  made.append(...missing.map((line) => element('p', { class: 'mark', lang: 'en', dir: 'ltr' }, line)));
  if (!made.isEqualNode(at('Reach'))) at('Reach').replaceWith(made);
}

/** Show the state of all meetings and of the server. @param {Board} board */
function update({ cards, overview, translation }) {
  if (!big) reach(translation);
  const key = document.activeElement?.dataset.key;
  const made = cards.length ? cards.map(show) : [element('li', { class: 'none', 'data-card': '' }, words.text('empty'))];
  for (const item of [...at('Cards').children]) if (item.dataset.card === undefined) item.remove(); // the server made this one
  const old = new Map([...at('Cards').children].map((item) => [item.dataset.card, item]));
  made.forEach((item, i) => {
    const known = old.get(item.dataset.card);
    old.delete(item.dataset.card);
    const stays = known && alike(known, item) ? known : item;
    if (stays === item) {
      if (known) inherit(known, item);
      known?.remove();
    } else renew(stays, item);
    if (at('Cards').children[i] !== stays) at('Cards').insertBefore(stays, at('Cards').children[i] ?? null);
  });
  for (const item of old.values()) item.remove();
  for (const known of [...lately.keys()]) if (!cards.some((card) => card.key === known)) lately.delete(known);
  if (key && document.activeElement?.dataset.key !== key) at('Cards').querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  at('Made').textContent = words.text('as-of', { time: clock.format(overview.at) });
  const said = [words.text('machines', { n: overview.engines })];
  if (overview.disk_free !== null) said.push(words.text('disk', { free: gigabytes(overview.disk_free), all: gigabytes(overview.disk_all) }));
  const shared = overview.alarms.map((each) => alarm({ session: '', title: '', place: words.text('machine-fault') }, each));
  at('Shared').hidden = !shared.length;
  refill(at('Shared'), shared);
  at('House').replaceChildren(...said.map((text) => element('li', {}, text)));
  bell([{ session: '', title: '', place: words.text('machine-fault'), alarms: overview.alarms }, ...cards]);
}

/** Ring and announce once each alarm that nobody sees to yet. @param {(Rung & Pick<Card, 'alarms'>)[]} cards */
function bell(cards) {
  /** @type {Map<string, [Rung, Alarm]>} */
  const now = new Map();
  for (const card of cards) for (const each of card.alarms) if (!each.by) now.set(`${card.session}:${each.kind}`, [card, each]);
  const fresh = [...now.keys()].filter((key) => !rung.has(key));
  for (const key of [...rung]) if (!now.has(key)) rung.delete(key);
  if (!now.has(told[0])) unsay(told[1]);
  for (const key of fresh) rung.add(key);
  const { title = '' } = at('Bell').dataset;
  const [worst] = [...now.values()].sort(([, one], [, other]) => Number(other.urgent) - Number(one.urgent));
  document.title = worst ? `(${now.size}) ${worst[0].place || worst[0].title} – ${title}` : title; // the room first: a tab shows little
  const first = now.get(fresh[0]);
  if (!first) return;
  const [card, each] = first;
  told = [fresh[0], `${card.place || card.title}: ${words.text(`alarm.${each.kind}`, alarmValues(each.values, languageName))}`];
  say(told[1], `#Cards [data-key="${CSS.escape(fresh[0])}"], #Shared [data-key="${CSS.escape(fresh[0])}"]`);
  if (form.bell.checked) ring();
}

function ring() {
  if (!navigator.userActivation?.hasBeenActive) return; // browsers allow no sound before a click or key press
  sound ??= new AudioContext();
  const start = sound.currentTime + 0.05;
  for (const [i, pitch] of [880, 660].entries()) {
    const tone = sound.createOscillator();
    const loud = sound.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.15, start + i * 0.25);
    loud.gain.exponentialRampToValueAtTime(0.001, start + i * 0.25 + 0.8);
    tone.connect(loud).connect(sound.destination);
    tone.start(start + i * 0.25);
    tone.stop(start + i * 0.25 + 0.8);
  }
}

/** Tell everybody that we see to an alarm, under our name. @param {string} session  @param {string} kind */
async function mine(session, kind) {
  const name = form.name.value.trim();
  if (!name) {
    form.name.focus();
    return;
  }
  await link.request('see-to', { id: newId(), session, kind, name });
}

// The key `l` works only while a tile or something in it has the focus (WCAG 2.2, 2.1.4).
addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (key.toLowerCase() !== 'l' || event.ctrlKey || event.metaKey || event.altKey || event.repeat || target.matches('input, textarea, select')) return;
  target.closest('.card')?.querySelector('.hear button')?.click();
});

// On a phone the tiles come first, and the form of the bell after them.
const order = () => (PHONE.matches ? at('Cards').after(at('Bell')) : at('Shared').before(at('Bell')));
PHONE.addEventListener('change', order);
order();
at('Bell').dataset.title = document.title;
at('Bell').hidden = big;
if (!big) at('Again').hidden = true;
form.name.value = ownName();
form.name.addEventListener('change', () => keepOwnName(form.name.value));
form.bell.checked = recall(BELL) ?? true;
form.bell.addEventListener('change', () => {
  keep(BELL, form.bell.checked);
  if (form.bell.checked) ring(); // as a trial; the click has allowed sound
});
at('Bell').addEventListener('submit', (event) => event.preventDefault());

const link = new DeskLink('/control', () => ({ trends: /** @type {const} */ ('changed') }), {
  joined: update,
  told: (...[event, body]) => (event === 'levels' ? levels(body) : event === 'cards' && update(body)),
  stands: (how) => {
    at('Stands').hidden = false;
    if (how !== 'open') levels(Object.fromEntries([...document.querySelectorAll('[data-level]')].map((each) => [each.dataset.level ?? '', null])));
    at('Stands').dataset.kind = how === 'open' ? 'live' : 'lost';
    at('Stands').textContent = words.text(`line.${how}`);
  },
});
