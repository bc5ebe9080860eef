// Resamples from the sound card's rate to 16 kHz with a windowed-sinc filter, which keeps the samples that it needs
// between calls. Pure.

export const RATE = 16000;
const CROSSINGS = 16; // zero crossings of the sinc on each side: steep enough for speech
const STEPS = 64; // phases of the filter in the table

export class Resampler {
  /** @param {number} rate  of the input, Hz */
  constructor(rate) {
    this.step = rate / RATE;
    const cutoff = Math.min(1, 1 / this.step) * 0.94;
    this.half = Math.ceil(CROSSINGS / cutoff);
    this.filters = Array.from({ length: STEPS + 1 }, (_, phase) => this.#filter(phase / STEPS, cutoff));
    this.past = new Float32Array(2 * this.half);
    this.at = this.half; // position of the next output sample, in `past` followed by the next block
  }

  /**
   * The taps of the filter, a sinc under a squared cosine, for one phase.
   * @param {number} phase  @param {number} cutoff
   */
  #filter(phase, cutoff) {
    const taps = new Float32Array(2 * this.half);
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap += 1) {
      const x = tap - this.half + 1 - phase;
      const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
      taps[tap] = sinc * Math.cos((Math.PI / 2) * Math.max(-1, Math.min(1, x / this.half))) ** 2;
      sum += taps[tap];
    }
    return taps.map((value) => value / sum);
  }

  /** Resample a block; returns the samples at 16 kHz that it completes, maybe none. @param {Float32Array} block */
  feed(block) {
    if (this.step === 1) return block;
    const all = new Float32Array(this.past.length + block.length);
    all.set(this.past);
    all.set(block, this.past.length);
    const out = [];
    while (this.at + this.half < all.length) {
      const whole = Math.floor(this.at);
      const taps = this.filters[Math.round((this.at - whole) * STEPS)];
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap += 1) sum += taps[tap] * all[whole - this.half + 1 + tap];
      out.push(sum);
      this.at += this.step;
    }
    const used = all.length - this.past.length;
    this.past = all.slice(used);
    this.at -= used;
    return Float32Array.from(out);
  }
}
