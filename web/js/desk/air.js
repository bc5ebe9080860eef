// Who is on air in a text, at a desk: whose words readers have, who goes on, and lines that others have offered.

import { bdi, refill } from './fill.js';
import { ring } from '../lib/bell.js';
import { keep, recall } from '../lib/kept.js';
import { alone } from '../lib/names.js';
import { at, element, only, set } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

const BELL = 'moothall.desk.air-bell';

/**
 * Whether lines of this link go to readers: the machine is on air, and everybody may add to it, or they are.
 * @param {?ChannelAir} air  @param {string} link
 */
export const writesOnAir = (air, link) => !air || air.source === 'machine' || air.holder === link;

/**
 * The people who can be on air next: each link once, without whoever is on air and without those who don't write.
 * @param {Seat[]} here  @param {?ChannelAir} air  @param {string} own  our link
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
  #rung = ''; // for what the bell has rung

  /**
   * @param {import('../lib/words.js').Words} words  @param {string} link  ours
   * @param {{act: (...commands: Command[]) => Promise<Answer>, say: (text: string, there?: ?string) => void, changed?: () => void}} does
   */
  constructor(words, link, does) {
    this.words = words;
    this.link = link;
    this.does = does;
    at('AirTake').addEventListener('click', () => this.take());
    at('AirMachine').addEventListener('click', () => this.machine());
    at('AirBell').checked = recall(BELL) === true;
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

  /** Whether what is written here goes to readers. */
  get writes() {
    return writesOnAir(this.#air, this.link);
  }

  /** What the machine had heard and not written before us. */
  get heard() {
    return this.#air?.source === 'person' && this.writes ? this.#air.heard : null;
  }

  /** How it stands. @param {?AirNews} news  @param {string} channel  @param {Seat[]} here */
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

  /** Let the machine go on. */
  machine() {
    if (this.#air && this.#air.source !== 'machine') this.#put('machine');
  }

  /** Hand over: at once where there is one person only, else choose. */
  give() {
    const buttons = [...at('AirOthers').querySelectorAll('button')];
    if (!buttons.length) this.does.say(this.words.text('air.nobody-else'));
    else if (buttons.length === 1) this.#give(buttons[0].dataset.key ?? '');
    else {
      at('AirGive').open = true;
      buttons[0].focus();
    }
  }

  /** Take a line that somebody else wrote, the oldest unless it is named. @param {string} [segment] */
  async takeLine(segment = this.#air?.offered[0]?.segment) {
    const line = this.#air?.offered.find((each) => each.segment === segment);
    if (!line) this.does.say(this.words.text('air.no-line'));
    else if (!this.writes) this.does.say(this.words.text('air.take-first'));
    else await this.does.act({ do: 'type', channel: this.#channel, segment: line.segment, text: line.text, language: line.language, speaker: line.speaker });
  }

  /** Ring no more, or ring again from now on. */
  bell() {
    at('AirBell').click();
    this.does.say(this.words.text(at('AirBell').checked ? 'air.rings' : 'air.rings-not'));
  }

  /** @param {string} holder */
  #give(holder) {
    this.#shut();
    this.#put('person', holder);
  }

  /** Shut the list of whom to hand over to; a focus in it goes to what opens it. */
  #shut() {
    if (at('AirGive').contains(document.activeElement)) only('summary', at('AirGive')).focus({ preventScroll: true });
    at('AirGive').open = false;
  }

  /** Who is on air then is said by `AirWho`, which a screen reader says by itself. @param {string} source  @param {string} [holder] */
  #put(source, holder = '') {
    return this.does.act({ do: 'put-on-air', channel: this.#channel, source, holder });
  }

  /** @param {Seat} seat */
  #called({ name, label, role }) {
    return name || label || this.words.text(`role.${role}`);
  }

  #name() {
    const seat = this.#here.find(({ link }) => link === this.#air?.holder);
    return (seat && this.#called(seat)) || this.#air?.name || this.words.text('role.captioner');
  }

  /** Whoever is on air writes nothing: it is written, and rung for once. @param {string} silent */
  #silence(silent) {
    at('AirSilent').hidden = !silent;
    set(at('AirSilent'), silent ? this.words.text(`air.${silent}`, { name: alone(this.#name()) }) : '');
    const what = silent && `${this.#channel} ${this.#air?.holder}`;
    if (what && what !== this.#rung && at('AirBell').checked) ring();
    this.#rung = what;
  }

  /** @param {OfferedLine} line */
  #offer({ segment, text, language, tool }) {
    const said = this.words.text('air.take-line');
    const button = element('button', { type: 'button', 'data-key': segment, 'aria-label': `${said}: ${text.slice(0, 60)}` }, said);
    button.hidden = !this.writes;
    return element('li', {}, element('span', { class: 'text', lang: language, dir: direction(language) }, text), ...(tool ? [' ', bdi(tool, { class: 'mark' })] : []), ' ', button);
  }
}

/**
 * Show at buttons which keys do the same, where there are such.
 * @param {Record<string, string>} keys  by the ids of buttons  @param {string} [held]  the key that is held with them
 */
export function airKeys(keys, held = '') {
  for (const [id, key] of Object.entries(keys)) {
    const button = document.getElementById(id);
    const place = button && (button.querySelector('summary') ?? button);
    if (!place) continue;
    const shown = place.querySelector('kbd');
    if (shown) shown.textContent = key;
    else place.prepend(element('kbd', { 'aria-hidden': 'true' }, key), ' ');
    only('kbd', place).hidden = !key;
    if (key) place.setAttribute('aria-keyshortcuts', held ? `${held}+${key}` : key);
    else place.removeAttribute('aria-keyshortcuts');
  }
}
