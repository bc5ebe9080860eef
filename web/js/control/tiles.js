// The tile of one meeting in the control room: its state, level, trends and alarms, and the folded part with all
// figures and buttons. The markup is that of web/pages/control/control.html.

import { alarmText, alone, languageNames } from '../lib/names.js';
import { delayOf } from '../lib/standing.js';
import { element } from '../lib/nodes.js';
import { qualityLines } from '../desk/quality.js';
import { byMinute, span, sparkline } from './sparkline.js';
import { dayClock } from '../lib/words.js';

/** @typedef {Pick<Card, 'session' | 'place' | 'title'>} Rung  the meeting of an alarm */

const [OLD, DEAD] = [15, 3]; // s without sound: old, dead; as in control_door.py
export const LOUDEST = 60; // dB: the range of a level meter
const LATE = 10; // s of delay from which it is an alarm; as in services/control/alarms.py
const [SLOW, QUICK] = [15, 150]; // s, words a minute: the least full scale of a sparkline
const LONG = 90; // characters of an alarm from which its letters are smaller on a big screen
const SENTENCE = /^((?:\u2068[^\u2069]*\u2069|[^.。？?؟])*[.。？?؟])\s*(.+)$/s; // as in control_door.py; titles are in Unicode isolates

export class Tiles {
  /**
   * @param {ControlData} data  @param {import('../lib/words.js').Words} words
   * @param {{big: boolean, hears: (session: string) => boolean, listen: (card: Card) => void, mine: (session: string, kind: string) => void, machine: (session: string) => void, clear: (card: Card) => void}} acts
   *   `big`: a large screen without input devices: no buttons; `hears`: whether a meeting's sound is being played; the
   *   others carry out what a button does
   */
  constructor(data, words, acts) {
    this.ui = data.ui;
    this.words = words;
    this.acts = acts;
    this.languageName = languageNames(data.ui);
    this.qualityLine = qualityLines(data.ui, words, this.languageName);
    this.minutes = dayClock(data.ui, data.zone, {});
    /** @type {Map<string, Required<Pick<Card, 'delays' | 'rates'>>>} */
    this.lately = new Map(); // the last trends of each card: the server sends them only when they have changed
  }

  /** Forget the trends of all other meetings. @param {Card[]} cards */
  forgetOthers(cards) {
    for (const known of [...this.lately.keys()]) if (!cards.some((card) => card.key === known)) this.lately.delete(known);
  }

