// The sound of the meeting on a captioner's page: live, the last ten seconds again, and those at half the speed.

import { marked } from './keys.js';
import { Lately } from './lately.js';
import { stretched } from './stretching.js';
import { Listening } from '../desk/listen.js';
import { at } from '../lib/nodes.js';

const RATE = 16000; // Hz
const SECONDS = 10;
const SLOWER = 2; // stretched to so many times its length

export class Hearing {
  #lately = new Lately(SECONDS * RATE);
  /** @type {?AudioContext} */
  #context = null;
  /** @type {?AudioBufferSourceNode} */
  #again = null; // the replay; the live sound is muted meanwhile
  #listening = new Listening((piece) => this.#lately.hear(piece));

  /** @param {string} session  @param {(name: string) => void} say  gets the name of a text */
  constructor(session, say) {
    this.session = session;
    this.say = say;
    for (const [id, letter] of [['Listen', 'S'], ['Again', 'R'], ['Slower', 'H']]) marked(at(id), letter);
    at('Listen').addEventListener('click', () => this.turn());
    at('Again').addEventListener('click', () => this.again(1));
    at('Slower').addEventListener('click', () => this.again(SLOWER));
  }

  /** Begin or stop listening. */
  turn() {
    if (this.#listening.of) this.#end();
    else {
      this.#listening.begin(this.session, () => {
        this.#end();
        this.say('sound.none');
      });
    }
    at('Listen').setAttribute('aria-pressed', String(Boolean(this.#listening.of)));
  }

  /**
   * Replay the last seconds, stretched to `times` their length; a second call ends the replay.
   * @param {number} times
   */
  again(times) {
    if (this.#again) {
      this.#stop();
      return;
    }
    if (!this.#listening.of) {
      this.turn();
      this.say('sound.begins');
      return;
    }
    const samples = this.#lately.all();
    if (!samples.length) return;
    const made = times === 1 ? samples : stretched(samples, times);
    this.#context ??= new AudioContext({ sampleRate: RATE });
    const buffer = this.#context.createBuffer(1, made.length, RATE);
    buffer.copyToChannel(made, 0);
    const source = this.#again = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    source.addEventListener('ended', () => source === this.#again && this.#stop());
    this.#listening.mute(true);
    source.start();
  }

  /** End the replay. */
  #stop() {
    const source = this.#again;
    this.#again = null;
    source?.stop();
    this.#listening.mute(false);
  }

  #end() {
    this.#listening.end();
    this.#stop();
    this.#lately.forget();
    at('Listen').setAttribute('aria-pressed', 'false');
  }
}
