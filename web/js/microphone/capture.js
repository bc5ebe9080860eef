// The browser's microphone: which there are, one of them opened, and its samples in pieces of a tenth of a second.

import { RATE } from './resample.js';

const WORKLET = new URL('./worklet.js', import.meta.url);

/** The name of a trouble (`trouble.*` in the page's texts) for what the browser says. */
function trouble(error) {
  switch (error.name) {
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
   * @param {(piece: {pcm: Int16Array, rms: number, peak: number}) => void} take
   * @param {(name: string) => void} broken  told the name of a trouble when the microphone goes away
   */
  constructor(take, broken) {
    this.take = take;
    this.broken = broken;
    this.stream = null;
    this.context = null;
  }

  /** What keeps this browser from it, or null. */
  static get obstacle() {
    if (!window.isSecureContext) return 'insecure';
    return navigator.mediaDevices?.getUserMedia && window.AudioWorkletNode ? null : 'old';
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

  /** Open an input, or the browser's own choice. Throws the name of a trouble. */
  async open(device) {
    await this.close();
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    try {
      const audio = device ? { ...plain, deviceId: { exact: device } } : plain;
      this.stream = await navigator.mediaDevices.getUserMedia({ audio });
      await this.#listen();
    } catch (error) {
      await this.close();
      throw trouble(error);
    }
    this.stream.getAudioTracks()[0].onended = () => {
      this.close();
      this.broken('unplugged');
    };
  }

  async close() {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    const { context } = this;
    this.stream = this.context = null;
    if (context) await context.close();
  }

  async #listen() {
    try {
      await this.#connect({ sampleRate: RATE });
    } catch {
      await this.context.close();
      await this.#connect({}); // Firefox resamples no microphone; the worklet does.
    }
  }

  async #connect(options) {
    this.context = new AudioContext({ latencyHint: 'balanced', ...options });
    await this.context.audioWorklet.addModule(WORKLET);
    const node = new AudioWorkletNode(this.context, 'microphone', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => this.take(data);
    this.context.createMediaStreamSource(this.stream).connect(node);
    await this.context.resume();
  }
}
