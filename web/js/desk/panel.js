// The panels around the text on a staff page: speakers, people at desks, readers' reports, alarms, and the latest acts.

import { bdi, refill } from './fill.js';
import { alarmText, alone, languageNames } from '../lib/names.js';
import { at, element, only, set } from '../lib/nodes.js';
import { qualityLines } from './quality.js';
import { unsay } from '../lib/said.js';
import { dayClock, mediaTime } from '../lib/words.js';

/**
 * Callbacks of the page; `report` answers the readers' reports of a kind, as `seen` or `mended`.
 * @typedef {{undo: (id: string) => unknown, say: (text: string, there?: ?string) => void, take?: (speaker: ?string) => unknown,
 *            report?: (answer: string, kind: string) => unknown}} PanelActs
 */

export class DeskPanel {
  /**
   * @param {import('../lines/state.js').DeskState} state  @param {import('../lib/words.js').Words} words  @param {DeskData} data
   * @param {PanelActs} does
   */
  constructor(state, words, data, does) {
    this.state = state;
    this.words = words;
    this.data = data;
    this.does = does;
    /** @type {Act[]} */
    this.acts = [];
    /** @type {Set<string>} */
    this.may = new Set(); // names of the commands that are allowed here
    /** @type {Map<string, string>} */
    this.stood = new Map(); // the notices shown last: kind → the text that was announced
    this.clock = dayClock(data.ui, data.zone);
    this.languageName = languageNames(data.ui); // gives a language's name for its tag
    this.qualityLine = qualityLines(data.ui, words, this.languageName);
  }

  /**
   * Take over from the answer to joining: the latest acts, and the commands that are allowed here.
   * @param {Pick<Answer, 'acts' | 'may'>} answer
   */
  joined({ acts, may }) {
    this.acts = acts;
    this.may = new Set(may);
  }

  /** Speakers in the order in which they were introduced: [id, name]. */
  speakers() {
    return Object.entries(this.state.session?.speakers ?? {});
  }

  /**
   * Show the buttons that set the speaker; the button of the current speaker is pressed.
   * @param {import('./keys.js').DeskKeys} keys
   */
  people(keys) {
    const speaking = this.state.session?.speaking;
    const button = (/** @type {?string} */ id, /** @type {string} */ name, /** @type {string} */ key) => {
      const made = element('button', {
        type: 'button', 'data-key': id ?? '-', 'aria-pressed': String((speaking ?? null) === id), 'aria-keyshortcuts': key || null,
      });
      if (key) made.append(element('kbd', { 'aria-hidden': 'true' }, key), ' ');
      made.append(bdi(name));
      made.addEventListener('click', () => this.does.take?.(id));
      return element('li', {}, made);
    };
    const all = this.speakers().map(([id, name], i) => button(id, name, i < 9 ? keys.key(`speaker${i + 1}`) : ''));
    refill(at('Speakers'), [...all, button(null, this.words.text('nobody'), keys.key('nobody'))]);
  }

  /** Show who is at a page like this one. @param {Seat[]} presence  @param {string} own  our desk */
  here(presence, own) {
    refill(at('Here'), presence.map(({ desk, role, label, name }) => {
      const item = element('li', {}, bdi(name || label || this.words.text(`role.${role}`)));
      const more = [name || label ? this.words.text(`role.${role}`) : '', name && label ? label : '', desk === own ? this.words.text('you') : ''];
      item.append(' ', element('span', { class: 'mark' }, more.filter(Boolean).join(' · ')));
      return item;
    }));
  }

  /** Add an act to the list, or update it; the 30 newest are kept. @param {Act} act */
  acted(act) {
    const known = this.acts.findIndex(({ id }) => id === act.id);
    if (known >= 0) this.acts[known] = act;
    else this.acts.push(act);
    this.acts = this.acts.slice(-30);
    this.done();
  }

  /** Remove acts from the list: their texts may hold words that were removed for good. @param {string[]} ids */
  forget(ids) {
    this.acts = this.acts.filter(({ id }) => !ids.includes(id));
    this.done();
  }

  /** Show the latest acts, newest first, each with its undo button. */
  done() {
    refill(at('Done'), [...this.acts].reverse().map((act) => {
      const what = this.describe(act.commands, act.numbers);
      const item = element('li', { class: act.undone ? 'undone' : '' }, element('span', { class: 'what' }, what));
      item.append(' ', element('span', { class: 'mark' }, [this.clock.format(act.at), act.by.name || act.by.label].filter(Boolean).join(' · ')));
      if (act.undone) item.append(' ', element('span', { class: 'mark' }, this.words.text('undone')));
      else if (this.mayUndo(act)) {
        const undo = element('button', { type: 'button', 'data-key': act.id, 'aria-label': `${this.words.text('undo')}: ${what}` }, this.words.text('undo'));
        undo.addEventListener('click', () => this.does.undo(act.id));
        item.append(' ', undo);
      }
      return item;
    }));
    at('DoneNone').hidden = this.acts.length > 0;
    this.#last();
  }

