// Hubs on the pages of questions: which are there, with how many people, and which have lost their connection.

import { hubName } from '../desk/hub_names.js';
import { at, element, set } from '../lib/nodes.js';
import { unsay } from '../lib/said.js';
import { dayClock } from '../lib/words.js';

const BACK = 10000; // ms for which the page shows that a hub is back

export class HubsHere {
  /** @type {?Set<string>} */
  #cut = null; // hubs that have lost their connection; null before the first news
  /** @type {Map<string, number>} */
  #back = new Map(); // hub → until when the page shows that it is back, Unix ms
  #said = ''; // the last announcement

  /**
   * @param {import('../lib/words.js').Words} words
   * @param {(text: string, there?: ?string) => void} say  for screen readers  @param {string} ui  @param {string} zone
   */
  constructor(words, say, ui, zone) {
    this.words = words;
    this.say = say;
    this.clock = dayClock(ui, zone, {});
    /** @type {HubStand[]} */
    this.stands = [];
  }

  /** Show which hubs are there, and announce changes. @param {HubStand[]} [stands] */
  take(stands) {
    this.stands = stands ?? [];
    const cut = this.stands.filter(({ here, people }) => !here && people !== 0); // 0 people: it has left on purpose
    const there = new Set(this.stands.filter(({ here }) => here).map(({ hub }) => hub));
    const back = [...this.#cut ?? []].filter((hub) => there.has(hub));
    const fresh = cut.filter(({ hub }) => !this.#cut?.has(hub));
    for (const hub of back) this.#returned(hub);
    const said = [...back.map((hub) => this.#isBack(hub)), ...fresh.map((each) => this.#isCut(each))];
    if (!said.length && cut.length < (this.#cut?.size ?? 0)) unsay(this.#said); // one has left meanwhile
    this.#cut = new Set(cut.map(({ hub }) => hub));
    this.#show(cut);
    if (said.length) this.say(this.#said = said.join('. '), '#Cut');
  }

  /** Show for some seconds that a hub is back. @param {string} hub */
  #returned(hub) {
    this.#back.set(hub, Date.now() + BACK);
    setTimeout(() => this.#show(this.stands.filter(({ hub: each }) => this.#cut?.has(each))), BACK + 100);
  }

  /** @param {string} hub */
  #isBack(hub) {
    return this.words.text('hub.back', { name: hubName(hub, this.words) });
  }

  /** @param {HubStand} stand */
  #isCut({ hub, people, since }) {
    return this.words.text('hub.cut', { name: this.#named(hub, people), time: this.clock.format(since) });
  }

  /** A hub's name, with the number of people if they were counted. @param {string} hub  @param {?number} people */
  #named(hub, people) {
    const name = hubName(hub, this.words);
    return people ? `${name} (${this.words.counted('people', people)})` : name;
  }

  /** @param {HubStand[]} cut */
  #show(cut) {
    const now = Date.now();
    const away = new Set(cut.map(({ hub }) => hub));
    for (const [hub, until] of this.#back) if (until <= now || away.has(hub)) this.#back.delete(hub);
    const texts = [...cut.map((each) => this.#isCut(each)), ...[...this.#back.keys()].map((hub) => this.#isBack(hub))];
    fill(at('Cut'), texts);
    at('CutPart').hidden = !texts.length;
    if (!at('Groups')) return;
    fill(at('Groups'), this.stands.map((each) => `${this.#named(each.hub, each.people)} · ${this.#how(each)}`));
    at('GroupsPart').hidden = !this.stands.length;
  }

  /** @param {HubStand} stand */
  #how({ here, people, since }) {
    if (!here && people === 0) return this.words.text('hub.left');
    return this.words.text(here ? 'hub.here' : 'hub.away', { time: this.clock.format(since) });
  }
}

/** Fill a list with texts; only those that differ are changed. @param {Element} list  @param {string[]} texts */
function fill(list, texts) {
  if (list.children.length !== texts.length) list.replaceChildren(...texts.map(() => element('li')));
  texts.forEach((text, n) => set(list.children[n], text));
}
