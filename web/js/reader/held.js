// Text held back to fit a video that comes late: frames wait here, in order, until their time. Pure but for the timer.

export const MOST = 120; // s; a stream that is later than this is another meeting

export class Held {
  /** @type {[number, Frame | Batch][]} frames with the time at which they came; no more than come in MOST seconds */
  #waiting = [];
  #timer = 0;

  /** @param {(frame: Frame | Batch) => void} give */
  constructor(give, now = () => Date.now()) {
    this.give = give;
    this.now = now;
    this.seconds = 0;
  }

  /** @param {Frame | Batch} frame */
  take(frame) {
    if (!this.seconds && !this.#waiting.length) this.give(frame);
    else {
      this.#waiting.push([this.now(), frame]);
      this.#later();
    }
  }

  /** Hold back by so many seconds from here on; less gives at once what is due now. @param {number} seconds */
  by(seconds) {
    this.seconds = Math.min(MOST, Math.max(0, Math.round(seconds)));
    this.#due();
  }

  #due() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const until = this.now() - this.seconds * 1000;
    while (this.#waiting[0]?.[0] <= until) this.give(this.#waiting.splice(0, 1)[0][1]);
    this.#later();
  }

  #later() {
    if (this.#timer || !this.#waiting.length) return;
    const wait = this.#waiting[0][0] + this.seconds * 1000 - this.now();
    this.#timer = setTimeout(() => this.#due(), Math.max(0, wait));
  }
}
