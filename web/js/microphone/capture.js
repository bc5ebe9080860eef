// The browser's microphone: which there are, one of them opened, and its samples in pieces of a tenth of a second.

import { RATE } from './resample.js';

const WORKLET = new URL('./worklet.js', import.meta.url);

/** The name of a trouble (`trouble.*` in the page's texts) for what the browser says. @param {unknown} error */
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
  /**
   * @param {(piece: Piece) => void} take
   * @param {(name: string) => void} broken  told the name of a trouble when the microphone goes away
   */
  constructor(take, broken) {
    this.take = take;
    this.broken = broken;
    /** @type {?MediaStream} */
    this.stream = null;
    /** @type {?AudioContext} */
    this.context = null;
    this.gain = 1; // times the input's own height
    /** @type {?GainNode} */
    this.amplifier = null;
  }

  /** Whether the input itself says that it gives nothing: muted by a key or by the system. */
  get muted() {
    return this.stream?.getAudioTracks()[0]?.muted ?? false;
  }

  /** From now on, and for inputs that are opened later. @param {number} times */
  amplify(times) {
    this.gain = times;
    this.amplifier?.gain.setValueAtTime(times, this.context?.currentTime ?? 0);
  }

  /** What keeps this browser from it, or null. */
  static get obstacle() {
    if (!window.isSecureContext) return 'insecure';
    return 'getUserMedia' in (navigator.mediaDevices ?? {}) && 'AudioWorkletNode' in window ? null : 'old';
  }

  /** Inputs by id and name; names are given once one was opened. */
  static async devices() {
    const all = await navigator.mediaDevices.enumerateDevices();
    return all.filter(({ kind }) => kind === 'audioinput').map(({ deviceId, label }) => ({ id: deviceId, label }));
  }

  /** The id of the input that is open. */
  get device() {
    return this.stream?.getAudioTracks()[0].getSettings().deviceId ?? '';
  }

  /** Open an input, or the browser's own choice. Throws the name of a trouble. @param {string} device */
  async open(device) {
    await this.close();
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    try {
      const audio = device ? { ...plain, deviceId: { exact: device } } : plain;
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      this.stream = stream;
      await this.#listen(stream);
      stream.getAudioTracks()[0].onended = () => {
        this.close();
        this.broken('unplugged');
      };
    } catch (error) {
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

  /** @param {MediaStream} stream */
  async #listen(stream) {
    try {
      await this.#connect(stream, { sampleRate: RATE });
    } catch {
      await this.context?.close();
      await this.#connect(stream, {}); // Firefox resamples no microphone; the worklet does.
    }
  }

  /** @param {MediaStream} stream  @param {AudioContextOptions} options */
  async #connect(stream, options) {
    const context = new AudioContext({ latencyHint: 'balanced', ...options });
    this.context = context;
    await context.audioWorklet.addModule(WORKLET);
    const node = new AudioWorkletNode(context, 'microphone', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => this.take(data);
    this.amplifier = new GainNode(context, { gain: this.gain });
    context.createMediaStreamSource(stream).connect(this.amplifier).connect(node);
    await context.resume();
  }
}
