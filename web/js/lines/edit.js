// A line being corrected, in place: Enter saves, Esc gives up, and nothing that was typed is ever lost.

import { element } from '../lib/nodes.js';
import { changedWords } from './replacing.js';
import { direction } from '../lib/words.js';

const HEARD = 10000; // ms of sound before the line's end
const AFTER = 1500; // ms of sound behind it

export class DeskEdit {
  /**
   * @param {import('./lines.js').DeskLines} lines
   * @param {import('../lib/words.js').Words} words
   * @param {(line: DeskLine, text: string) => Promise<Answer>} save  gives the server's answer
   * @param {?((from: number, to: number) => string)} clip  address of a piece of the sound; null where there is none
   * @param {{opened: (segment: ?string) => void, inAll: (word: {from: string, to: string}) => void, writes: (area: HTMLTextAreaElement) => void, ended: (text: string) => string, left?: () => void}} ears
   *   `opened`: which line is in its box; `writes`: of a box in which somebody will type; `ended`: a text as it is saved;
   *   `left`: where the focus goes once a line is closed, else to the line
   */
  constructor(lines, words, save, clip, ears) {
    this.ears = ears;
    this.lines = lines;
    this.words = words;
    this.save = save;
    this.clip = clip;
    this.area = element('textarea');
    this.note = element('p');
    this.usual = element('p');
    this.sound = element('audio');
    this.form = element('div');
    /** @type {?number} */
    this.shown = null; // the revision of somebody else's text that stands beside
    /** @type {?DeskLine} */
    this.theirs = null; // the line with that text, while one of both has to be chosen
    /** @type {?DeskLine} */
    this.base = null; // the line as it was when its text was last seen
  }

  /**
   * Open a line, with what `place` says marked; one that was open is given up, unless something was typed in it.
   * @param {string} segment  @param {import('./lines.js').Place} [place]
   */
  open(segment, place) {
    if (this.base && (this.base.segment === segment || this.area.value.trim() !== this.base.text.trim())) {
      this.area.focus();
      return;
    }
    this.close();
    const line = this.lines.state.lines.get(segment);
    const item = document.getElementById(segment);
    if (!line || !item) return;
    this.base = line;
    this.shown = this.theirs = null;
    this.lines.editing = segment;
    this.lines.held = false;
    const { language } = line;
    this.area = element('textarea', {
      class: 'text', rows: '2', lang: language, dir: direction(language), maxlength: '10000', spellcheck: 'true',
      'aria-label': this.words.text('edit.label'),
    });
    this.area.value = line.text.trim();
    this.note = element('p', { class: 'theirs', role: 'alert' });
    const button = (/** @type {string} */ name, /** @type {() => unknown} */ act, kind = '') => {
      const made = element('button', { type: 'button', class: kind }, this.words.text(name));
      made.addEventListener('click', act);
      return made;
    };
    const buttons = this.usual = element('p', { class: 'buttons' }, button('save', () => this.#save(), 'first'), button('cancel', () => this.close(true), 'quiet'));
    buttons.append(button('replace.open', () => this.#inAll(), 'quiet'));
    if (this.clip) buttons.append(button('hear', () => this.#hear(), 'quiet'));
    this.sound = element('audio', { controls: true, hidden: true, preload: 'none' });
    this.form = element('div', { class: 'editor' }, this.area, this.note, buttons, this.sound);
    item.classList.add('edited');
    item.append(this.form);
    this.area.addEventListener('keydown', (event) => this.#key(event));
    this.ears.writes(this.area);
    this.ears.opened(segment);
    const { at: from = this.area.value.length, end = from } = place ?? {};
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(from, end);
    item.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  }

  /** What came changed the line: take it over while nothing was typed, else say so beside that. */
  look() {
    if (!this.base) return;
    const now = this.lines.state.lines.get(this.base.segment);
    if (!now || now.gone) this.note.textContent = this.words.text('edit.gone');
    else if (now.revision !== this.base.revision) {
      if (this.area.value.trim() !== this.base.text.trim()) this.#conflict(now);
      else {
        this.base = now;
        this.area.value = now.text.trim();
      }
    }
  }

  close(focus = false) {
    if (!this.base) return;
    const { segment } = this.base;
    this.base = null;
    this.lines.editing = null;
    this.form.remove();
    document.getElementById(segment)?.classList.remove('edited');
    this.ears.opened(null);
    this.lines.update({ whole: false, lines: new Set([segment]) });
    if (focus && this.ears.left) this.ears.left();
    else if (focus) document.getElementById(segment)?.focus({ preventScroll: true });
  }

  /** What was changed, else what is marked, is to be replaced in all lines: this one goes with them. */
  #inAll() {
    if (!this.base) return;
    const { selectionStart: from, selectionEnd: to, value } = this.area;
    const changed = changedWords(this.base.text, value);
    if (changed || value.trim() === this.base.text.trim()) this.close();
    this.ears.inAll(changed ?? { from: value.slice(from, to).trim(), to: '' });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      if (this.theirs) this.#mine();
      else this.#save();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      this.close(true);
    }
  }

  async #save() {
    const { base } = this;
    if (!base) return;
    const typed = this.ears.ended(this.area.value.replace(/\s+/g, ' ').trim());
    if (typed === base.text.trim()) {
      this.close(true);
      return;
    }
    const [space] = base.text.match(/^\s*/) ?? [''];
    this.form.setAttribute('aria-busy', 'true');
    const answer = await this.save(base, typed ? space + typed : '');
    this.form.removeAttribute('aria-busy');
    if (this.base !== base) return;
    if (!answer.refusal) this.close(true);
    else if (answer.refusal.code === 'stale' && answer.refusal.segment) {
      const { revision, words, text } = answer.refusal.segment;
      this.#conflict({ ...base, revision, words, text });
    } else this.note.textContent = this.words.text(`refused.${answer.refusal.code}`);
  }

  /** Both texts stand there, and the typist chooses. @param {DeskLine} now */
  #conflict(now) {
    if (now.revision === this.base?.revision || now.revision === this.shown) return;
    this.theirs = now;
    this.usual.hidden = true; // One of both is to be chosen.
    this.shown = now.revision; // buttons that are being pressed stay where they are
    const { language } = now;
    const theirs = element('span', { class: 'text', lang: language, dir: direction(language) }, now.text.trim());
    const mine = element('button', { type: 'button', class: 'first' }, this.words.text('edit.mine'));
    const take = element('button', { type: 'button', class: 'quiet' }, this.words.text('edit.theirs'));
    mine.addEventListener('click', () => this.#mine());
    take.addEventListener('click', () => this.close(true));
    this.note.replaceChildren(this.words.text('edit.conflict'), ' ', theirs, element('span', { class: 'buttons' }, mine, take));
  }

  /** What was typed takes the place of the text of somebody else. */
  #mine() {
    this.base = this.theirs;
    this.shown = this.theirs = null;
    this.usual.hidden = false;
    this.note.replaceChildren();
    this.#save();
  }

  #hear() {
    if (!this.base || !this.clip) return;
    const { t0, t1 } = this.base;
    const end = (t1 ?? t0) + AFTER;
    this.sound.src = this.clip(Math.max(0, Math.min(t0 - 1000, end - HEARD)), end);
    this.sound.hidden = false;
    this.sound.play().catch(() => {
      this.note.textContent = this.words.text('hear.none');
    });
  }
}
