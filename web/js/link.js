// The line to the server: an EventSource, opened anew with back-off and jitter whenever it ends.

const LONGEST = 15000; // ms between two tries
const FIRST = 500;

/** How long to wait before try number `tries` (from 0): full jitter, so that a full hall doesn't come back at once. */
export const pause = (tries, random) => 100 + random * Math.min(LONGEST, FIRST * 2 ** tries);

export class Link {
  #source = null;
  #timer = null;
  #tries = 0;

  /**
   * @param {() => string} address  where to go on from, asked for at each try
   * @param {(frame: object) => void} take
   * @param {(open: boolean) => void} tell
   */
  constructor(address, take, tell) {
    this.address = address;
    this.take = take;
    this.tell = tell;
  }

  /** Open it, or open it anew from where the reader is. */
  open() {
    this.close();
    const source = new EventSource(this.address());
    this.#source = source;
    source.onopen = () => this.tell(true);
    source.onmessage = (message) => {
      this.#tries = 0;
      this.take(JSON.parse(message.data));
    };
    source.onerror = () => this.#again();
  }

  /** Open it at once if it waits for its next try. */
  hurry() {
    if (this.#timer !== null) this.open();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#source?.close();
    this.#source = null;
  }

  #again() {
    this.close();
    this.#timer = setTimeout(() => this.open(), pause(this.#tries++, Math.random()));
    this.tell(false);
  }
}
