// Shows the original above each translated line, and alone where a line is not translated yet. Loaded when a reader
// asks for it. The markup is that of web/pages/lib/_parts.html; for readers without scripts
// adapters/reading/parallel_text.py makes the same.

import { Link } from '../lib/link.js';
import { named } from '../lib/headings.js';
import { element, only, set } from '../lib/nodes.js';
import { Reader } from './reader.js';
import { direction } from '../lib/words.js';

export class Both {
  /**
   * @param {import('./view.js').View} view  of the translation
   * @param {{words: import('../lib/words.js').Words, base: string, around: (change: () => void) => void, wait: () => number}} with_  `wait`
   *   gives the ms by which text is held back for a video
   */
  constructor(view, { words, base, around, wait }) {
    this.view = view;
    this.words = words;
    this.around = around;
    this.base = base;
    const { reader } = view;
    const { channels } = reader.session;
    this.reader = reader; // the translation
    const channel = Object.keys(channels).find((name) => channels[name].kind === 'floor') ?? '';
    this.query = `channel=${encodeURIComponent(channel)}`;
    const session = { ...reader.session, status: 'created', speakers: {}, channels: {}, gaps: [] };
    this.said = new Reader({ epoch: '', offset: 0, channel, session, lines: [] }); // the original
    this.link = new Link(
      () => `${base}/events?${this.query}&feed=lines${this.said.epoch && `&after=${this.said.position}`}`,
      (frame) => (wait() ? setTimeout(() => this.#take(frame), wait()) : this.#take(frame)),
      (open) => open || this.said.session.status !== 'closed' || this.link.close(),
      () => this.said.offset,
    );
    this.loading = false;
    this.open = false;
    addEventListener('online', () => this.link.hurry());
    document.addEventListener('visibilitychange', () => document.hidden || this.link.hurry());
  }

  /** Show or hide the originals. @param {boolean} open */
  show(open) {
    if (open === this.open) return;
    this.open = open;
    if (open) this.link.open();
    else {
      this.link.close();
      for (const each of this.view.list.querySelectorAll('.original, .waiting')) each.remove();
      for (const block of this.view.growing.children) block.hidden = false;
      this.view.group();
    }
    this.update();
  }

  /** Bring all that is on the page up to date. */
  update() {
    if (!this.open || !this.said.epoch) return;
    const sources = new Map([...this.reader.lines.values()].map((line) => [line.segment, this.#source(line)]));
    for (const item of this.view.list.children) {
      const line = item.dataset.n === undefined ? null : this.reader.lines.get(item.id);
      if (line) this.#above(item, this.said.lines.get(sources.get(item.id) ?? ''));
    }
    this.#waiting(new Set(sources.values()));
    this.#older();
  }

  /**
   * The id of the original from which a line was translated. Lines of the low-data stream don't carry it: there it is
   * part of the line's id.
   * @param {Line} line
   */
  #source({ segment, made_from: made }) {
    return made?.sources[0][0] ?? this.#named(segment);
  }

  /** The id of the original in a translation's id, which is `<original>-<channel>`. @param {string} segment */
  #named(segment) {
    return segment.slice(0, -this.reader.channel.length - 1);
  }

  /** Lines in order. @param {Reader} reader */
  #lines(reader) {
    return [...reader.lines.values()].sort((a, b) => a.number - b.number);
  }

  /** Fold a frame of the original into it, and update the page. @param {Frame} frame */
  #take(frame) {
    if (!this.open) return;
    if (frame.snapshot) this.said.lines.clear(); // older ones may have changed meanwhile, and are fetched anew
    if (this.said.apply(frame).lost) this.link.open();
    else this.around(() => this.update());
  }

  /**
   * Put the original above a line, or remove one that no longer applies.
   * @param {HTMLElement} item  @param {Line} [source]
   */
  #above(item, source) {
    if (!source) return; // it may not be loaded yet
    const text = item.dataset.origin === 'translated' && !source.gone ? source.text.trim() : '';
    const old = item.querySelector('.original');
    if (!text) old?.remove();
    else if (old) set(old, text);
    else only('.text', item).before(this.#original(source, text));
  }

  /** @param {Pick<Line, 'language'>} line  @param {string} text */
  #original({ language }, text) {
    return element('p', { class: 'original', lang: language, dir: direction(language) }, text);
  }

  /**
   * Show the originals that are not translated yet, in order of time.
   * @param {Set<string>} made  ids of originals that have a translation
   */
  #waiting(made) {
    const { list } = this.view;
    const first = this.reader.first ? this.#lines(this.reader)[0].t0 : 0;
    const shown = new Set();
    const there = new Map([...list.querySelectorAll('.waiting')].map((item) => [item.dataset.of ?? '', item]));
    for (const line of this.#lines(this.said)) {
      if (line.t1 === null || line.gone || !line.text.trim() || line.t0 < first || made.has(line.segment)) continue;
      const item = there.get(line.segment) ?? this.#item(line);
      there.delete(line.segment);
      shown.add(line.segment);
      set(only('.original', item), line.text.trim());
      /** @type {?HTMLElement} */
      let next = null;
      for (let each = list.lastElementChild; each; each = each.previousElementSibling) {
        if (each === item) continue;
        if (Number(each.dataset.t0) <= line.t0) break;
        next = each;
      }
      if (item.parentNode !== list || item.nextElementSibling !== next) list.insertBefore(item, next);
    }
    for (const item of there.values()) item.remove();
    this.view.group();
    // Below the log, a line whose translation is late is shown as it was said. The log itself shows that original now.
    for (const block of this.view.growing.children) {
      block.hidden = shown.has(this.#named(block.dataset.of ?? ''));
    }
  }

  /** @param {Line} line */
  #item(line) {
    const { speakers } = this.said.session;
    const name = speakers[line.speaker ?? ''];
    const about = element('p', { class: 'about' }, element('span', { class: 'time' }, this.view.time(line)), ' ');
    about.append(element('span', { class: 'mark' }, this.words.text('waiting')));
    const item = element('li', { class: 'line waiting', 'data-of': line.segment, 'data-t0': line.t0, 'data-speaker': line.speaker ?? '' });
    // In a page of 0.2.0 that is still open, headings.js has no `named`.
    const heading = name && line.speaker ? [named?.(speakers, line.speaker) ?? element('p', { class: 'speaker' }, element('bdi', {}, name))] : [];
    item.append(...heading, this.#original(line, line.text.trim()), about);
    return item;
  }

  /** Fetch the originals of older lines on the page, one page of lines at a time. */
  async #older() {
    const { said } = this;
    const [first, earliest] = [this.#lines(said)[0], this.#lines(this.reader)[0]];
    if (this.loading || !said.first || !earliest || first.t0 <= earliest.t0) return;
    this.loading = true;
    try {
      const answer = await fetch(`${this.base}/lines?${this.query}&before=${said.first}`, { signal: AbortSignal.timeout(12500) });
      const { lines, before } = await answer.json();
      said.fill(lines, before ?? 0, said.first);
      this.loading = false;
      this.around(() => this.update());
    } catch {
      setTimeout(() => (this.loading = false), 5000); // the next change of the text tries again
    }
  }
}