  /** The tile of a card. @param {Card} card */
  show(card) {
    const { words } = this;
    const { big } = this.acts;
    const worst = card.alarms.find(({ by }) => !by) ?? card.alarms[0];
    const made = element('li', { class: worst ? `card ${worst.urgent ? 'bad' : 'look'}` : 'card', 'data-card': card.key, 'data-session': card.session });
    const lang = card.title ? Object.values(card.channels).find(([kind]) => kind === 'floor')?.[1] : null;
    const named = element('bdi', { lang: card.place ? null : lang }, card.place || card.title);
    const all = Object.values(card.readers).reduce((sum, n) => sum + n, 0);
    const state = element('p', { class: 'state', 'data-kind': card.stands }, words.text(`stands.${card.stands}`, { time: card.silent_since === null ? '' : this.minutes.format(card.silent_since) }));
    made.append(element('div', { class: 'head' }, element('h2', {}, card.session && !big ? element('a', { href: this.#desk(card), 'data-key': `desk:${card.session}` }, named) : named), state, card.session && !big ? element('p', { class: 'readers' }, words.text('readers-now', { n: all })) : ''));
    if (card.place && card.title) made.append(element('p', { class: 'title' }, element('bdi', { lang }, card.title)));
    const trends = this.#trendsOf(card);
    const drawn = this.#drawn(trends);
    if (card.session) made.append(element('div', { class: 'hear' }, this.#meter(card.session), ...(big ? [] : [this.#listen(card)])), element('div', { class: 'trends' }, this.#trend('delay', this.#delay(card), drawn.delay), this.#trend('rate', String(card.rate), drawn.rate)));
    if (worst) made.append(this.alarm(card, worst));
    if (!big && (card.session || card.following)) made.append(this.#rest(card, card.alarms.filter((each) => each !== worst), [this.#table(trends), ...drawn.scales.map((scale) => element('p', { class: 'scale' }, scale))]));
    return made;
  }

  /** An alarm with its remedy, and buttons to see to it. @param {Rung} card  @param {Alarm} alarm */
  alarm(card, alarm) {
    const { words } = this;
    const { kind, urgent, by } = alarm;
    const text = alarmText(words, alarm, this.languageName);
    const sign = words.text(urgent ? 'urgent' : 'look');
    const [, fault = text, remedy = ''] = SENTENCE.exec(text) ?? [];
    const box = element('div', { class: `alarm${urgent ? ' urgent' : ''}${text.length > LONG ? ' long' : ''}` }, element('p', { class: 'fault' }, element('strong', {}, sign), ' – ', fault));
    if (remedy) box.append(element('p', { class: 'remedy' }, remedy));
    if (by) box.append(element('p', { class: 'mark' }, words.text('seen', { name: by })));
    else if (!this.acts.big) {
      const button = element('button', { type: 'button', 'data-key': `${card.session}:${kind}`, 'aria-label': `${words.text('mine')}: ${card.place || card.title}, ${text}` }, words.text('mine'));
      button.addEventListener('click', () => this.acts.mine(card.session, kind));
      box.append(button);
    }
    if (kind.startsWith('captioner-') && !this.acts.big) {
      const label = words.text('machine');
      const button = element('button', { type: 'button', 'data-key': `machine:${card.session}`, 'aria-label': `${label}: ${card.place || card.title}` }, label);
      button.addEventListener('click', () => this.acts.machine(card.session));
      box.append(' ', button);
    }
    return box;
  }

  /** How long ago, in words. @param {?number} seconds  null: never */
  #ago(seconds) {
    if (seconds === null) return this.words.text('none');
    return seconds < 120 ? this.words.text('ago', { n: seconds }) : this.words.text('ago-min', { n: Math.floor(seconds / 60) });
  }

  /** The language that is heard, and the expected one if that is another. @param {Card} card */
  #language({ heard, expected }) {
    const { words, languageName } = this;
    if (!heard) return words.text('none');
    return heard === expected || !expected ? languageName(heard) : words.text('heard', { heard: languageName(heard), expected: languageName(expected) });
  }

  /** The delay in words. @param {Card} card */
  #delay({ dead, sound, lag }) {
    if (dead >= DEAD || sound === null || sound >= OLD) return this.words.text('no-delay');
    const { kind, n } = delayOf(lag * 1000);
    return this.words.text(lag < LATE ? 'seconds' : kind, { n });
  }

  /** All figures of a card: [name, value in words]. @param {Card} card */
  #figures(card) {
    const { words, languageName } = this;
    const people = card.here.map(({ name, label, role }) => name || label || words.text(`role.${role}`));
    const readers = Object.entries(card.channels).map(([name, [kind, tag]]) => `${words.text(`kind.${kind}`, { language: languageName(tag) })}: ${card.readers[name] ?? 0}`);
    return [
      ['sound', card.dead >= DEAD ? words.text('dead', { n: card.dead }) : this.#ago(card.sound)], ['words', this.#ago(card.words)], ['rate', String(card.rate)], ['delay', this.#delay(card)],
      ['language', this.#language(card)], ['quality', this.qualityLine(card.quality) || words.text('none')], ['on-air', card.on_air || words.text('on-air.machine')], ['here', words.listed(people) || words.text('nobody')], ['readers', readers.join(' · ')],
    ];
  }

  /** The level meter of a session, which is filled by `--level`. @param {string} session */
  #meter(session) {
    const made = element('div', { class: 'meter', role: 'meter', 'aria-label': this.words.text('level'), 'aria-valuemin': -LOUDEST, 'aria-valuemax': 0, 'aria-valuenow': -LOUDEST, 'data-level': session });
    made.append(element('div', { class: 'bar' }));
    return made;
  }

  /** The button that plays a meeting's sound, one meeting at a time; a second press ends it. @param {Card} card */
  #listen(card) {
    const { session, place, title } = card;
    const on = this.acts.hears(session);
    const label = this.words.text(on ? 'unlisten' : 'listen');
    const button = element('button', { type: 'button', class: 'quiet', 'data-key': `listen:${session}`, 'aria-pressed': String(on), 'aria-keyshortcuts': 'l', 'aria-label': `${label}: ${place || title}` }, label);
    button.addEventListener('click', () => this.acts.listen(card));
    return button;
  }

  /** The button *Clear the wall* of a meeting. @param {Card} card */
  #clear(card) {
    const label = this.words.text('clear');
    const button = element('button', { type: 'button', class: 'quiet', 'data-key': `wall:${card.session}`, 'aria-label': `${label}: ${card.place || card.title}` }, label);
    button.addEventListener('click', () => this.acts.clear(card));
    return button;
  }

  /** The trends of a card, which an earlier card had where this one has none. @param {Card} card */
  #trendsOf({ key, delays, rates }) {
    const before = this.lately.get(key);
    const trends = { delays: delays ?? before?.delays ?? [], rates: rates ?? before?.rates ?? [] };
    this.lately.set(key, trends);
    return trends;
  }

  /**
   * The sparklines of a card's trends, and their scales in words.
   * @param {Required<Pick<Card, 'delays' | 'rates'>>} trends
   */
  #drawn({ delays, rates }) {
    const { words } = this;
    const [, latest] = span(delays) ?? [0, 0];
    const [least, quickest] = span(rates) ?? [0, 0];
    const [slow, quick] = [Math.max(SLOW, latest), Math.max(QUICK, quickest)];
    const scales = [words.text('scale.delay', { n: slow, limit: LATE }), words.text('scale.rate', { n: quick })];
    return {
      scales,
      delay: this.#chart(slow, sparkline(delays, slow, `${words.text('trend.delay', { n: latest })} – ${scales[0]}`, LATE)),
      rate: this.#chart(quick, sparkline(rates, quick, `${words.text('trend.rate', { least, most: quickest })} – ${scales[1]}`)),
    };
  }

  /** A sparkline behind its axis. @param {number} top  @param {SVGElement} drawing */
  #chart(top, drawing) {
    return element('div', { class: 'chart' }, element('p', { class: 'axis', 'aria-hidden': 'true' }, element('span', {}, String(top)), element('span', {}, '0')), drawing);
  }

