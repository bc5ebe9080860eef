// The browser's microphones: lists the inputs, opens one, and passes its samples on in pieces of a tenth of a second.

import { RATE } from './resample.js';

const WORKLET = new URL('./worklet.js', import.meta.url);

/** The name of a problem (of the texts `trouble.…`) for an error of the browser. @param {unknown} error */
function trouble(error) {
  switch (error instanceof Object && 'name' in error && error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'none';
    default:
      return 'busy';
  }
}

export class Capture {
  #opened = 0; // how many inputs were asked for
  /** @type {Promise<void>} */
  #newest = Promise.resolve(); // the opening of the last of them

  /**
   * @param {(piece: Piece) => void} take
   * @param {(name: string) => void} broken  called with the name of a problem when the microphone is unplugged
   */
  constructor(take, broken) {
    this.take = take;
    this.broken = broken;
    /** @type {?MediaStream} */
    this.stream = null;
    /** @type {?AudioContext} */
    this.context = null;
    this.gain = 1; // factor of amplification
    /** @type {?GainNode} */
    this.amplifier = null;
  }

  /** Whether the browser reports the input as muted, by a key or by the system. */
  get muted() {
    return this.stream?.getAudioTracks()[0]?.muted ?? false;
  }

  /** Set the amplification of this input and of those that are opened later. @param {number} times */
  amplify(times) {
    this.gain = times;
    this.amplifier?.gain.setValueAtTime(times, this.context?.currentTime ?? 0);
  }

  /** Why this browser can't capture sound, as the name of a problem; null if it can. */
  static get obstacle() {
    if (!window.isSecureContext) return 'insecure';
    return 'getUserMedia' in (navigator.mediaDevices ?? {}) && 'AudioWorkletNode' in window ? null : 'old';
  }

  /** The inputs with ids and names; browsers give the names only once an input was opened. */
  static async devices() {
    const all = await navigator.mediaDevices.enumerateDevices();
    return all.filter(({ kind }) => kind === 'audioinput').map(({ deviceId, label }) => ({ id: deviceId, label }));
  }

  /** The id of the open input; empty for none. */
  get device() {
    return this.stream?.getAudioTracks()[0].getSettings().deviceId ?? '';
  }

  /**
   * Open an input in place of the open one, and of one that is still being opened. Throws the name of a problem.
   * @param {string} device  its id; empty: the browser's choice
   */
  open(device) {
    this.#newest = this.#open(device, (this.#opened += 1));
    return this.#newest;
  }

  /**
   * Open an input. If another one is asked for meanwhile, this one is closed, and what comes of the other comes of both.
   * @param {string} device  @param {number} number  @returns {Promise<void>}
   */
  async #open(device, number) {
    await this.close();
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    try {
      const audio = device ? { ...plain, deviceId: { exact: device } } : plain;
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      if (number !== this.#opened) {
        for (const track of stream.getTracks()) track.stop();
        return this.#newest;
      }
      this.stream = stream;
      await this.#listen(stream);
      stream.getAudioTracks()[0].onended = () => {
        this.close();
        this.broken('unplugged');
      };
    } catch (error) {
      if (number !== this.#opened) return this.#newest;
      await this.close();
      throw trouble(error);
    }
  }

  async close() {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    const { context } = this;
    this.stream = this.context = this.amplifier = null;
    if (context) await context.close();
  }

  /** Connect the input at 16 kHz, or at its own rate where the browser can't resample. @param {MediaStream} stream */
  async #listen(stream) {
    try {
      await this.#connect(stream, { sampleRate: RATE });
    } catch (error) {
      if (this.stream !== stream) throw error;
      await this.context?.close();
      await this.#connect(stream, {}); // Firefox resamples no microphone; the worklet does.
    }
  }

  /** @param {MediaStream} stream  @param {AudioContextOptions} options */
  async #connect(stream, options) {
    const context = new AudioContext({ latencyHint: 'balanced', ...options });
    this.context = context;
    await context.audioWorklet.addModule(WORKLET);
    if (this.stream !== stream) throw new Error('It was closed meanwhile.');
    const node = new AudioWorkletNode(context, 'microphone', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => this.take(data);
    this.amplifier = new GainNode(context, { gain: this.gain });
    context.createMediaStreamSource(stream).connect(this.amplifier).connect(node);
    await context.resume();
  }
}
