// The newest lines of a meeting in paragraphs, for pages that show little else: a wall, text over a video, a box in
// another site. Old text is removed in whole paragraphs, so that no text on the screen is laid out again.

import { Link } from '../lib/link.js';
import { at, element, set } from '../lib/nodes.js';
import { Reader } from '../reader/reader.js';
import { Turn } from '../lib/reading_order.js';
import { roughLanguages } from '../panels/rough.js';
import { standing, standsIn, withStandIn } from '../lib/standing.js';
import { putTopic } from '../topics/topics.js';
import { Words, direction, mediaTime } from '../lib/words.js';

const FULL_WIDTH = /[。！？；：，、」』）]$/u; // marks with their own space behind them: no other one is added
const FULL = 320; // characters after which a new paragraph begins; as in display_door.py
const KEPT = 60; // lines on the page

/** The page's data block. @returns {DisplayData} */
export const given = () => JSON.parse(at('Data').textContent ?? '');

/**
 * A line, and the partial words after its committed ones (`rest`).
 * @typedef {{line: Pick<Line, 'segment' | 'language' | 'text' | 't0'> & {speaker?: ?string}, rest: string}} Part
 */
/** @typedef {{line: Part['line'], name: string, parts: Part[]}} Paragraph */
/** @typedef {Map<string | undefined, HTMLElement>} Nodes  the elements on the page, by their `data-of` */

export class Tail {
  /** @type {Set<string>} */
  #starts = new Set(); // ids of lines that begin a paragraph after a long one
  /** @type {Map<string, number>} */
  #known = new Map(); // line id → characters of its paragraph up to the end of this line
  /** @type {?number} */
  #cutAt = null;
  /** @type {?number} */
  #backAt = null;
  #cut = false; // whether the page shows that the link is lost
  #ahead; // ms by which the server's clock is ahead of ours
  #whole = false; // whether to request a snapshot, not only what is new

  /**
   * @param {DisplayData} data
   * @param {(tail: Tail) => void} changed  called after each change of the text, and each second
   * @param {(event: ?EventBody) => void} happened  called with each event, and with null after a snapshot
   */
  constructor(data, changed, happened = () => {}) {
    this.box = at('Newest');
    this.reader = new Reader(data);
    this.reader.spoke = data.spoke;
    this.late = false; // whether the last frame had only late translations, of what was said long before
    this.words = new Words(data);
    this.changed = changed;
    this.happened = happened;
    this.wall = data.wall ?? false; // whether text that was cleared is left out
    this.notice = data.notice;
    this.ui = data.ui;
    this.way = ''; // by which the newest translated line came, as the page names it
    this.from = Number(at('HereWall')?.dataset.from || -1); // media ms; a hub's own wall shows nothing from before
    this.#ahead = data.now - Date.now();
    this.link = new Link(
      () => (this.#whole ? data.events : `${data.events}&after=${this.reader.position}`),
      (frame) => this.#take(frame),
      (open, since) => this.#told(open, since),
      () => this.reader.offset,
    );
    this.#show();
    // A wall may be cleared after the meeting too.
    if (this.#closed && !this.wall) this.changed(this);
    else this.#follow();
  }

  get #closed() {
    return this.reader.session.status === 'closed';
  }

  /** Open the link, and keep the page up to date. */
  #follow() {
    this.link.open();
    setInterval(() => this.changed(this), 1000);
    addEventListener('online', () => this.link.hurry());
    document.addEventListener('refused', () => import('../reader/refused.js').then(({ refused }) => refused()));
    addEventListener('pageshow', ({ persisted }) => persisted && this.link.open());
    document.addEventListener('visibilitychange', () => document.hidden || this.link.hurry());
    this.changed(this);
  }

