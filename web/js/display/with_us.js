// Shows the hubs that take part, on a wall or over a video, one at a time.

import { at, set } from '../lib/nodes.js';

const TURN = 8000; // ms for which each hub is shown; as in adapters/pages/meeting_texts.py

export class WithUs {
  /** @type {Record<string, {here: boolean, title: string, people: number}>} */
  #hubs = {};

  /** @param {import('../lib/words.js').Words} words  @param {Session} session  of the page's data */
  constructor(words, session) {
    this.words = words;
    this.#begin(session);
    setInterval(() => this.#show(), 1000);
  }

  /** Take over the hubs of a snapshot. @param {Session} session */
  #begin({ hubs }) {
    this.#hubs = { ...hubs };
    this.#show();
  }

  /**
   * Handle an event. Null: a snapshot came, and `session` is its state.
   * @param {?(EventBody & HubStatus)} event  @param {Session} session
   */
  heard(event, session) {
    if (!event) this.#begin(session);
    else if (event.type === 'hub.presence-changed') {
      this.#hubs[event.hub] = event;
      this.#show();
    }
  }

  #show() {
    const here = Object.values(this.#hubs).filter((each) => each.here);
    const box = at('WithUs');
    box.hidden = !here.length;
    if (!here.length) return;
    const { title, people } = here[Math.floor(Date.now() / TURN) % here.length];
    const name = `\u2068${title}\u2069`; // in Unicode isolates: it has a direction of its own
    set(box, people ? this.words.text('with-us.people', { name, people: this.words.counted('people', people) }) : this.words.text('with-us', { name }));
  }
}
