// Judges a microphone by its level, and detects samples that were lost. Pure.

const BLOCKS = 50; // of 100 ms each: the span that is judged
const FEW = 10; // blocks, below which there is no verdict
const CLIPPED = 0.985; // peak of a block with clipping
const DEAD = -72; // dBFS; a microphone that is on is never so silent
const STEADY = 8; // dB between loud and soft blocks; speech has more
const HUM = -45; // dBFS; a louder steady sound is a hum
const LOW = -42; // dBFS; speech below this is too quiet

/** A level from 0 to 1 in dBFS, not below -100. @param {number} level */
export const decibels = (level) => Math.max(-100, 20 * Math.log10(level || 1e-9));

export class Levels {
  constructor() {
    /** @type {{db: number, peak: number}[]} */
    this.blocks = [];
  }

  /** @param {number} rms  @param {number} peak  of a tenth of a second, 0 to 1 */
  push(rms, peak) {
    this.blocks.push({ db: decibels(rms), peak });
    if (this.blocks.length > BLOCKS) this.blocks.shift();
  }

  /** The present level, dBFS: the mean of the last three blocks. */
  get now() {
    const last = this.blocks.slice(-3);
    return last.length ? last.reduce((sum, { db }) => sum + db, 0) / last.length : -100;
  }

  /** The verdict on the last five seconds: `waiting`, `dead`, `hum`, `quiet`, `loud` or `ready`. */
  get verdict() {
    if (this.blocks.length < FEW) return 'waiting';
    if (this.blocks.filter(({ peak }) => peak >= CLIPPED).length >= 3) return 'loud';
    const sorted = this.blocks.map(({ db }) => db).sort((a, b) => a - b);
    const share = (/** @type {number} */ part) => sorted[Math.floor(part * (sorted.length - 1))];
    const [soft, high] = [share(0.2), share(0.95)];
    if (high < DEAD) return 'dead';
    if (high - soft < STEADY) return high > HUM ? 'hum' : 'waiting';
    return high < LOW ? 'quiet' : 'ready';
  }
}

const LAG = 750; // ms by which samples may fall behind the clock
const WINDOW = 20; // pieces of sound

/**
 * Detects samples that were lost on the way from the sound card: the clock has advanced further than they account for.
 */
export class Continuity {
  constructor() {
    /** @type {number[]} */
    this.lags = [];
    this.count = 0;
    /** @type {?number} */
    this.start = null;
    /** @type {?number} */
    this.usual = null;
  }

  /**
   * Note a piece of sound.
   * @param {number} now  ms  @param {number} ms  its length  @returns {boolean} whether sound is missing
   */
  push(now, ms) {
    this.start ??= now - ms;
    this.count += ms;
    this.lags.push(now - this.start - this.count);
    if (this.lags.length < WINDOW) return false;
    const least = Math.min(...this.lags);
    this.lags.shift();
    this.usual = this.usual === null ? least : Math.min(this.usual, least);
    return least - this.usual > LAG;
  }
}