  /** The status, as a kind and in words. */
  state() {
    const { status, seal } = this.reader.session;
    const there = (/** @type {?number} */ at) => (at === null ? null : at + this.#ahead);
    const { sound, spoke } = this.reader;
    const { kind, n } = standing({
      sound,
      spoke,
      now: Date.now() + this.#ahead,
      status,
      cancelled: this.reader.session.cancelled ?? null,
      online: navigator.onLine,
      unsaved: this.reader.unsaved !== '',
      lastWords: this.reader.lastWords,
      cutAt: there(this.#cutAt),
      backAt: there(this.#backAt),
    });
    this.#cut = kind === 'lost' || kind === 'offline';
    const away = standsIn(this.reader.session) ? this.words.text('stands-in') : '';
    const text = withStandIn(kind, this.words.text(`standing.${kind}`, { n }), away);
    return { kind, text: kind === 'closed' && seal ? `${text} · ${this.words.text(`seal.${seal}`)}` : text };
  }

  /** Show the title and the status. */
  say() {
    const { kind, text } = this.state();
    const title = this.reader.session.title.trim();
    if (title) set(at('Title'), title);
    at('State').dataset.kind = kind;
    set(at('State'), text);
    const kept = this.reader.session.not_recorded == null;
    at('NotRecorded').hidden = kept;
    at('Notice').hidden = !kept;
    if (at('Topic')) putTopic(at('Topic'), this.reader.session, this.words);
  }

  /** Fold a frame into the state, and show the text. @param {Frame} frame */
  #take(frame) {
    this.#ahead = frame.sent - Date.now();
    const { offset } = this.reader;
    const { lost, lines } = this.reader.apply(frame);
    if (lost) {
      this.link.open();
      return;
    }
    if (frame.snapshot) {
      this.#whole = false;
      this.happened(null);
    }
    for (const event of frame.events ?? []) if (event.body && event.offset > offset) this.#hear(event.body);
    if (this.reader.instead || location.search.includes('instead-of=')) import('./instead.js').then((wall) => wall.standIn(this.reader));
    this.late = lines.size > 0 && [...lines].every((id) => this.reader.lines.get(id)?.late);
    this.#show();
    this.changed(this);
  }

  /** Handle an event. @param {EventBody} event */
  #hear(event) {
    if (event.type === 'wall.cleared') {
      const { session } = this.reader;
      if (this.wall && (event.t === null || event.t < (session.wall_cleared ?? 0))) {
        this.#whole = true; // the clearing was undone: the text may never have come here
        this.link.open();
      }
      session.wall_cleared = event.t;
    }
    this.happened(event);
  }

  /** Whether a line may be shown: on a wall, only lines that began after it was cleared. @param {{t0?: number}} line */
  #stands({ t0 }) {
    const cleared = Math.max(this.reader.session.wall_cleared ?? -1, this.from);
    if (!this.wall || cleared < 0) return true;
    // Words that aren't a line yet have no time: they are shown once a line has begun after the clearing.
    return t0 === undefined ? [...this.reader.lines.values()].some((line) => line.t0 >= cleared) : t0 >= cleared;
  }

  /** The link was opened or lost. @param {boolean} open  @param {number} since  Unix ms */
  #told(open, since) {
    if (open) {
      if (this.#cut) this.#backAt = Date.now();
      this.#cutAt = null;
    } else {
      this.#cutAt = since;
      if (this.#closed && !this.wall) this.link.close();
    }
    this.changed(this);
  }

  /** The lines to show, growing ones last. Older lines are dropped from the state. */
  #lines() {
    const { reader } = this;
    const growing = reader.growing();
    const apart = new Set(growing.map(({ line }) => line.segment));
    const all = [...reader.lines.values()].sort((a, b) => a.number - b.number);
    for (const { segment } of all.slice(0, -2 * KEPT)) {
      reader.lines.delete(segment);
      this.#known.delete(segment);
      this.#starts.delete(segment);
    }
    const finished = all.filter((line) => !line.gone && line.text.trim() && !apart.has(line.segment)).slice(-KEPT);
    return [...finished.map((line) => ({ line, rest: '' })), ...growing].filter(({ line }) => this.#stands(line));
  }

  /** These lines in paragraphs. A paragraph that was begun because the one before was long stays one. */
  #paragraphs() {
    /** @type {Paragraph[]} */
    const made = [];
    const turn = new Turn();
    /** @type {?{language: string, length: number, t0: number}} */
    let before = null;
    for (const { line, rest } of this.#lines()) {
      /** @type {number} */
      const above = before?.length ?? 0;
      const t0 = before?.t0 ?? Infinity;
      const back = this.#setBack.some(({ t1 }) => t0 < t1 && line.t0 >= t1);
      if (back || (before && before.language !== line.language)) turn.apart = true;
      const { begins, name } = turn.then(this.reader.session.speakers[line.speaker ?? ''] ?? '', 'voice_changes' in line && line.voice_changes);
      if (!this.#known.has(line.segment) && !begins && above >= FULL) this.#starts.add(line.segment);
      const joins = !begins && !this.#starts.has(line.segment);
      /** @type {number} */
      const length = (joins ? above : 0) + line.text.length;
      this.#known.set(line.segment, length);
      if (!joins) made.push({ line, name: name === '' ? this.words.text('unnamed') : name ?? '', parts: [] });
      made[made.length - 1].parts.push({ line, rest });
      before = { language: line.language, length, t0: line.t0 };
    }
    return made;
  }

  /** Name the way of the newest translation, and the languages in which lines are rough: they may have changed since the page was loaded. */
  async #named() {
    const lines = [...this.reader.lines.values()].sort((a, b) => a.number - b.number);
    const made = lines.findLast(({ made_from: from }) => from?.route)?.made_from;
    const rough = roughLanguages(lines);
    const way = [made?.route ?? '', made?.rough ?? false, ...rough].join(' ');
    if (way === this.way || (!made && !rough.length && !this.way)) return;
    this.way = way;
    const { labelled } = await import('./label.js');
    set(at('Notice'), labelled(this.notice, made ?? {}, this.words, this.ui, rough));
  }

