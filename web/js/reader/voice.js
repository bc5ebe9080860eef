// Reads finished lines aloud with a voice of the browser. It is off at each visit until the reader starts it. Voices
// that don't run on this device send the text to their maker: they are used only where the reader has allowed it.

import { keep, recall } from '../lib/kept.js';
import { at, only, set } from '../lib/nodes.js';
import { fill } from '../lib/words.js';

const KEY = 'moothall.voice';
const MOST = 6; // lines that wait. Overflow: the oldest is left out, so that the voice keeps up

/** The primary language of a tag: `pt-BR` → `pt`. @param {string} tag */
const primary = (tag) => tag.split(/[-_]/)[0].toLowerCase();

/**
 * The voices that may be used for a language, those of this device first.
 * @param {SpeechSynthesisVoice[]} voices  @param {string} language  @param {boolean} allowed  whether voices that send the text away are allowed
 */
export const usable = (voices, language, allowed) => voices
  .filter((voice) => primary(voice.lang) === primary(language) && (allowed || voice.localService))
  .sort((one, other) => Number(other.localService) - Number(one.localService));

export class Voice {
  #on = false;
  /** @type {HTMLElement[]} */
  #waiting = []; // Bound: MOST. Elements, not texts: a line may be corrected or removed until it is read
  /** @type {WeakMap<Element, string>} */
  #read = new WeakMap(); // the texts of lines that were read
  #left = 0; // lines left out in a row
  #speaking = false;

  /** @param {SpeechSynthesis} speech  @param {HTMLElement} panel  the form of web/pages/lib/_choices.html */
  constructor(speech, panel) {
    this.speech = speech;
    this.panel = panel;
    this.kept = { rate: '1', away: false, ...recall(KEY) };
    const [rate, away] = [/** @type {HTMLInputElement} */ (at('VoiceRate')), /** @type {HTMLInputElement} */ (at('VoiceAway'))];
    rate.value = this.kept.rate;
    away.checked = this.kept.away;
    rate.addEventListener('input', () => this.#keep({ rate: rate.value }));
    away.addEventListener('change', () => this.#keep({ away: away.checked }));
    at('VoiceOn').addEventListener('click', () => (this.#on ? this.stop() : this.#start()));
    at('VoicePause').addEventListener('click', () => this.#pause());
    speech.addEventListener?.('voiceschanged', () => this.#look());
    addEventListener('pagehide', () => this.stop()); // some browsers go on reading after the page is left
    this.#look();
  }

  /** @param {Partial<Voice['kept']>} changed */
  #keep(changed) {
    this.kept = { ...this.kept, ...changed };
    keep(KEY, this.kept);
    this.#look();
  }

  /** The best voice for a language; null when there is none. @param {string} language */
  #voice(language) {
    return usable(this.speech.getVoices(), language, this.kept.away)[0] ?? null;
  }

  /** Show whether there is a voice for the language of the text; without one the voice can't be started. */
  #look() {
    const language = this.panel.dataset.language ?? '';
    const lacking = this.#voice(language) === null;
    if (!this.#on) set(at('VoiceSaid'), lacking ? this.panel.dataset.lacking ?? '' : '');
    at('VoiceOn').toggleAttribute('disabled', lacking && !this.#on);
  }

  #start() {
    this.#on = true;
    this.#show();
  }

  stop() {
    this.#on = this.#speaking = false;
    this.#waiting = [];
    this.speech.cancel();
    this.#show();
    this.#look();
  }

  #pause() {
    if (this.speech.paused) this.speech.resume();
    else this.speech.pause();
    this.#show();
  }

  #show() {
    const { start, stop, pause, goOn } = this.panel.dataset;
    set(at('VoiceOn'), (this.#on ? stop : start) ?? '');
    at('VoicePause').hidden = !this.#on;
    set(at('VoicePause'), (this.speech.paused ? goOn : pause) ?? '');
    if (this.#on) set(at('VoiceSaid'), '');
  }

  /**
   * Queue new lines for reading. What was split off a line is read behind it, and not where it was read with it.
   * @param {HTMLElement[]} items
   */
  lines(items) {
    if (!this.#on) return;
    for (const item of items) {
      const whole = at(item.dataset.partOf ?? '');
      if (whole && this.#read.get(whole)?.endsWith(only('.text', item).textContent ?? '')) continue;
      const place = this.#waiting.indexOf(whole);
      this.#waiting.splice(place < 0 ? this.#waiting.length : place + 1, 0, item);
      if (this.#waiting.length > MOST) {
        this.#waiting.shift();
        this.#left += 1;
        set(at('VoiceSaid'), fill(this.panel.dataset.left ?? '', { n: this.#left }));
      }
    }
    this.#next();
  }

  /** Read the next line that waits, unless one is being read. */
  #next() {
    const next = this.#speaking ? undefined : this.#waiting.shift();
    if (!next) return;
    const said = /** @type {?HTMLElement} */ (next.isConnected ? next.querySelector('.text') : null);
    const voice = said && this.#voice(said.lang);
    if (!voice) {
      this.#next();
      return;
    }
    const who = next.classList.contains('again') ? '' : next.querySelector('.speaker')?.textContent ?? '';
    const spoken = new SpeechSynthesisUtterance(who ? `${who}: ${said.textContent}` : said.textContent);
    spoken.voice = voice;
    spoken.lang = voice.lang;
    spoken.rate = Number(this.kept.rate);
    this.#read.set(next, said.textContent ?? '');
    this.#speaking = true;
    const over = () => {
      this.#speaking = false;
      if (!this.#waiting.length) this.#left = 0;
      this.#next();
    };
    spoken.addEventListener('end', over);
    spoken.addEventListener('error', over);
    this.speech.speak(spoken);
  }
}
