// Notes among the staff, and between staff and hubs: shows them, sends new ones, and confirms that they were read.

import { bdi, refill } from './fill.js';
import { newId } from './link.js';
import { alone } from '../lib/names.js';
import { hubName, learn } from './hub_names.js';
import { keep, recall } from '../lib/kept.js';
import { at, element } from '../lib/nodes.js';
import { dayClock } from '../lib/words.js';

const OWN = 'moothall.desk.notes';
const MOST_OWN = 50; // ids of this browser's own notes, which it doesn't ask to confirm
const GROUP = 'hub:'; // prefix of the values of hubs in the menu of recipients

export class DeskNotes {
  /**
   * @param {import('../lines/state.js').DeskState} state  has the staff's own notes
   * @param {import('../lib/words.js').Words} words
   * @param {DeskData} data
   * @param {{act: (...commands: Command[]) => Promise<Answer>, say: (text: string) => void}} does
   */
  constructor(state, words, data, does) {
    this.state = state;
    this.words = words;
    this.data = data;
    this.does = does;
    /** @type {Pick<HubNews, 'names' | 'notes'>} */
    this.hubs = { names: [], notes: [] };
    /** @type {Set<string>} */
    this.own = new Set(recall(OWN) ?? []);
    /** @type {?number} */
    this.told = null; // time of the newest note that was announced, Unix ms; null before the first display
    this.clock = dayClock(data.ui, data.zone);
    at('LeaveNote').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#leave(at('LeaveNote').elements);
    });
    at('Notes').addEventListener('click', ({ target }) => this.#read(target.closest('[data-note]')?.dataset));
  }

  /** Take over the news of hubs; null leaves them as they are. @param {?HubNews} hubs */
  take(hubs) {
    if (hubs) this.hubs = hubs;
    learn(hubs?.titles ?? null);
    this.show();
  }

  /** Show the notes, and announce a new one. */
  show() {
    this.#offer();
    const all = [...this.state.notes.filter((note) => this.#concerns(note)), ...this.hubs.notes].sort((a, b) => a.at - b.at);
    const newest = all.findLast((note) => this.told !== null && note.at > this.told && !this.own.has(note.note));
    if (newest) this.does.say(this.words.text('note.new', { text: alone(newest.text.slice(0, 100)) }));
    this.told = Math.max(this.told ?? 0, ...all.map((note) => note.at));
    refill(at('Notes'), all.map((note) => this.#row(note)));
  }

  /** Whether a note is shown here: it is for everybody, for this role, or from this role. @param {Note} note */
  #concerns({ to, by }) {
    return !to || to === this.data.role || by === this.data.role;
  }

  /** @param {string} role */
  #role(role) {
    return this.words.text(`role.${role}`);
  }

  /** @param {Note} note */
  #row(note) {
    const { words } = this;
    const name = note.hub ? words.text('note.hub', { name: hubName(note.hub, words) }) : '';
    const from = note.hub && note.by === 'hub' ? name : this.#role(note.by);
    const to = note.hub && note.by !== 'hub' ? words.text('note.to', { name }) : note.to ? words.text('note.to', { name: this.#role(note.to) }) : '';
    const row = element('li', {},
      element('span', { class: 'mark' }, [this.clock.format(note.at), from, to].filter(Boolean).join(' · ')), ' ', bdi(note.text));
    const read = note.read ?? [];
    if (read.length) row.append(' ', element('span', { class: 'mark' }, words.text('note.read', { names: this.words.listed(read.map((role) => (role === 'hub' ? name : this.#role(role)))) })));
    if (note.note && !read.includes(this.data.role) && !this.own.has(note.note)) {
      const said = `${words.text('note.confirm')}: ${alone(note.text.slice(0, 60))}`;
      row.append(' ', element('button', { type: 'button', 'data-note': note.note, 'data-hub': note.hub ?? '', 'data-key': note.note, 'aria-label': said }, words.text('note.confirm')));
    }
    return row;
  }

  /** Add the hubs to the menu of recipients, after the roles. */
  #offer() {
    const { to } = at('LeaveNote').elements;
    const options = this.hubs.names.map((name) => [name, this.words.text('note.hub', { name: hubName(name, this.words) })]);
    const made = JSON.stringify(options);
    if (to.dataset.made === made) return;
    to.dataset.made = made;
    const chosen = to.value;
    for (const option of [...to.options]) if (option.value.startsWith(GROUP)) option.remove();
    to.append(...options.map(([name, text]) => element('option', { value: `${GROUP}${name}` }, text)));
    to.value = chosen;
    if (to.selectedIndex < 0) to.selectedIndex = 0;
  }

  /** Send a note. @param {Forms['LeaveNote']} fields */
  async #leave({ text, to }) {
    const said = text.value.trim();
    if (!said) return;
    text.value = '';
    const note = newId();
    this.own.add(note);
    keep(OWN, [...this.own].slice(-MOST_OWN));
    const hub = to.value.startsWith(GROUP) ? to.value.slice(GROUP.length) : null;
    const answer = await this.does.act(hub === null ? { do: 'note', note, text: said, to: to.value || null } : { do: 'hub-note', hub, note, text: said });
    if (answer.refusal) text.value ||= said;
  }

  /** Confirm that a note was read. @param {DOMStringMap} [of]  data of the button pressed */
  async #read(of) {
    if (!of) return;
    const { note, hub } = of;
    await this.does.act(hub ? { do: 'read-hub-note', hub, note } : { do: 'read-note', note });
    at('Notes').focus({ preventScroll: true });
  }
}
