// A respeaker's microphone on the captioner's page: somebody hears the meeting and says it again, and the machine
// recognises that voice in place of the meeting's own sound while they are on air.

import { marked } from './keys.js';
import { Capture } from '../microphone/capture.js';
import { AudioLink } from '../microphone/audio_link.js';
import { Meter } from '../microphone/meter.js';
import { Ring } from '../microphone/ring.js';
import { Takes, listInputs } from '../microphone/takes.js';
import { at, set } from '../lib/nodes.js';

const LOOK = 1000; // ms between two checks that the input still gives samples

export class Respeaking {
  #ring = new Ring();
  #on = false; // begun and not stopped
  #opening = false;
  #looking = 0;
  #channel = ''; // the text for which it was begun
  #stands = '';
  #capture = new Capture((piece) => this.#heard(piece), (problem) => this.#broken(problem));

  /**
   * @param {{session: string, link: string}} data  @param {() => string} channel
   * @param {import('../lib/words.js').Words} words  @param {{say: (text: string) => void, open: () => boolean}} does  `open`: whether the meeting is on
   */
  constructor({ session, link }, channel, words, does) {
    this.words = words;
    this.does = does;
    this.meter = new Meter((kind) => words.text(`verdict.${kind}`), (said) => said && does.say(said));
    const address = `${location.origin.replace(/^http/, 'ws')}/s/${encodeURIComponent(session)}/audio`;
    this.channel = channel;
    this.audio = new AudioLink({ address, as: link, channel: () => this.#channel, ring: this.#ring, tell: (kind) => this.#told(kind) });
    this.takes = new Takes(this.#ring, () => this.audio.pump());
    marked(at('Respeak'), 'V');
    at('Respeak').addEventListener('click', () => this.turn());
    at('Device').addEventListener('change', () => this.#choose());
    addEventListener('online', () => this.audio.hurry());
  }

  /** Stop respeaking, if it was begun. */
  stop() {
    if (this.#on) this.#stop();
  }

  /** Begin or stop respeaking. */
  async turn() {
    if (this.#opening) return;
    if (this.#on) this.#stop();
    else if (!this.does.open()) this.does.say(this.words.text('not-open'));
    else if (await this.#open(at('Device').value)) this.#start();
  }

  /** Open an input; resolves to whether that worked. @param {string} device */
  async #open(device) {
    at('RespeakTrouble').hidden = true;
    if (Capture.obstacle) {
      this.#trouble(Capture.obstacle);
      return false;
    }
    this.#opening = true;
    try {
      await this.#capture.open(device);
    } catch (problem) {
      this.#broken(String(problem));
      return false;
    } finally {
      this.#opening = false;
    }
    at('RespeakInput').hidden = false;
    this.meter.opened(performance.now());
    await listInputs(at('Device'), this.#capture, (n) => this.words.text('device', { n }));
    return true;
  }

  #start() {
    this.#on = true;
    this.#channel = this.channel();
    this.takes.again('lost');
    this.#stand('connecting');
    this.audio.start();
    clearInterval(this.#looking);
    this.#looking = setInterval(() => this.meter.look(performance.now()), LOOK);
  }

  /** End the take; the sound that is still buffered is sent. */
  #stop() {
    this.#on = false;
    this.#ring.end('stopped');
    if (this.audio.open) {
      this.#stand('finishing');
      this.audio.pump();
    } else this.#leave('');
  }

  /** Change to the chosen input. */
  async #choose() {
    if (this.#on) this.#ring.end('lost');
    if ((await this.#open(at('Device').value)) && this.#on) this.takes.again('lost');
  }

  /** Handle a piece of sound from the input. @param {Piece} piece */
  #heard(piece) {
    const now = performance.now();
    this.meter.hear(piece, now);
    if (this.#on) this.takes.add(piece, now);
  }

  /** The input has failed. @param {string} problem */
  #broken(problem) {
    this.#trouble(problem);
    if (this.#on) this.#stop();
    else this.#leave('');
  }

  /** @param {string} problem */
  #trouble(problem) {
    at('RespeakTrouble').hidden = false;
    set(at('RespeakTrouble'), this.words.text(`trouble.${problem}`));
  }

  /** Handle a report of the connection. @param {string} kind  as of `Line` in microphone/audio_link.js */
  #told(kind) {
    if (kind === 'sending') this.#stand(this.#on ? 'on' : 'finishing');
    else if (kind === 'cut' || kind === 'full') this.#stand(this.#on ? kind : 'finishing');
    else if (kind === 'ended') this.#ring.takes.length || (this.#on ? this.takes.again('lost') : this.#leave(''));
    else if (kind === 'safe') this.#stands === 'full' && this.#stand(this.#on ? 'on' : 'finishing');
    else if (kind === 'restart') this.#on ? this.takes.again('lost') : this.#leave('');
    else if (kind === 'over' || kind === 'replaced') this.#leave(this.#on ? 'over' : ''); // after the key nobody expects to be heard
    else if (kind === 'forbidden' || kind === 'unknown' || kind === 'refused') this.#leave(kind);
  }

  /** Send nothing more, and release the input. @param {string} kind  why; empty where that was wanted */
  #leave(kind) {
    this.#on = false;
    clearInterval(this.#looking);
    this.audio.close();
    this.#ring.clear();
    this.#capture.close();
    this.meter.off();
    at('RespeakInput').hidden = true;
    this.#stand(kind);
  }

  /** Show the state. @param {string} kind  of the texts `respeak.…`; empty for none */
  #stand(kind) {
    this.#stands = kind;
    at('Respeak').setAttribute('aria-pressed', String(this.#on));
    at('RespeakStands').dataset.kind = kind === 'on' ? 'sending' : kind;
    set(at('RespeakStands'), kind && this.words.text(`respeak.${kind}`));
  }
}
