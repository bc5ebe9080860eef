// Stretches speech in time without changing its pitch: overlapping pieces are laid further apart, each taken where it
// continues the piece before it best (WSOLA: Verhelst and Roelands, ICASSP 1993). Pure.

const PIECE = 480; // samples, 30 ms at 16 kHz
const STEP = PIECE / 2; // samples from piece to piece of the result
const SEEK = 120; // samples to either side in which the best fit is searched

/**
 * The sound stretched to `times` its length; unchanged if it is too short for that.
 * @param {Float32Array} samples  at 16 kHz  @param {number} times  2 is half the speed
 * @returns {Float32Array<ArrayBuffer>}
 */
export function stretched(samples, times) {
  const pieces = Math.floor((samples.length - PIECE - SEEK) * times / STEP);
  if (pieces < 1) return Float32Array.from(samples);
  const made = new Float32Array((pieces + 1) * STEP);
  const slope = Float32Array.from({ length: PIECE }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / PIECE));
  let follows = 0; // index of the sample at which the piece before continues
  for (let piece = 0; piece < pieces; piece += 1) {
    const wanted = Math.round((piece * STEP) / times);
    const from = piece ? best(samples, follows, wanted) : 0;
    for (let n = 0; n < PIECE; n += 1) made[piece * STEP + n] += samples[from + n] * slope[n];
    follows = Math.min(from + STEP, samples.length - PIECE);
  }
  return made;
}

/**
 * The index near `wanted` at which the samples are most like those at `follows` (cross-correlation).
 * @param {Float32Array} samples  @param {number} follows  @param {number} wanted
 */
function best(samples, follows, wanted) {
  const last = samples.length - PIECE;
  let [found, most] = [Math.min(wanted, last), -Infinity];
  for (let from = Math.max(0, wanted - SEEK); from <= Math.min(last, wanted + SEEK); from += 2) {
    let like = 0;
    for (let n = 0; n < STEP; n += 4) like += samples[from + n] * samples[follows + n];
    if (like > most) [found, most] = [from, like];
  }
  return found;
}
