// A ring buffer with the last seconds of a sound. Pure.

export class Lately {
  #samples;
  #at = 0; // index of the next sample
  #full = false;

  /** @param {number} most  samples that are kept. Overflow: the oldest are dropped */
  constructor(most) {
    this.#samples = new Float32Array(most);
  }

  /** @param {Float32Array} piece */
  hear(piece) {
    const { length } = this.#samples;
    const kept = piece.subarray(Math.max(0, piece.length - length));
    const first = Math.min(kept.length, length - this.#at);
    this.#samples.set(kept.subarray(0, first), this.#at);
    this.#samples.set(kept.subarray(first), 0);
    this.#full ||= this.#at + kept.length >= length;
    this.#at = (this.#at + kept.length) % length;
  }

  /** The samples that are kept, oldest first. @returns {Float32Array<ArrayBuffer>} */
  all() {
    const [before, behind] = [this.#samples.subarray(0, this.#at), this.#full ? this.#samples.subarray(this.#at) : new Float32Array(0)];
    const all = new Float32Array(behind.length + before.length);
    all.set(behind);
    all.set(before, behind.length);
    return all;
  }

  forget() {
    [this.#at, this.#full] = [0, false];
  }
}
