// The link to the server: an EventSource, reopened with back-off and jitter when it ends. silence.js, loaded later,
// detects a link that is still open but silent.

const LONGEST = 15000; // ms between two attempts
const FIRST = 500;
const UP = 3000; // ms until silence.js is loaded

/**
 * Exponential back-off in ms: attempt number `tries` (from 0) gets twice the time of the one before, at most `longest`.
 * @param {number} tries  @param {number} first  @param {number} longest
 */
export const backOff = (tries, first, longest) => Math.min(longest, first * 2 ** tries);

/**
 * The pause in ms before attempt number `tries`, with full jitter: readers in one hall must not all reconnect at once.
 * @param {number} tries  @param {number} random  from 0 to 1
 */
export const pause = (tries, random) => 100 + random * backOff(tries, FIRST, LONGEST);

export class Link {
  /** @type {?Source} */
  read = null;
  /** @type {?import('./silence.js').Silence} */
  silence = null;
  heard = 0; // performance.now() of the last message
  /** @type {?number} ms within which the next message should come; null until a pulse has said so */
  every = null;
  #timer = 0;
  #loading = 0;
  #tries = 0;
  /** @type {?boolean} */
  #told = null;
  #name = `r${Math.random().toString(36).slice(2)}`; // the server counts connections of one name as one reader

  /**
   * @param {() => string} address  gives the address for each attempt
   * @param {(frame: Frame) => void} take
   * @param {(open: boolean, since: number) => void} tell  called when the link opens or is lost; `since`: when it happened, Unix ms
   * @param {() => number} seen  gives the offset that the address asks from
   * @param {() => void} begins  called when another stream begins to be read
   */
  constructor(address, take, tell, seen, begins = () => {}) {
    this.address = address;
    this.take = take;
    this.tell = tell;
    this.seen = seen;
    this.begins = begins;
  }

  /** Connect now, in place of any earlier connection. */
  open() {
    this.close();
    if (!this.#loading) this.#loading = setTimeout(() => this.#watch(), UP);
    this.#reads(this.connect());
  }

  /** Reconnect now if the link waits for its next attempt: the network may be back, or the page is shown again. */
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

  /** Open another connection; the caller decides whether it becomes the one that is read. */
  connect() {
    const source = /** @type {Source} */ (new EventSource(`${this.address()}&reader=${this.#name}`));
    source.seen = this.seen();
    source.onopen = () => source === this.read && this.#hear();
    source.onmessage = ({ data }) => this.#came(source, JSON.parse(data));
    source.onerror = () => {
      // Not the first two in a row: all readers get those when the server behind a proxy is started again.
      if (source.readyState === 2 && this.#tries > 2) document.dispatchEvent(new Event('refused'));
      if (source === this.read) this.#again();
      else this.silence?.failed();
    };
    source.addEventListener('pulse', ({ data }) => {
      const said = JSON.parse(data);
      this.#came(source, said, said.pulse ?? said);
    });
    return source;
  }

  /** Report the link as open or lost, if that is new. `ago`: ms since it happened. @param {boolean} open */
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

  /**
   * Handle a message of `source`, which is read from now on.
   * @param {Source} source  @param {Frame} frame  @param {Pulse} [pulse]
   */
  #came(source, frame, pulse) {
    const { silence } = this;
    if (source !== this.read) {
      if (source !== silence?.beside) return;
      this.#change(silence, source);
    }
    this.#hear(pulse?.every);
    if (pulse) {
      document.dispatchEvent(new CustomEvent('pulse', { detail: pulse }));
      if (pulse.head > source.seen) this.#again(); // an event was lost
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

  /**
   * Read the second connection in place of the first.
   * @param {import('./silence.js').Silence} silence  @param {Source} beside
   */
  #change(silence, beside) {
    silence.beside = null;
    this.read?.close();
    this.#reads(beside);
  }

  /** Replace a lost connection: by the second one if it is open, otherwise by a new one after a pause. */
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
