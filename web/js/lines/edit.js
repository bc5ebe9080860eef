// The editor that corrects a line in place: Enter saves, Esc cancels. A change by somebody else never overwrites what
// was typed.

import { element } from '../lib/nodes.js';
import { changedWords } from './replacing.js';
import { carried } from './word_spans.js';
import { direction } from '../lib/words.js';

const HEARD = 10000; // ms of sound before the line's end that are played at least
const AFTER = 1500; // ms of sound after it

export class DeskEdit {
  /**
   * @param {import('./lines.js').DeskLines} lines
   * @param {import('../lib/words.js').Words} words
   * @param {(line: DeskLine, text: string) => Promise<Answer>} save  resolves to the server's answer
   * @param {?((from: number, to: number) => string)} clip  gives the address of a piece of sound, in media ms; null where there is no sound
   * @param {{opened: (segment: ?string) => void, inAll: (word: {from: string, to: string}) => void, writes: (area: HTMLTextAreaElement) => void, ended: (text: string) => string, left?: () => void, splits?: () => boolean, split?: (line: DeskLine, offset: number) => unknown}} ears
   *   `opened`: a line was opened, or closed (null); `inAll`: a word is to be replaced in all lines; `writes`: a text
   *   box was made; `ended`: gives a text as it is to be saved; `left`: moves the focus after a line was closed; by
   *   default it goes to the line; `splits`: whether the line may be split here; `split`: another person speaks from an
   *   index of the line's text on
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
    this.shown = null; // the revision of somebody else's text that is shown below ours
    /** @type {?DeskLine} */
    this.theirs = null; // the line with that text, while the user has to choose one of the two
    /** @type {?DeskLine} */
    this.base = null; // the line as it was when its text was last seen
  }

  /**
   * Open a line with `span` selected. Another line that is open is closed, unless something was typed in it: then it
   * stays open.
   * @param {string} segment  @param {import('./lines.js').WordSpan} [span]
   */
  open(segment, span) {
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
    if (this.ears.splits?.()) {
      const split = button('split', () => this.#split(), 'quiet');
      split.setAttribute('aria-keyshortcuts', 'Shift+Enter');
      buttons.append(split);
    }
    buttons.append(button('replace.open', () => this.#inAll(), 'quiet'));
    if (this.clip) buttons.append(button('hear', () => this.#hear(), 'quiet'));
    this.sound = element('audio', { controls: true, hidden: true, preload: 'none' });
    this.form = element('div', { class: 'editor' }, this.area, this.note, buttons, this.sound);
    item.classList.add('edited');
    item.append(this.form);
    this.area.addEventListener('keydown', (event) => this.#key(event));
    this.ears.writes(this.area);
    this.ears.opened(segment);
    const { at: from = this.area.value.length, end = from } = span ?? {};
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(from, end);
    item.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  }

  /** Lines have changed: take over a new text while nothing was typed; otherwise show both. */
  look() {
    if (!this.base) return;
    const now = this.lines.state.lines.get(this.base.segment);
    if (now?.gone) this.note.textContent = this.words.text('edit.gone');
    else if (now && now.revision !== this.base.revision) { // a line that is older than a snapshot's can still be saved
      if (this.area.value.trim() !== this.base.text.trim()) this.#conflict(now);
      else {
        this.base = now;
        const { selectionStart, selectionEnd, value } = this.area;
        this.area.value = now.text.trim();
        const { at, end } = carried({ at: selectionStart, end: selectionEnd }, value, this.area.value);
        this.area.setSelectionRange(at, end);
      }
    }
  }

  /** Close the editor; what was typed is dropped. `focus`: whether to move the focus. */
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

  /** Open "Replace in all lines" with the words that were changed, or else with the selected ones. */
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
    if (event.key === 'Enter' && event.shiftKey && this.ears.splits?.()) {
      event.preventDefault();
      this.#split();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      if (this.theirs) this.#mine();
      else this.#save();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      this.close(true);
    }
  }

  /** Save what was typed, and close the editor; returns the line as it is then, null where it was refused. */
  async #save() {
    const { base } = this;
    if (!base) return null;
    const typed = this.ears.ended(this.area.value.replace(/\s+/g, ' ').trim());
    if (typed === base.text.trim()) {
      this.close(true);
      return base;
    }
    const [space] = base.text.match(/^\s*/) ?? [''];
    this.form.setAttribute('aria-busy', 'true');
    const answer = await this.save(base, typed ? space + typed : '');
    this.form.removeAttribute('aria-busy');
    if (this.base !== base) return null;
    if (!answer.refusal) {
      this.close(true);
      return { ...base, text: typed, revision: base.revision + 1 };
    }
    if (answer.refusal.code === 'stale' && answer.refusal.segment) {
      const { revision, words, text } = answer.refusal.segment;
      this.#conflict({ ...base, revision, words, text });
    } else this.note.textContent = this.words.text(`refused.${answer.refusal.code}`);
    return null;
  }

  /** Another person speaks from the cursor on. What was typed is saved first. */
  async #split() {
    if (this.theirs) return; // first one of the two texts has to be chosen
    const before = this.area.value.slice(0, this.area.selectionStart).replace(/\s+/g, ' ').trimStart().length;
    const line = await this.#save();
    if (line?.text.trim()) this.ears.split?.(line, before);
  }

  /**
   * Somebody else has changed the line: show both texts to choose from.
   * @param {DeskLine} now  the line with their text
   */
  #conflict(now) {
    if (now.revision === this.base?.revision || now.revision === this.shown) return;
    this.theirs = now;
    this.usual.hidden = true; // first one of the two has to be chosen
    this.shown = now.revision; // so that the same buttons are not made again under a click
    const { language } = now;
    const theirs = element('span', { class: 'text', lang: language, dir: direction(language) }, now.text.trim());
    const mine = element('button', { type: 'button', class: 'first' }, this.words.text('edit.mine'));
    const take = element('button', { type: 'button', class: 'quiet' }, this.words.text('edit.theirs'));
    mine.addEventListener('click', () => this.#mine());
    take.addEventListener('click', () => this.close(true));
    this.note.replaceChildren(this.words.text('edit.conflict'), ' ', theirs, element('span', { class: 'buttons' }, mine, take));
  }

  /** Save what was typed in place of somebody else's text. */
  #mine() {
    this.base = this.theirs;
    this.shown = this.theirs = null;
    this.usual.hidden = false;
    this.note.replaceChildren();
    this.#save();
  }

  /** Play the sound of the line. */
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
