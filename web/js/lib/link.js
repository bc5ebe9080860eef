// The link to the server: an EventSource, opened again with back-off and jitter when it ends. silence.js, loaded later, sees
// a link that is silent and has not ended.

const LONGEST = 15000; // ms between two tries
const FIRST = 500;
const UP = 3000; // ms

/**
 * ms that try number `tries` (from 0) has: each twice as long as the one before, up to the longest.
 * @param {number} tries  @param {number} first  @param {number} longest
 */
export const backOff = (tries, first, longest) => Math.min(longest, first * 2 ** tries);

/**
 * ms until try number `tries`: full jitter, so that a hall doesn't come back at once.
 * @param {number} tries  @param {number} random
 */
export const pause = (tries, random) => 100 + random * backOff(tries, FIRST, LONGEST);

export class Link {
  /** @type {?Source} */
  read = null;
  /** @type {?import('./silence.js').Silence} */
  silence = null;
  heard = 0; // when something came
  /** @type {?number} how often something should, ms, once a pulse has said so */
  every = null;
  #timer = 0;
  #loading = 0;
  #tries = 0;
  /** @type {?boolean} */
  #told = null;
  #name = `r${Math.random().toString(36).slice(2)}`; // two connections of one name are one reader

  /**
   * @param {() => string} address  asked for at each try
   * @param {(frame: Frame) => void} take
   * @param {(open: boolean, since: number) => void} tell  whether anything comes; `since` in Unix ms
   * @param {() => number} seen  the offset in the address
   * @param {() => void} begins  another stream is read
   */
  constructor(address, take, tell, seen, begins = () => {}) {
    this.address = address;
    this.take = take;
    this.tell = tell;
    this.seen = seen;
    this.begins = begins;
  }

  open() {
    this.close();
    if (!this.#loading) this.#loading = setTimeout(() => this.#watch(), UP);
    this.#reads(this.connect());
  }

  hurry() {
    this.silence?.wake();
    if (this.#timer) this.open();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.silence?.rest();
    this.read?.close();
    this.read = null;
  }

  connect() {
    const source = /** @type {Source} */ (new EventSource(`${this.address()}&reader=${this.#name}`));
    source.seen = this.seen();
    source.onopen = () => source === this.read && this.#hear();
    source.onmessage = ({ data }) => this.#came(source, JSON.parse(data));
    source.onerror = () => (source === this.read ? this.#again() : this.silence?.failed());
    source.addEventListener('pulse', ({ data }) => {
      const said = JSON.parse(data);
      this.#came(source, said, said.pulse ?? said);
    });
    return source;
  }

  /** @param {boolean} open */
  say(open, ago = 0) {
    if (open === this.#told) return;
    this.#told = open;
    this.tell(open, Date.now() - ago);
  }

  async #watch() {
    try {
      const { Silence } = await import('./silence.js');
      this.silence = new Silence(this);
    } catch {
      setTimeout(() => this.#watch(), UP);
    }
  }

  /** @param {Source} source  @param {Frame} frame  @param {Pulse} [pulse] */
  #came(source, frame, pulse) {
    const { silence } = this;
    if (source !== this.read) {
      if (source !== silence?.beside) return;
      this.#change(silence, source);
    }
    this.#hear(pulse?.every);
    if (pulse) {
      document.dispatchEvent(new CustomEvent('pulse', { detail: pulse }));
      if (pulse.head > source.seen) this.#again(); // something was lost
      return;
    }
    this.#tries = 0;
    source.seen = frame[0] ?? frame.snapshot?.offset ?? frame.events?.at(-1)?.offset ?? source.seen;
    this.take(frame);
  }

  #hear(every = this.every) {
    this.#note(every);
    this.say(true);
  }

  /** @param {?number} every */
  #note(every) {
    this.heard = performance.now();
    this.every = every;
    this.silence?.hear(this.heard, every);
  }

  /** @param {Source} source */
  #reads(source) {
    this.read = source;
    this.#note(null);
    this.begins();
  }

  /** @param {import('./silence.js').Silence} silence  @param {Source} beside */
  #change(silence, beside) {
    silence.beside = null;
    this.read?.close();
    this.#reads(beside);
  }

  #again() {
    const { silence } = this;
    if (silence?.beside) {
      this.#change(silence, silence.beside);
      return;
    }
    this.close();
    this.#timer = setTimeout(() => this.open(), pause(this.#tries++, Math.random()));
    this.say(false);
  }
}
