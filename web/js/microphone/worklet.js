// Runs on the browser's audio thread: converts the input to one channel of 16 kHz and 16 bits, and posts pieces of a
// tenth of a second with their levels.

import { RATE, Resampler } from './resample.js';

const PIECE = RATE / 10;

class Microphone extends AudioWorkletProcessor {
  pcm = new Int16Array(PIECE);
  filled = 0;
  sum = 0;
  peak = 0;
  resampler = new Resampler(sampleRate);

  #begin() {
    this.pcm = new Int16Array(PIECE);
    this.filled = 0;
    this.sum = 0;
    this.peak = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process([channels]) {
    if (!channels.length) return true;
    for (const sample of this.resampler.feed(mean(channels))) {
      this.sum += sample * sample;
      this.peak = Math.max(this.peak, Math.abs(sample));
      this.pcm[this.filled] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      this.filled += 1;
      if (this.filled === PIECE) {
        const { pcm, peak } = this;
        this.port.postMessage({ pcm, peak, rms: Math.sqrt(this.sum / PIECE) }, [pcm.buffer]);
        this.#begin();
      }
    }
    return true;
  }
}

/** The mean of all channels. @param {Float32Array[]} channels */
function mean(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, n) => channels.reduce((sum, channel) => sum + channel[n], 0) / channels.length);
}

registerProcessor('microphone', Microphone);
