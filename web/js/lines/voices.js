// Who is proposed as the speaker of a line, and who agreed that their voice is recognised. Nothing is named without a press.

import { alone } from '../lib/names.js';
import { at, element } from '../lib/nodes.js';

export class DeskVoices {
  /**
   * @param {import('./state.js').DeskState} state  @param {import('../lib/words.js').Words} words
   * @param {import('./lines.js').DeskLines} lines
   * @param {{act: (...commands: Command[]) => Promise<Answer>, refuse: (segments: string[]) => unknown}} does
   */
  constructor(state, words, lines, does) {
    this.state = state;
    this.words = words;
    this.lines = lines;
    this.does = does;
    /** @type {VoiceNews['proposals']} */
    this.proposals = [];
    this.people = ''; // names and who agreed, as they are shown
    this.box = at('Agreed');
    this.box.addEventListener('change', ({ target }) => this.#agree(/** @type {HTMLInputElement} */ (target)));
  }

  /** Show what is proposed, and a box for each name. @param {?VoiceNews} news  @param {boolean} may */
  show(news, may) {
    this.proposals = may ? news?.proposals ?? [] : [];
    const speakers = this.state.session?.speakers ?? {};
    this.lines.proposed(new Map(this.proposals.map(({ segment, speaker, by }) => [segment, this.words.text(`proposed.${by}`, { name: alone(speakers[speaker] ?? '') })])));
    at('Voices').hidden = !news || !may;
    at('VoicesFull').hidden = !news?.full;
    const people = JSON.stringify([speakers, news?.agreed]);
    if (people === this.people) return; // a box that was just pressed stays as it is
    this.people = people;
    const agreed = new Set(news?.agreed);
    const boxes = Object.entries(speakers).map(([id, name]) => {
      const box = element('input', { type: 'checkbox', value: id });
      box.checked = agreed.has(id);
      return element('li', {}, element('label', {}, box, ' ', element('bdi', {}, name)));
    });
    const { activeElement } = document;
    const focused = activeElement && this.box.contains(activeElement) ? /** @type {HTMLInputElement} */ (activeElement).value : null;
    this.box.replaceChildren(...boxes);
    for (const box of this.box.querySelectorAll('input')) if (box.value === focused) box.focus({ preventScroll: true });
  }

  /**
   * Name the line, or take the proposal back: of this line, or else of the one with the focus, or else of the newest.
   * @param {boolean} right  @param {?string} segment
   */
  answer(right, segment = this.lines.current) {
    const meant = this.proposals.find((each) => each.segment === segment);
    const inOrder = this.state.shown().map((line) => line.segment);
    const newest = [...this.proposals].sort((a, b) => inOrder.indexOf(a.segment) - inOrder.indexOf(b.segment)).at(-1);
    const { segment: line, speaker } = meant ?? newest ?? {};
    if (!line || !speaker) return;
    if (right) this.does.act({ do: 'assign', segments: [line], speaker });
    else this.does.refuse([line]);
  }

  /** @param {HTMLInputElement} box */
  async #agree(box) {
    const agreed = box.checked;
    const { refusal } = await this.does.act({ do: 'agree-voice', speaker: box.value, agreed });
    if (refusal) box.checked = !agreed;
  }
}