  /** Show the paragraphs; those that are on the page keep their elements. */
  #show() {
    this.#named();
    const made = this.#paragraphs();
    /** @type {Nodes} */
    const there = new Map([...this.box.children].map((node) => [node.dataset.of, node]));
    const shown = made.map(({ line, name, parts }) => {
      const old = there.get(line.segment);
      const node = old?.lang === line.language && old.dataset.name === name ? old : this.#paragraph(line, name);
      this.#fill(node, parts);
      return node;
    });
    this.#noteBreaks(shown, made, there);
    shown.push(...this.#moment(there));
    if (shown.length !== this.box.children.length || shown.some((node, i) => node !== this.box.children[i])) {
      this.box.replaceChildren(...shown);
    }
  }

  /**
   * Insert the notes of breaks that were ended in retrospect.
   * @param {HTMLElement[]} shown  @param {Paragraph[]} made  @param {Nodes} there
   */
  #noteBreaks(shown, made, there) {
    for (const gap of this.#setBack) {
      const first = made.findIndex(({ line }) => line.t0 >= gap.t1);
      if (first < 1) continue;
      const node = there.get(`=break-${gap.t1}`) ?? element('p', { class: 'said moment', 'data-of': `=break-${gap.t1}` }, element('span', { class: 'mark' }));
      set(/** @type {Element} */ (node.firstElementChild), this.words.text(`gap.${gap.reason}`, { start: mediaTime(gap.t0), end: mediaTime(gap.t1) }));
      shown.splice(shown.findIndex(({ dataset }) => dataset.of === made[first].line.segment), 0, node);
    }
  }

  /**
   * The breaks that were ended in retrospect: the text after them begins before the moment at which they were ended.
   */
  get #setBack() {
    return this.reader.session.gaps.filter(({ reason }) => reason === 'break-set-back');
  }

  /** The elements for words that are not saved yet, or are not to be kept. @param {Nodes} there */
  #moment(there) {
    const { unsaved, unrecorded, session } = this.reader;
    // While nothing is kept, words from before and after a clearing can't be told apart: none of them is shown.
    if (this.wall && session.not_recorded != null && (session.wall_cleared ?? -1) > session.not_recorded) return [];
    const said = [{ kind: 'unsaved', text: unsaved, tag: '' }, { kind: 'unrecorded', text: unrecorded.text, tag: unrecorded.language }];
    return said.filter(({ text }) => text.trim()).map(({ kind, text, tag }) => {
      const node = there.get(`=${kind}`) ?? element(
        'p', { class: 'said moment', 'data-of': `=${kind}` }, element('span', { class: 'mark' }), ' ', element('span'),
      );
      node.lang = tag;
      node.dir = direction(tag);
      set(/** @type {Element} */ (node.firstElementChild), this.words.text(kind));
      set(/** @type {Element} */ (node.lastElementChild), text.trim());
      return node;
    });
  }

  /**
   * A new paragraph that begins with a line.
   * @param {Part['line']} line  @param {string} name  above it; empty for none
   */
  #paragraph(line, name) {
    const tag = line.language;
    const node = element('p', { class: 'said', lang: tag, dir: direction(tag), 'data-of': line.segment, 'data-name': name });
    const lang = name === this.words.text('unnamed') && document.documentElement.lang;
    if (name) node.append(element('span', { class: 'speaker', lang }, element('bdi', {}, name)), ' ');
    return node;
  }

  /** Fill a paragraph; spans that are there stay. @param {HTMLElement} node  @param {Part[]} parts */
  #fill(node, parts) {
    const spans = [...node.querySelectorAll(':scope > [data-line]')];
    const known = new Map(spans.map((span) => [span.dataset.line, span]));
    let next = spans.at(0) ?? null; // a new span goes before this one: a late translation may belong in the middle
    for (const { line, rest } of parts) {
      for (const [key, text] of [[line.segment, line.text.trim()], [`${line.segment} rest`, rest.trim()]]) {
        let span = known.get(key);
        known.delete(key);
        if (span) next = span.nextElementSibling;
        if (!text) {
          span?.remove();
          continue;
        }
        if (!span) {
          span = element('span', { class: key === line.segment ? 'sure' : 'rest', 'data-line': key });
          node.insertBefore(span, next);
        }
        set(span, FULL_WIDTH.test(text) ? text : `${text} `);
      }
    }
    for (const span of known.values()) span.remove();
  }
}

/**
 * A callback for events that shows the hubs on a display; it loads its script once the first hub is there.
 * @param {DisplayData} data
 */
export function groupsOf(data) {
  /** @type {?Promise<import('./with_us.js').WithUs>} */
  let shown = null;
  /** @param {?EventBody} event  @param {Session} session */
  const heard = (event, session) => {
    if (!shown && event?.type !== 'hub.presence-changed' && !Object.keys(session.hubs ?? {}).length) return;
    shown ??= import('./with_us.js').then(({ WithUs }) => new WithUs(new Words(data), session));
    shown.then((groups) => groups.heard(event, session), () => (shown = null));
  };
  heard(null, data.session);
  return heard;
}
