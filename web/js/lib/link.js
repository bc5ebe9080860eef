// The link to the server: an EventSource, opened again with back-off and jitter when it ends. silence.js, loaded later, sees
// a link that is silent and has not ended.

const LONGEST = 15000; // ms between two tries
const FIRST = 500;
const UP = 3000; // ms

/** How long to wait before try number `tries` (from 0): full jitter, so that a full hall doesn't come back at once. */
export const pause = (tries, random) => 100 + random * Math.min(LONGEST, FIRST * 2 ** tries);

export class Link {
  read = null; // the connection that is read
  silence = null;
  heard = 0; // when something came
  every = null; // how often something should, ms, once a pulse has said so
  #timer = null;
  #loading = null;
  #tries = 0;
  #told = null;
  #name = `r${Math.random().toString(36).slice(2)}`; // two connections of one name are one reader

  /**
   * @param {() => string} address  where to go on from, asked for at each try
   * @param {(frame: object) => void} take
   * @param {(open: boolean, since: number) => void} tell  whether anything comes; `since` in Unix ms
   * @param {() => number} seen  the offset in the address
   * @param {() => void} begins  another stream is read
   */
  constructor(address, take, tell, seen, begins = () => {}) {
    Object.assign(this, { address, take, tell, seen, begins });
  }

  /** Open it, or open it anew from where the reader is. */
  open() {
    this.close();
    this.#loading ??= setTimeout(() => this.#watch(), UP);
    this.#reads(this.connect());
  }

  /** The page is shown again, or there is a network again. */
  hurry() {
    this.silence?.wake();
    if (this.#timer !== null) this.open();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.silence?.rest();
    this.read?.close();
    this.read = null;
  }

  connect() {
    const source = new EventSource(`${this.address()}&reader=${this.#name}`);
    source.seen = this.seen();
    source.onopen = () => source === this.read && this.#hear();
    source.onmessage = ({ data }) => this.#came(source, JSON.parse(data));
    source.onerror = () => (source === this.read ? this.#again() : this.silence.failed());
    source.addEventListener('pulse', ({ data }) => {
      const said = JSON.parse(data);
      this.#came(source, null, said.pulse ?? said);
    });
    return source;
  }

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

  #came(source, frame, pulse) {
    if (source !== this.read) {
      if (source !== this.silence?.beside) return;
      this.#change();
    }
    this.#hear(pulse?.every);
    if (pulse) {
      document.dispatchEvent(new CustomEvent('pulse', { detail: pulse }));
      if (pulse.head > source.seen) this.#again(); // something was lost
      return;
    }
    this.#tries = 0;
    source.seen = frame[0] ?? frame.snapshot?.offset ?? frame.events?.at(-1).offset ?? source.seen;
    this.take(frame);
  }

  #hear(every = this.every) {
    this.#note(every);
    this.say(true);
  }

  #note(every) {
    this.heard = performance.now();
    this.every = every;
    this.silence?.hear(this.heard, every);
  }

  #reads(source) {
    this.read = source;
    this.#note(null);
    this.begins();
  }

  #change() {
    const { beside } = this.silence;
    this.silence.beside = null;
    this.read.close();
    this.#reads(beside);
  }

  #again() {
    if (this.silence?.beside) {
      this.#change();
      return;
    }
    this.close();
    this.#timer = setTimeout(() => this.open(), pause(this.#tries++, Math.random()));
    this.say(false);
  }
}