  /** A figure with its chart. @param {string} name  @param {string} value  @param {HTMLElement} chart */
  #trend(name, value, chart) {
    const since = this.acts.big ? '' : element('span', { class: 'since' }, ` (${this.words.text('lately')})`);
    return element('div', { class: 'trend' }, chart, element('p', {}, element('span', {}, this.words.text(name)), since, ' ', element('b', {}, value)));
  }

  /** The trends as a table, a row a minute. @param {Required<Pick<Card, 'delays' | 'rates'>>} trends */
  #table(trends) {
    const { words } = this;
    const cell = (/** @type {?number} */ value) => element('td', {}, value === null ? '–' : String(value));
    const rows = byMinute(trends.delays, trends.rates).map(([delay, rate], n) => element('tr', {}, element('th', { scope: 'row' }, String(n + 1)), cell(delay), cell(rate)));
    const head = ['minutes-ago', 'most-delay', 'rate'].map((name) => element('th', { scope: 'col' }, words.text(name)));
    return element('table', {}, element('caption', {}, words.text('trend.table')), element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows));
  }

  /**
   * The folded part of a tile: further alarms, all figures, reports and actions.
   * @param {Card} card  @param {Alarm[]} further  @param {HTMLElement[]} table  the trends as figures
   */
  #rest(card, further, table) {
    const { words } = this;
    const label = further.length ? words.text('further', { n: further.length }) : words.text('more');
    const made = element('details', { class: 'particulars' }, element('summary', { 'data-key': `more:${card.key}` }, label, element('span', { class: 'unseen' }, ` · ${card.place || card.title}`)));
    made.append(...further.map((each) => this.alarm(card, each)));
    if (card.session) made.append(element('dl', {}, ...this.#figures(card).map(([name, value]) => element('div', {}, element('dt', {}, words.text(name)), element('dd', {}, value)))), ...table);
    const all = Object.values(card.readers).reduce((sum, n) => sum + n, 0);
    for (const [kind, n] of Object.entries(card.reports)) {
      made.append(element('p', { class: 'said' }, words.text('report', { n, all: Math.max(all, n), what: words.text(`report.${kind}`) })));
    }
    if (card.following) made.append(element('p', { class: 'mark' }, words.text('next', { title: alone(card.following) })));
    if (card.session) {
      const desk = this.#desk(card);
      made.append(element('p', { class: 'open' }, element('a', { href: desk, 'data-key': `open:${card.session}` }, words.text('open')), ' · ', element('a', { href: desk.replace('/desk/', '/figures/'), 'data-key': `figures:${card.session}` }, words.text('figures'))));
      made.append(element('p', {}, this.#clear(card)));
    }
    return made;
  }

  /** The address of a meeting's desk. @param {Card} card */
  #desk({ session }) {
    return `/desk/${encodeURIComponent(session)}?ui=${this.ui}`;
  }
}
