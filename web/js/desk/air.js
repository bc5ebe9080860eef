// The panel of a desk for who is on air in a text: shows whose words readers get, hands over, and takes lines that
// others offered.

import { bdi, refill } from './fill.js';
import { ring } from '../lib/bell.js';
import { keep, recall } from '../lib/kept.js';
import { alone } from '../lib/names.js';
import { at, element, only, set } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

const BELL = 'moothall.desk.air-bell';

/**
 * Whether lines of this role link go to readers: it is on air itself, or the machine is, to which everybody may add.
 * @param {?ChannelAir} air  @param {string} link
 */
export const writesOnAir = (air, link) => !air || air.source === 'machine' || air.holder === link;

/**
 * The people who can be on air next, one for each role link: those whose role may write, without us and the current
 * holder.
 * @param {Seat[]} here  @param {?ChannelAir} air  @param {string} own  public id of our link
 */
export function othersFor(here, air, own) {
  const roles = new Set(['captioner', 'interpreter', 'technician', 'secretariat']);
  const found = here.filter(({ link, role }) => link !== own && link !== air?.holder && roles.has(role));
  return found.filter(({ link }, n) => found.findIndex((each) => each.link === link) === n);
}

export class DeskAir {
  /** @type {?ChannelAir} */
  #air = null;
  /** @type {Seat[]} */
  #here = [];
  #channel = '';
  #rung = ''; // the channel and holder for whose silence the bell has rung

