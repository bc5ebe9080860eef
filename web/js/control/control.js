// The control room: one tile for each room, updated each second, a bell for alarms, and who sees to which alarm. The
// markup is that of web/pages/control/control.html.

import '../lib/staff_frame.js';
import { refill } from '../desk/fill.js';
import { DeskLink, newId } from '../desk/link.js';
import { alarmText, alone, keepOwnName, languageNames, ownName } from '../lib/names.js';
import { keep, recall } from '../lib/kept.js';
import { Listening } from '../desk/listen.js';
import { at, element } from '../lib/nodes.js';
import { say, unsay } from '../lib/said.js';
import { LOUDEST, Tiles } from './tiles.js';
import { Words, dayClock } from '../lib/words.js';

/** @typedef {import('./tiles.js').Rung} Rung */

const BELL = 'moothall.control.bell';
const GIGABYTE = 1e9;
const OWN = new Set(['open', 'style', 'aria-valuenow']); // attributes that an update of a tile leaves alone

/** @type {ControlData} */
const data = JSON.parse(at('Data').textContent);
const words = new Words(data);
const languageName = languageNames(data.ui);
const clock = dayClock(data.ui, data.zone);
const PHONE = matchMedia('(max-width: 40rem)'); // as in control.css
const form = at('Bell').elements;
const big = at('Cards').dataset.big !== undefined; // a large screen without input devices: no buttons
/** @type {Set<string>} */
const rung = new Set(); // alarms that the bell has rung for
/** @type {Record<string, ?number>} */
const heardLevels = {}; // the last level of each meeting, dBFS
const heard = new Listening();
const tiles = new Tiles(data, words, {
  big,
  hears: (session) => heard.of === session,
  listen: ({ session }) => {
    if (heard.of === session) heard.end();
    else heard.begin(session, () => (at('Status').textContent = words.text('unheard')));
  },
  mine,
  machine: async (session) => {
    const answer = await link.request('machine-on-air', { id: newId(), session });
    at('Status').textContent = words.text(answer.refusal ? 'machine.not' : 'machine.on');
  },
  clear: async ({ session, place, title }) => {
    const answer = await link.request('clear-wall', { id: newId(), session });
    at('Status').textContent = words.text(answer.refusal ? 'uncleared' : 'cleared', { place: alone(place || title) });
  },
});
let told = ['', '']; // the last announced alarm: its key and its text
/** @type {?AudioContext} */
let sound = null; // made once somebody has clicked or pressed a key

/** @param {number} bytes */
const gigabytes = (bytes) => (bytes / GIGABYTE).toLocaleString(data.ui, { maximumFractionDigits: bytes < 10 * GIGABYTE ? 1 : 0, useGrouping: false });

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
function reach({ connected, ways, missing, rough }) {
  const made = element('div', { class: 'reach', id: 'Reach' });
  if (!connected) made.append(element('p', {}, words.text('translatorless')));
  const named = (/** @type {string} */ from, /** @type {string} */ to) =>
    rough?.[from]?.includes(to) ? words.text('rough', { language: languageName(to) }) : languageName(to); // no `rough` from a server of 0.2.0
  const into = Object.entries(ways).map(([from, to]) => element('li', {}, words.text('into', { language: languageName(from), others: words.listed(to.map((each) => named(from, each))) })));
  if (into.length) made.append(element('ul', {}, ...into));
  made.append(...missing.map((line) => element('p', { class: 'mark', lang: 'en', dir: 'ltr' }, line)));
  if (!made.isEqualNode(at('Reach'))) at('Reach').replaceWith(made);
}

/** Show the state of all meetings and of the server. @param {Board} board */
function update({ cards, overview, translation }) {
  if (!big) reach(translation);
  const key = document.activeElement?.dataset.key;
  const made = cards.length ? cards.map((card) => tiles.show(card)) : [element('li', { class: 'none', 'data-card': '' }, words.text('empty'))];
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
  tiles.forgetOthers(cards);
  if (key && document.activeElement?.dataset.key !== key) at('Cards').querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  at('Made').textContent = words.text('as-of', { time: clock.format(overview.at) });
  const said = [words.text('machines', { n: overview.engines })];
  if (overview.disk_free !== null) said.push(words.text('disk', { free: gigabytes(overview.disk_free), all: gigabytes(overview.disk_all) }));
  const shared = overview.alarms.map((each) => tiles.alarm({ session: '', title: '', place: words.text('machine-fault') }, each));
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
  told = [fresh[0], `${card.place || card.title}: ${alarmText(words, each, languageName)}`];
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
