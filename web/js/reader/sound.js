// Plays the recorded sound of a meeting, part by part, and marks the line that is heard.

import { at, only } from '../lib/nodes.js';

/** @typedef {{address: string, t0: number, t1: number}} Part  a file of the recording; times are media ms */

const box = at('Sound');

/** Plays the parts as if they were one. */
class Player {
  constructor() {
    this.audio = only('audio', box);
    this.lines = at('Lines');
    this.along = at('Along');
    this.said = at('Unheard');
    /** @type {Part[]} in order */
    this.parts = [];
    /** @type {?Part} the one that is loaded */
    this.part = null;
    /** @type {?HTMLElement} */
    this.marked = null;
    this.audio.addEventListener('timeupdate', () => this.mark());
    this.audio.addEventListener('ended', () => this.goOn());
    this.lines.addEventListener('click', (event) => this.pressed(event));
    box.addEventListener('toggle', () => (box.open ? this.open() : this.close()));
    if (box.open) this.open();
  }

  /** The media time, in ms, of the sound that is heard; 0 before a part is loaded. */
  get now() {
    return this.part === null ? 0 : this.part.t0 + this.audio.currentTime * 1000;
  }

  /** Fetch the list of parts. */
  async load() {
    const answer = await fetch(`${box.dataset.address}.json?channel=${encodeURIComponent(box.dataset.channel ?? '')}`);
    if (answer.ok) this.parts = (await answer.json()).parts;
  }

  /** The part with the moment `t`, or the first one after it; null when there is none. @param {number} t  media ms */
  partAt(t) {
    return this.parts.find((part) => t < part.t1) ?? null;
  }

  async open() {
    await this.load();
    if (this.part === null && this.parts.length) this.take(this.parts[0], 0);
  }

  close() {
    this.audio.pause();
    this.unmark();
  }

  /** Load a part and seek to `ms` after its beginning. @param {Part} part  @param {number} ms */
  take(part, ms) {
    const seek = () => { this.audio.currentTime = ms / 1000; };
    // A part may have grown since it was loaded, so its end is in the address.
    const address = `${part.address}&upto=${part.t1}`;
    this.part = part;
    if (this.audio.getAttribute('src') === address && this.audio.readyState > 0) {
      seek();
      return;
    }
    this.audio.src = address;
    if (ms > 0) this.audio.addEventListener('loadedmetadata', seek, { once: true });
  }

  /** Play from the moment `t`, or say that it isn't recorded. @param {number} t  media ms */
  async play(t) {
    let part = this.partAt(t);
    if (part === null) {
      await this.load();
      part = this.partAt(t);
    }
    this.said.textContent = part === null ? this.said.dataset.text ?? '' : '';
    if (part === null) return;
    this.take(part, Math.max(0, t - part.t0));
    // The box may have been closed meanwhile.
    if (box.open) await this.audio.play().catch(() => {}); // the browser wants its own button pressed first
  }

  /** Continue after the known end of a part: it may have grown, or another one follows. */
  async goOn() {
    const t = this.part?.t1 ?? 0;
    await this.load();
    const next = this.partAt(t);
    if (next === null) this.unmark();
    else await this.play(Math.max(t, next.t0));
  }

  /** Play from the line whose time was clicked, while the box is open. @param {MouseEvent} event */
  pressed(event) {
    const time = event.target.closest('a.time');
    if (!box.open || time === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const line = time.closest('[data-t0]');
    if (line === null) return;
    event.preventDefault();
    this.play(Number(line.dataset.t0));
  }

  /** Mark the line that is heard, and scroll to it if the reader wants that. */
  mark() {
    if (!box.open) return;
    const { now } = this;
    /** @type {?HTMLElement} */
    let heard = null;
    for (const line of this.lines.children) {
      if (line.dataset.n === undefined) continue;
      if (Number(line.dataset.t0) > now) break;
      heard = line;
    }
    if (heard === this.marked) return;
    this.unmark();
    this.marked = heard;
    if (heard === null) return;
    heard.setAttribute('aria-current', 'true');
    if (this.along.checked && !this.audio.paused) heard.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  }

  unmark() {
    this.marked?.removeAttribute('aria-current');
    this.marked = null;
  }
}

if (box !== null) new Player();