  /** Update the button, always in view, that undoes the last act, and its description of that act. */
  #last() {
    const [button, last] = [document.getElementById('UndoLast'), this.undoable()];
    if (!button) return; // this page has no such button
    button.setAttribute('aria-disabled', String(!last));
    set(at('UndoWhat'), last ? this.describe(last.commands, last.numbers) : '');
  }

  /** Whether an act can be undone, and that is allowed here. @param {Act} act */
  mayUndo(act) {
    return act.undo.length > 0 && !act.undone && act.undo.every(({ do: kind }) => this.may.has(kind));
  }

  /** The newest act that can be undone here; null when there is none. */
  undoable() {
    return this.acts.findLast((act) => this.mayUndo(act)) ?? null;
  }

  /** Whether an act moved lines to another meeting. @param {string} id */
  moved(id) {
    return this.acts.find((act) => act.id === id)?.commands.some((command) => command.do === 'move-away') ?? false;
  }

  /**
   * Describe commands in words. `numbers`: the numbers of questions by their ids.
   * @param {Command[]} commands  @param {Record<string, number>} numbers
   */
  describe(commands, numbers = {}) {
    const speakers = this.state.session?.speakers ?? {};
    const name = (/** @type {?string} */ id = null) => (id !== null && speakers[id] ? alone(speakers[id]) : this.words.text('nobody'));
    const one = (/** @type {Command} */ command) => {
      const kind = command.do;
      const text = (command.text ?? command.name ?? command.term ?? '').trim().slice(0, 80);
      if (kind === 'set-speaker') return this.words.text('did.set-speaker', { name: name(command.speaker) });
      if (kind === 'tag-segment' && command.tag) return this.words.text('did.tag-segment', { text: this.words.text(`tag.${command.tag}`) });
      if (kind === 'tag-intervention' && !command.question) return this.words.text('tag.none');
      if (kind === 'assign') return this.words.text('did.assign', { name: name(command.speaker) });
      if (kind === 'force-language') {
        const language = command.language ? this.languageName(command.language) : this.words.text('detected');
        return this.words.text('did.force-language', { language });
      }
      if (kind === 'take-up') {
        const { title, question = null } = command;
        const said = title || (question && this.state.session?.topics?.findLast((topic) => topic.question === question)?.title);
        return said ? this.words.text('did.take-up', { text: alone(said) }) : this.words.text('topic.nothing');
      }
      if (kind === 'put-on-air' && command.source === 'machine') return this.words.text('air.machine');
      if (kind === 'set-languages') return this.words.text('did.force-language', { language: this.words.listed((command.languages ?? []).map(this.languageName)) });
      return this.words.text(`did.${this.#did(command)}`, { text: alone(text) });
    };
    const accepted = commands.filter((command) => command.accepted);
    if (accepted.length > 1) return this.words.counted('accepted-lines', accepted.length);
    const corrected = commands.filter(({ do: kind }) => kind === 'correct');
    if (corrected.length > 1) return this.words.counted('corrected-lines', corrected.length);
    /** @type {Map<string, (number | string)[]>} */
    const stood = new Map(); // status → numbers
    for (const { do: kind, status = '', interventions = [] } of commands) {
      if (kind === 'set-status') stood.set(status, [...(stood.get(status) ?? []), ...interventions.map((id) => this.number(id) ?? numbers[id] ?? '?')]);
    }
    const rows = [...stood].map(([status, of]) => `${this.words.text(`stands.${status}`)}: ${this.words.text('number', { n: of.join(', ') })}`);
    // A question that is called sets the speaker, and takes that back afterwards; there is no need to mention it.
    const unsaid = stood.size ? ['introduce', 'set-speaker'] : [];
    // The set of spoken languages is mentioned only where none of them was forced in the same act.
    const forced = commands.some(({ do: kind }) => kind === 'force-language');
    const said = (/** @type {string} */ kind) => (kind === 'set-languages' ? !forced : this.data.texts[`did.${kind}`] && !unsaid.includes(kind));
    return [...rows, ...new Set(commands.filter(({ do: kind }) => said(kind)).map(one))].join(' · ');
  }

  /**
   * The number of a question; always null here, and overridden in moderation/done.js.
   * @type {(id: string) => ?number}
   */
  number() {
    return null;
  }

  /** The name of the text `did.…` that describes a command. @param {Command} command */
  #did({ do: kind, accepted, wanted, keep, written, flags = [], tag, into }) {
    if (kind === 'split' && into === null) return 'follows';
    if (kind === 'flag' && !flags.length) return 'unflag';
    if (kind === 'tag-segment' && tag === null) return 'untag';
    if (accepted) return 'accept';
    if (wanted === false) return 'term-away';
    const translated = kind === 'term' && (typeof keep === 'boolean' || Object.keys(written ?? {}).length > 0);
    return translated ? 'term-abroad' : kind;
  }

  /**
   * Show news from the server. `off`: since when nothing is recorded, media ms, or null; `answers` and `resumes`:
   * whether readers' reports may be answered and breaks ended here.
   * @param {Pick<DeskNews, 'reports' | 'quality' | 'alarm' | 'overrun'>} news
   * @param {{off: ?number, answers: boolean, resumes: boolean}} may
   */
  news({ reports, quality, alarm, overrun }, { off, answers, resumes }) {
    this.reports(reports, answers);
    this.quality(quality);
    this.notices({ alarms: alarm, overrun, off, resumes });
  }

  /**
   * Show what readers report: `14 of 210: wrong language`, with buttons for the answer that they get.
   * @param {?ReportNews} tally  @param {boolean} may
   */
  reports(tally, may) {
    const rows = Object.entries(tally?.kinds ?? {}).filter(([, row]) => row.count > 0);
    at('Reports').hidden = !rows.length;
    refill(only('#Reports ul'), rows.map(([kind, row]) => {
      const said = this.words.text('report', { n: row.count, all: Math.max(row.count, tally?.readers ?? 0), what: this.words.text(`report.${kind}`) });
      const item = element('li', { 'data-kind': kind }, element('p', {}, said));
      const buttons = element('p', { class: 'buttons' });
      for (const answer of ['seen', 'mended']) {
        if (!may) break;
        const button = element('button', { type: 'button', 'data-key': `${kind}-${answer}` }, this.words.text(`answer.${answer}`));
        button.disabled = row.answer === answer;
        button.addEventListener('click', () => this.does.report?.(answer, kind));
        buttons.append(button);
      }
      item.append(buttons);
      return item;
    }));
  }

  /**
   * Show which meeting the button *Next* begins, and which planned meetings it skips.
   * @param {DeskNews['next-session']} told  @param {boolean} may
   */
  nextSession(told, may) {
    const goesOn = may && !at('Next').hidden; // the page shows *Next* only once the meeting has begun
    at('Next').hidden = !goesOn || !told?.session;
    if (told) set(at('Next'), this.words.text('next', { title: alone(told.title) }));
    at('LeftOut').hidden = !goesOn || !told?.left_out.length;
    set(at('LeftOut'), told ? this.words.text('left-out', { titles: told.left_out.map(alone).join(', ') }) : '');
  }

  /**
   * Show how many proposed corrections of a second pass wait for a decision.
   * @param {DeskNews['proposals']} proposed  @param {boolean} may
   */
  proposals(proposed, may) {
    at('Proposed').hidden = !proposed || !may;
    const waiting = [...(proposed?.fates ?? '')].filter((letter) => 'wmt'.includes(letter)).length;
    set(only('p', at('Proposed')), this.words.text('proposals', { n: waiting }));
  }

  /** Show the quality of the text so far. @param {DeskNews['quality']} quality */
  quality(quality) {
    at('Quality').hidden = !quality;
    const text = this.qualityLine(quality);
    const line = only('p', at('Quality'));
    if (line.textContent !== text) line.textContent = text;
  }

  /**
   * Show alarms, how much time is left, and *Not recorded*. A new notice is announced once, and cleared when it has
   * ended or changed.
   * @param {{alarms: ?Alarm[], overrun: DeskNews['overrun'], off: ?number, resumes: boolean}} told
   */
  notices({ alarms, overrun, off, resumes }) {
    /** @type {HTMLElement[]} */
    const rows = [];
    /** @type {[string, string][]} */
    const fresh = [];
    /** @type {Map<string, string>} */
    const stand = new Map();
    const add = (/** @type {string} */ kind, /** @type {HTMLElement} */ row) => {
      const text = row.textContent;
      row.dataset.kind = kind;
      rows.push(row);
      const before = this.stood.get(kind);
      if (before === undefined) fresh.push([text, `#Notices [data-kind=${kind}]`]);
      else if (before !== text) unsay(before);
      stand.set(kind, before ?? text);
    };
    if (off !== null) add('off', element('p', { class: 'off' }, this.words.text('off', { time: mediaTime(off) })));
    if (overrun) {
      const { minutes } = overrun;
      const kind = minutes > 0 ? 'soon' : minutes < 0 ? 'over' : 'now';
      add(kind, element('p', {}, this.words.text(`overrun.${kind}`, { n: Math.abs(minutes) })));
    }
    for (const alarm of alarms ?? []) {
      const row = element('p', { class: alarm.urgent ? 'urgent' : '' }, alarmText(this.words, alarm, this.languageName));
      add(alarm.kind, row);
      if (alarm.kind === 'break-speech' && resumes) row.append(' ', element('button', { type: 'button', 'data-act': 'resume' }, this.words.text('end-break')));
    }
    for (const [kind, text] of this.stood) if (!stand.has(kind)) unsay(text);
    this.stood = stand;
    const box = at('Notices');
    if (box.textContent !== rows.map((row) => row.textContent).join('')) box.replaceChildren(...rows);
    for (const each of fresh) this.does.say(...each);
  }
}
