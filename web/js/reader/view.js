// Renders the lines of the text, with the markup of web/pages/lib/_parts.html.

import { gapMark, headed, named } from '../lib/headings.js';
import { at, element, only, set } from '../lib/nodes.js';
import { Turn } from '../lib/reading_order.js';
import { unquotable } from '../panels/rough.js';
import { direction, isoTime, mediaTime } from '../lib/words.js';

/** @typedef {Pick<Line, 'language'> & {speaker?: ?string}} Shown  a line, or words that aren't a line yet */

export class View {
  /**
   * @param {import('./reader.js').Reader} reader  @param {import('../lib/words.js').Words} words  @param {ReaderData['zone']} zone
   * @param {(made: MadeFrom) => string} [made]  describes how a line was translated; only for texts that have translations
   */
  constructor(reader, words, zone, made) {
    this.zone = zone;
    this.made = made;
    this.after = () => {}; // called after each change
    this.reader = reader;
    this.words = words;
    this.list = at('Lines');
    this.growing = at('Growing');
    this.unsaved = at('Unsaved');
    this.unrecorded = at('Unrecorded');
    /** @type {Set<string>} */
    this.unfinished = new Set(); // ids of lines that grow in the log
    this.turn = new Turn(); // after `group`, the turn at the end of the log
    this.group();
    for (const link of this.list.querySelectorAll('a.time')) link.tabIndex = -1;
  }

  newest() {
    return [...this.list.children].findLast((item) => item.dataset.n !== undefined);
  }

  /**
   * Show what has changed. Returns the ids of lines that are new in the log and finished.
   * @param {Pick<Change, 'cleared' | 'gone' | 'lines' | 'gaps'> & Partial<Change>} change
   */
  update(change) {
    /** @type {string[]} */
    const came = [];
    if (change.cleared) {
      this.list.replaceChildren();
      this.unfinished.clear();
    }
    for (const id of change.gone) at(id)?.remove();
    if (change.moved) for (const line of this.reader.lines.values()) at(line.segment)?.setAttribute('data-n', String(line.number));
    for (const id of change.lines) {
      const line = this.reader.lines.get(id);
      if (!line || this.reader.grows(line)) continue;
      const fresh = this.#place(line);
      if (line.t1 === null) this.unfinished.add(id); // it counts as new once it has ended
      else if (this.unfinished.delete(id) || fresh) came.push(id);
    }
    if (change.gaps) this.#gaps();
    at('Older').hidden = this.reader.first === 0;
    const later = at('Later');
    if (later) later.hidden = !this.reader.more;
    if (change.lines.size || change.gaps || change.gone.size) this.group();
    this.#grow();
    this.after();
    return came;
  }

  /** Insert a line into the log, update or remove it; returns whether it is new there. @param {Line} line */
  #place(line) {
    const old = at(line.segment);
    const text = line.text.trim();
    if (!text || line.gone) {
      old?.remove();
      return false;
    }
    const item = old ?? element('li', { class: 'line', id: line.segment, 'data-n': '', 'data-t0': line.t0, 'data-origin': line.origin, 'data-part-of': line.part_of });
    item.dataset.n = String(line.number);
    item.dataset.speaker = line.speaker ?? '';
    if (line.voice_changes) item.dataset.changes = 'true';
    else delete item.dataset.changes;
    const { made: before } = item.dataset;
    if (line.made_from) item.dataset.made = JSON.stringify(line.made_from);
    if (line.tool) item.dataset.tool = line.tool;
    if (line.respoken) item.dataset.respoken = 'true';
    const rough = unquotable(line) ? 'true' : undefined;
    if (!old || only('.text', old).textContent !== text || old.querySelector('.mark') === null === line.mended || item.dataset.rough !== rough || item.dataset.made !== before) {
      item.replaceChildren(...this.#inside(line, ...this.#words(line)), this.#about(line));
      if (rough) item.dataset.rough = rough;
      else delete item.dataset.rough;
    } else {
      this.#name(item, line);
    }
    if (!old) this.list.insertBefore(item, this.#after(line));
    return !old;
  }

  /** The element before which a new line is inserted; null: at the end. @param {Line} line */
  #after({ number, t0 }) {
    /** @type {?HTMLElement} */
    let after = null;
    for (let item = this.list.lastElementChild; item; item = item.previousElementSibling) {
      const { n, t0: began } = item.dataset;
      if (n !== undefined && Number(n) < number) break;
      if (n !== undefined || Number(began) > t0) after = item;
    }
    return after;
  }

  /**
   * A line's time: media time as text, date and time of the conference's zone as its title.
   * @param {{t0: number}} line
   */
  time({ t0 }) {
    const { opened } = this.reader.session;
    const [ahead, offset, name] = this.zone;
    const moment = opened === null ? '' : isoTime(opened + t0 + ahead);
    const title = moment && `${moment.replace('T', ' ')} ${name}`;
    return element('time', { datetime: moment && moment + offset, title }, mediaTime(t0));
  }