  /**
   * @param {import('../lib/words.js').Words} words  @param {string} link  public id of ours
   * @param {{act: (...commands: Command[]) => Promise<Answer>, say: (text: string, there?: ?string) => void, changed?: () => void, rings?: boolean}} does  `rings`: whether the bell is on until somebody says otherwise
   */
  constructor(words, link, does) {
    this.words = words;
    this.link = link;
    this.does = does;
    at('AirTake').addEventListener('click', () => this.take());
    at('AirMachine').addEventListener('click', () => this.machine());
    at('AirBell').checked = recall(BELL) ?? does.rings ?? false;
    at('AirBell').addEventListener('change', () => keep(BELL, at('AirBell').checked));
    at('AirOthers').addEventListener('click', ({ target }) => {
      const holder = target.closest('button')?.dataset.key;
      if (holder) this.#give(holder);
    });
    at('AirGive').addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !at('AirGive').open) return;
      event.preventDefault();
      event.stopPropagation();
      this.#shut();
    });
    at('Offered').addEventListener('click', ({ target }) => {
      const segment = target.closest('button')?.dataset.key;
      if (segment) this.takeLine(segment);
    });
  }

  /** Whether lines that are written here go to readers. */
  get writes() {
    return writesOnAir(this.#air, this.link);
  }

  /** The words that the machine had heard but not written when we took over; null where there are none. */
  get heard() {
    return this.#air?.source === 'person' && this.writes ? this.#air.heard : null;
  }

  /**
   * Show who is on air, who could be next, and the offered lines.
   * @param {?AirNews} news  @param {string} channel  @param {Seat[]} here
   */
  show(news, channel, here) {
    this.#air = news?.[channel] ?? null;
    this.#here = here;
    this.#channel = channel;
    at('Air').hidden = !this.#air;
    if (!this.#air) return;
    const { source, silent, offered } = this.#air;
    const own = source !== 'machine' && this.writes;
    at('Air').dataset.kind = own ? 'own' : source;
    const who = source === 'machine' ? 'air.machine' : `air.${source === 'respeaker' ? 'respeaks' : 'other'}`;
    set(at('AirWho'), own ? this.words.text(source === 'respeaker' ? 'air.respeaks.own' : 'air.own') : this.words.text(who, { name: alone(this.#name()) }));
    at('AirTake').hidden = own;
    at('AirMachine').hidden = source === 'machine';
    const others = othersFor(here, this.#air, this.link);
    at('AirGive').hidden = !others.length;
    refill(at('AirOthers'), others.map((seat) => {
      const button = element('button', { type: 'button', 'data-key': seat.link }, bdi(this.#called(seat)));
      return element('li', {}, button);
    }));
    this.#silence(own ? '' : silent);
    refill(at('Offered'), offered.map((line) => this.#offer(line)));
    at('OfferedBox').hidden = !offered.length;
    this.does.changed?.();
  }

  /** Go on air. */
  take() {
    if (this.#air && !(this.#air.source !== 'machine' && this.writes)) this.#put('person');
  }

  /** Put the machine on air. */
  machine() {
    if (this.#air && this.#air.source !== 'machine') this.#put('machine');
  }

  /** Hand over: at once if there is only one other person, otherwise open the list to choose from. */
  give() {
    const buttons = [...at('AirOthers').querySelectorAll('button')];
    if (!buttons.length) this.does.say(this.words.text('air.nobody-else'));
    else if (buttons.length === 1) this.#give(buttons[0].dataset.key ?? '');
    else {
      at('AirGive').open = true;
      buttons[0].focus();
    }
  }

  /** Write a line that somebody else has offered: the oldest, unless `segment` names one. @param {string} [segment] */
  async takeLine(segment = this.#air?.offered[0]?.segment) {
    const line = this.#air?.offered.find((each) => each.segment === segment);
    if (!line) this.does.say(this.words.text('air.no-line'));
    else if (!this.writes) this.does.say(this.words.text('air.take-first'));
    else await this.does.act({ do: 'type', channel: this.#channel, segment: line.segment, text: line.text, language: line.language, speaker: line.speaker });
  }

  /** Switch the bell on or off. */
  bell() {
    at('AirBell').click();
    this.does.say(this.words.text(at('AirBell').checked ? 'air.rings' : 'air.rings-not'));
  }

  /** @param {string} holder */
  #give(holder) {
    this.#shut();
    this.#put('person', holder);
  }

  /** Close the list of people to hand over to; a focus inside moves to its summary. */
  #shut() {
    if (at('AirGive').contains(document.activeElement)) only('summary', at('AirGive')).focus({ preventScroll: true });
    at('AirGive').open = false;
  }

  /**
   * Put somebody on air. No message is shown: #AirWho changes, which screen readers announce.
   * @param {string} source  @param {string} [holder]
   */
  #put(source, holder = '') {
    return this.does.act({ do: 'put-on-air', channel: this.#channel, source, holder });
  }

  /** What to call somebody: their name, else their link's label, else their role. @param {Seat} seat */
  #called({ name, label, role }) {
    return name || label || this.words.text(`role.${role}`);
  }

  /** The name of whoever is on air. */
  #name() {
    const seat = this.#here.find(({ link }) => link === this.#air?.holder);
    return (seat && this.#called(seat)) || this.#air?.name || this.words.text('role.captioner');
  }

  /**
   * Show that the holder writes nothing, and ring once for it.
   * @param {string} silent  `gone` or `quiet`; empty where all is well
   */
  #silence(silent) {
    at('AirSilent').hidden = !silent;
    set(at('AirSilent'), silent ? this.words.text(`air.${silent}`, { name: alone(this.#name()) }) : '');
    const what = silent && `${this.#channel} ${this.#air?.holder}`;
    if (what && what !== this.#rung && at('AirBell').checked) ring();
    this.#rung = what;
  }

  /** The row of an offered line, with the button that takes it. @param {OfferedLine} line */
  #offer({ segment, text, language, tool }) {
    const said = this.words.text('air.take-line');
    const button = element('button', { type: 'button', 'data-key': segment, 'aria-label': `${said}: ${text.slice(0, 60)}` }, said);
    button.hidden = !this.writes;
    return element('li', {}, element('span', { class: 'text', lang: language, dir: direction(language) }, text), ...(tool ? [' ', bdi(tool, { class: 'mark' })] : []), ' ', button);
  }
}

/**
 * Show on buttons the keys that do the same.
 * @param {Record<string, string>} keys  by the ids of buttons; empty: none  @param {string} [held]  the modifier key
 */
export function airKeys(keys, held = '') {
  for (const [id, key] of Object.entries(keys)) {
    const button = document.getElementById(id);
    const target = button && (button.querySelector('summary') ?? button);
    if (!target) continue;
    if (!target.querySelector('kbd')) target.prepend(element('kbd', { 'aria-hidden': 'true', dir: 'ltr' }), ' ');
    const pressed = held ? `${held}+${key}` : key;
    const shown = only('kbd', target);
    shown.textContent = pressed;
    shown.hidden = !key;
    if (key) target.setAttribute('aria-keyshortcuts', pressed);
    else target.removeAttribute('aria-keyshortcuts');
  }
}
