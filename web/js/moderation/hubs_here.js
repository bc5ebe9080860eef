// Groups far away at the pages on which a discussion is led: who is there, and whose line is down.

import { hubName } from '../desk/hub_names.js';
import { at, element, set } from '../lib/nodes.js';
import { unsay } from '../lib/said.js';
import { dayClock } from '../lib/words.js';

const BACK = 10000; // ms for which is said that one is back

export class HubsHere {
  /** @type {?Set<string>} */
  #cut = null; // the names of those that were cut off; null before anything was told
  /** @type {Map<string, number>} */
  #back = new Map(); // name → until when it is said
  #said = ''; // of those that were cut off last

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

  /** Show how groups stand. @param {HubStand[]} [stands] */
  take(stands) {
    this.stands = stands ?? [];
    const cut = this.stands.filter(({ here, people }) => !here && people !== 0); // Nobody waits for who has left.
    const there = new Set(this.stands.filter(({ here }) => here).map(({ hub }) => hub));
    const back = [...this.#cut ?? []].filter((hub) => there.has(hub));
    const fresh = cut.filter(({ hub }) => !this.#cut?.has(hub));
    for (const hub of back) this.#returned(hub);
    const said = [...back.map((hub) => this.#isBack(hub)), ...fresh.map((each) => this.#isCut(each))];
    if (!said.length && cut.length < (this.#cut?.size ?? 0)) unsay(this.#said); // One has left.
    this.#cut = new Set(cut.map(({ hub }) => hub));
    this.#show(cut);
    if (said.length) this.say(this.#said = said.join('. '), '#Cut');
  }

  /** @param {string} hub */
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

  /** A group's name, and how many are there where they were counted. @param {string} hub  @param {?number} people */
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

/** Rows of a list, set anew only where they differ. @param {Element} list  @param {string[]} texts */
function fill(list, texts) {
  if (list.children.length !== texts.length) list.replaceChildren(...texts.map(() => element('li')));
  texts.forEach((text, n) => set(list.children[n], text));
}