  /** The words of a line; those of which the recogniser was not sure are underlined. @param {Pick<Line, 'text' | 'doubts'>} line */
  #words({ text, doubts = [] }) {
    let begun = text.length - text.trimStart().length;
    /** @type {(Node | string)[]} */
    const nodes = [];
    for (const [at, end] of doubts) {
      nodes.push(text.slice(begun, at), element('u', {}, text.slice(at, end)));
      begun = end;
    }
    return [...nodes, text.slice(begun).trimEnd()];
  }

  /**
   * The heading, if the speaker has a name, and the text of a line.
   * @param {Shown} line  @param {...(Node | string)} text
   */
  #inside(line, ...text) {
    const tag = line.language;
    const paragraph = element('p', { class: 'text', lang: tag, dir: direction(tag) }, ...text);
    const { speakers } = this.reader.session;
    return line.speaker && speakers[line.speaker] ? [named(speakers, line.speaker), paragraph] : [paragraph];
  }

  /** Bring the speaker's name above a line up to date. @param {HTMLElement} item  @param {Shown} line */
  #name(item, line) {
    const { speakers } = this.reader.session;
    const name = speakers[line.speaker ?? ''] ?? '';
    const shown = item.querySelector('.speaker:not(.unnamed)');
    if ((shown?.textContent ?? '') === name) return;
    shown?.remove();
    if (line.speaker && name) item.prepend(named(speakers, line.speaker));
  }

  /** The row below a line: its time, whether it was corrected, and its source. @param {Line} line */
  #about(line) {
    const about = element('p', { class: 'about' }, element('a', { class: 'time', href: `#${line.segment}`, tabindex: -1, 'aria-label': this.words.text('to-line', { time: mediaTime(line.t0) }) }, this.time(line)));
    if (line.mended) about.append(' ', element('span', { class: 'mark' }, this.words.text(line.accepted ? 'accepted' : 'mended')));
    about.append(' ', element('span', { class: 'source' }, this.#source(line)));
    return about;
  }

  /** Who or what wrote a line, in words. @param {Line} line */
  #source(line) {
    const { origin, made_from: made, tool, respoken } = line;
    const sent = tool ? this.words.text('tool', { name: tool }) : '';
    if (sent && origin !== 'translated') return sent;
    if (unquotable(line)) return this.words.text('rough');
    if (respoken) return this.words.text('respoken');
    const how = this.made && made && origin === 'translated' ? this.made(made) : this.words.text(`origin.${origin}`);
    return sent ? `${how} · ${sent}` : how;
  }

  /** Show names only where the speaker changes, and "nobody is named" only after a named speaker. */
  group() {
    this.turn = new Turn();
    for (const item of this.list.children) {
      if (item.classList.contains('gap')) this.turn.apart = true;
      else this.#headed(item, this.turn);
    }
  }

  /** @param {HTMLElement} item  @param {Turn} turn */
  #headed(item, turn) {
    headed(item, turn.then(this.reader.session.speakers[item.dataset.speaker ?? ''] ?? '', !!item.dataset.changes), this.words.text('unnamed'));
  }

  /** Insert the marks of gaps that the log doesn't show yet. */
  #gaps() {
    for (const gap of this.reader.session.gaps) {
      if (this.list.querySelector(`.gap[data-t0="${Number(gap.t0)}"]`)) continue;
      /** @type {?HTMLElement} */
      let after = null;
      for (let item = this.list.lastElementChild; item && Number(item.dataset.t0) >= gap.t0; item = item.previousElementSibling) after = item;
      if (after ? after === this.list.firstElementChild && this.reader.first > 0 : this.reader.more) continue; // among lines not loaded yet
      this.list.insertBefore(gapMark(gap, this.words), after);
    }
  }

  /** Show the growing text after the log. Its elements stay, and only their texts change. */
  #grow() {
    const blocks = this.reader.growing();
    const turn = Object.assign(new Turn(), this.turn);
    while (this.growing.children.length > blocks.length) this.growing.lastElementChild?.remove();
    blocks.forEach(({ line, rest }, i) => {
      let block = this.growing.children[i];
      if (!block || block.dataset.of !== line.segment || block.dataset.speaker !== (line.speaker ?? '') || only('.text', block).lang !== line.language) {
        const made = element('div', { class: 'line', 'data-of': line.segment, 'data-speaker': line.speaker ?? '' });
        made.append(...this.#inside(line, element('span', { class: 'sure' }), element('span', { class: 'rest' })));
        if (this.#untranslated(line)) made.append(element('p', { class: 'about' }, element('span', { class: 'mark' }, this.words.text('untranslated'))));
        if (block) {
          block.replaceWith(made);
          this.growing.replaceWith(this.growing); // made anew: browsers would take it that its words had moved down
        } else {
          this.growing.append(made);
        }
        block = made;
      }
      if (line.t0 !== undefined && !block.querySelector('.about')) {
        block.append(element('p', { class: 'about' }, element('span', { class: 'time' }, this.time(line))));
      }
      this.#name(block, line);
      const space = line.text && /^\s/.test(rest) ? ' ' : '';
      const sure = only('.sure', block);
      if (sure.textContent !== line.text.trim() + space) sure.replaceChildren(...this.#words(line), space);
      set(only('.rest', block), rest.trimStart());
      this.#headed(block, turn);
    });
    const { unsaved } = this.reader;
    this.unsaved.hidden = !unsaved.trim();
    set(only('.text', this.unsaved), unsaved.trim());
    this.#spoken();
  }

  /** Whether words stand in a translation as they were said: it is late, or nothing here translates them. @param {Shown} line */
  #untranslated({ language }) {
    const { kind, languages } = this.reader.session.channels[this.reader.channel] ?? {};
    return kind === 'translation' && languages[0].split('-')[0] !== language.split('-')[0];
  }

  /** Show what is said while nothing is recorded. */
  #spoken() {
    const { text, language } = this.reader.unrecorded;
    const paragraph = only('.text', this.unrecorded);
    this.unrecorded.hidden = !text.trim();
    set(paragraph, text.trim());
    paragraph.lang = language;
    paragraph.dir = direction(language);
  }
}
