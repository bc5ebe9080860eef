// The form "Replace in all lines": takes a word and its replacement, shows the lines that would change, and sends one
// act for them.

import { at, element, set } from '../lib/nodes.js';
import { replacements } from './replacing.js';
import { direction, mediaTime } from '../lib/words.js';

export class DeskReplace {
  /**
   * @param {import('./state.js').DeskState} state  @param {import('../lib/words.js').Words} words
   * @param {{correct: (rows: {line: DeskLine, text: string}[]) => Promise<Answer>, busy: () => Set<string>, say: (text: string) => void, left: () => void}} does
   *   `busy`: gives the ids of lines that somebody is correcting; `left`: the form was closed
   */
  constructor(state, words, does) {
    this.state = state;
    this.words = words;
    this.does = does;
    this.form = at('Replace');
    this.shown = ''; // the lines that are shown, as JSON
    this.form.addEventListener('input', () => this.show());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#do();
    });
    this.form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing) return;
      event.preventDefault();
      this.close();
    });
    at('ReplaceNot').addEventListener('click', () => this.close());
    at('ReplaceOpen').addEventListener('click', () => this.open());
  }

  /** Open the form. @param {{from: string, to: string}} word  what to fill in */
  open({ from, to } = { from: '', to: '' }) {
    const { from: wrong, to: right, act } = this.form.elements;
    this.form.hidden = false;
    wrong.value = from;
    right.value = to;
    this.show();
    (from && to ? act : from ? right : wrong).focus();
  }

  close() {
    this.form.hidden = true;
    this.does.left();
  }

  #plan() {
    const { from, to } = this.form.elements;
    const lines = this.state.shown().filter(({ t1 }) => t1 !== null);
    return replacements(lines, from.value, to.value, this.does.busy());
  }

  /** Show the lines that would change. */
  show() {
    if (this.form.hidden) return;
    const { rows, more, held } = this.#plan();
    const wanted = this.form.elements.from.value.trim();
    const said = wanted ? [this.words.counted('replace.lines', rows.length)] : [];
    if (more) said.push(this.words.text('replace.more', { n: more }));
    if (held) said.push(this.words.text('replace.held', { n: held }));
    set(at('ReplaceMany'), said.join(' · '));
    this.form.elements.act.disabled = !rows.length;
    const made = JSON.stringify(rows.map(({ line, text }) => [line.segment, text]));
    if (made === this.shown) return;
    this.shown = made;
    at('ReplaceLines').replaceChildren(...rows.map(({ line, text }) => element('li', {},
      element('span', { class: 'mark' }, mediaTime(line.t0)), ' ', element('span', { lang: line.language, dir: direction(line.language) }, text.trim()))));
  }

  async #do() {
    const { rows, more } = this.#plan();
    if (!rows.length) return;
    this.form.setAttribute('aria-busy', 'true');
    const answer = await this.does.correct(rows);
    this.form.removeAttribute('aria-busy');
    this.show();
    if (answer.refusal) {
      this.does.say(this.words.text(answer.refusal.code === 'stale' ? 'replace.stale' : `refused.${answer.refusal.code}`));
      return;
    }
    this.does.say(this.words.counted('corrected-lines', rows.length));
    if (!more) this.close();
  }
}
