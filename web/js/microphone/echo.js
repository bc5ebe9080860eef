// Detects in a microphone's sound an echo, when it picks up itself from the room's loudspeakers, and the hum of the
// mains. Pure.
//
// An echo repeats the sound a little later. The logarithm of the spectrum then has ripples, and the inverse transform
// of that logarithm (the cepstrum: Bogert, Healy and Tukey, 1963) has a peak at the delay, whose height is the loudness
// of the echo relative to the sound. The pitch of a vowel also repeats, but it changes within seconds and leaves no
// peak beyond 80 ms.

const RATE = 8000; // Hz: every second sample, after a mean of two
const SIZE = 32768; // samples in one analysis: 4.1 s
const STEP = SIZE / 2;
const NEAREST = Math.round(0.08 * RATE); // samples; a shorter delay is the reverberation of the room
const FARTHEST = Math.round(0.4 * RATE);
const SPREAD = 8; // samples by which the delays in two analyses may differ
const ECHO = 0.2; // height of the peak of an echo with a fifth of the sound's level; in 53 min of speech without one the highest was 0.095
const LOOKS = 2; // analyses in a row with the same delay: a single peak may be a tune or a door
const HUSHED = 0.002; // RMS of samples from -1 to 1, below which echoes are not searched
const HUM = 12; // times the level of the spectrum nearby, at the fundamental and the third harmonic
const LOUD = 0.001; // RMS from which on a hum is reported

/** The discrete Fourier transform, in place; the length is a power of two. @param {Float64Array} re  @param {Float64Array} im */
export function fourier(re, im) {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i += 1) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let length = 2; length <= size; length <<= 1) {
    const half = length >> 1;
    const [stepRe, stepIm] = [Math.cos((-2 * Math.PI) / length), Math.sin((-2 * Math.PI) / length)];
    for (let start = 0; start < size; start += length) {
      let wRe = 1;
      let wIm = 0;
      for (let k = start; k < start + half; k += 1) {
        const bRe = re[k + half] * wRe - im[k + half] * wIm;
        const bIm = re[k + half] * wIm + im[k + half] * wRe;
        re[k + half] = re[k] - bRe;
        im[k + half] = im[k] - bIm;
        re[k] += bRe;
        im[k] += bIm;
        const turned = wRe * stepRe - wIm * stepIm;
        wIm = wRe * stepIm + wIm * stepRe;
        wRe = turned;
      }
    }
  }
}

/**
 * The frequency of a mains hum, 50 or 60 Hz; 0 for none.
 * @param {Float64Array} power  the power spectrum @param {number} rms
 */
function humming(power, rms) {
  if (rms < LOUD) return 0;
  const bin = (/** @type {number} */ hertz) => Math.round((hertz * SIZE) / RATE);
  const stands = (/** @type {number} */ hertz) => {
    let [most, sum, count] = [0, 0, 0];
    for (let k = bin(hertz - 8); k <= bin(hertz + 8); k += 1) {
      if (Math.abs(k - bin(hertz)) <= 3) most = Math.max(most, power[k]);
      else if (Math.abs(k - bin(hertz)) > 8) {
        sum += power[k];
        count += 1;
      }
    }
    return most > (HUM * HUM * sum) / count;
  };
  return [50, 60].find((hertz) => stands(hertz) && stands(3 * hertz)) ?? 0;
}

/**
 * Analyse 4.1 s of sound.
 *
 * @param {Float64Array} samples  SIZE of them, 8 kHz, from -1 to 1; overwritten
 * @returns {{delay: number, height: number, hum: number}}  the highest peak's delay, ms, and height, both 0 if it is too quiet; hum in Hz
 */
export function looked(samples) {
  const rms = Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / SIZE);
  const im = new Float64Array(SIZE);
  fourier(samples, im);
  const power = samples.map((each, k) => each * each + im[k] * im[k]);
  const hum = humming(power, rms);
  if (rms < HUSHED) return { delay: 0, height: 0, hum };
  const floor = power.reduce((sum, each) => sum + each, 0) * 1e-10 + 1e-12;
  const log = power.map((each) => Math.log(each + floor));
  im.fill(0);
  fourier(log, im);
  let [at, height] = [0, 0];
  for (let k = NEAREST; k <= FARTHEST; k += 1) {
    // A peak between two samples is split between both.
    const here = (log[k] + Math.max(log[k - 1], log[k + 1], 0)) / SIZE;
    if (here > height) [at, height] = [k, here];
  }
  return { delay: (at * 1000) / RATE, height, hum };
}

/** Analyses the sound of a room as it comes. */
export class Room {
  #samples = new Float64Array(SIZE);
  #filled = 0;
  #looks = 0;
  #delay = 0;
  #without = 0; // analyses since an echo was last found LOOKS times in a row
  #hum = 0; // what the last analysis found
  echo = 0; // delay of the echo, ms; 0 for none
  hum = 0; // frequency of the hum, Hz; 0 for none

  /** Add samples. @param {Int16Array} pcm  16 kHz @returns {boolean} whether an analysis was made */
  push(pcm) {
    for (let n = 0; n + 1 < pcm.length; n += 2) {
      this.#samples[this.#filled] = (pcm[n] + pcm[n + 1]) / 65536;
      this.#filled += 1;
      if (this.#filled < SIZE) continue;
      this.#look();
      this.#samples.copyWithin(0, STEP);
      this.#filled = SIZE - STEP;
      return true;
    }
    return false;
  }

  #look() {
    const { delay, height, hum } = looked(this.#samples.slice());
    const again = height >= ECHO;
    const same = Math.abs(delay - this.#delay) * RATE <= SPREAD * 1000;
    this.#looks = again ? (same ? this.#looks + 1 : 1) : 0;
    this.#delay = delay;
    this.#without = this.#looks >= LOOKS ? 0 : this.#without + 1;
    // A warning comes and goes only when two analyses in a row say so, or it would flicker at the limit.
    if (!this.#without) this.echo = Math.round(delay);
    else if (this.#without >= LOOKS) this.echo = 0;
    if (hum === this.#hum) this.hum = hum;
    this.#hum = hum;
  }
}
