// Holds text back to match a video with a longer delay: frames wait here, in order, until their time. Pure except for
// the timer.

export const MOST = 120; // s; a video that is later than this must be of another meeting

export class Held {
  /** @type {[number, Frame | Batch][]} frames with the time at which they came, ms; bounded by what comes in MOST seconds */
  #waiting = [];
  #timer = 0;

  /** @param {(frame: Frame | Batch) => void} give */
  constructor(give, now = () => Date.now()) {
    this.give = give;
    this.now = now;
    this.seconds = 0;
  }

  /** Pass a frame on at once, or when its time has come. @param {Frame | Batch} frame */
  take(frame) {
    if (!this.seconds && !this.#waiting.length) this.give(frame);
    else {
      this.#waiting.push([this.now(), frame]);
      this.#later();
    }
  }

  /**
   * Hold frames back by `seconds` from now on. A shorter delay passes on at once the frames that are then due.
   * @param {number} seconds
   */
  by(seconds) {
    this.seconds = Math.min(MOST, Math.max(0, Math.round(seconds)));
    this.#due();
  }

  /** Pass on the frames that are due. */
  #due() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const until = this.now() - this.seconds * 1000;
    while (this.#waiting[0]?.[0] <= until) this.give(this.#waiting.splice(0, 1)[0][1]);
    this.#later();
  }

  /** Set the timer for the next frame. */
  #later() {
    if (this.#timer || !this.#waiting.length) return;
    const wait = this.#waiting[0][0] + this.seconds * 1000 - this.now();
    this.#timer = setTimeout(() => this.#due(), Math.max(0, wait));
  }
}
