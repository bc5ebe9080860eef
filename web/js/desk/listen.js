// Plays a meeting's sound live for the staff. It uses Web Audio, since an <audio> element would buffer too much of it.

const RATE = 16000; // Hz, 16-bit mono
const HEADER = 44; // bytes, of a WAV file
const AHEAD = 0.2; // s that are buffered, so that a late piece leaves no gap
const MOST = 1; // s: pieces that come while so much is buffered are dropped

export class Listening {
  of = ''; // id of the session that is heard; empty for none
  #stop = new AbortController();
  #mute = false;
  /** @type {?GainNode} */
  #loudness = null;

  /** @param {(piece: Float32Array) => void} heard  gets each piece as it comes */
  constructor(heard = () => {}) {
    this.heard = heard;
  }

  /** Mute or unmute; the sound continues to be received. @param {boolean} on */
  mute(on) {
    this.#mute = on;
    if (this.#loudness) this.#loudness.gain.value = on ? 0 : 1;
  }

  /**
   * Listen to a session.
   * @param {string} session  @param {() => void} nothing  called when there is no sound, or when it has ended
   */
  async begin(session, nothing) {
    this.end();
    const stop = new AbortController();
    this.#stop = stop;
    this.of = session;
    const context = new AudioContext({ sampleRate: RATE });
    this.#loudness = new GainNode(context, { gain: this.#mute ? 0 : 1 });
    this.#loudness.connect(context.destination);
    try {
      const { ok, body } = await fetch(`/control/${encodeURIComponent(session)}/sound`, { signal: stop.signal });
      if (ok && body) await this.#play(body.getReader(), context, this.#loudness);
    } catch {
      // It was ended by `end`, or there is no connection.
    }
    context.close();
    if (stop.signal.aborted) return;
    this.of = '';
    nothing();
  }

  end() {
    this.of = '';
    this.#stop.abort();
  }

  /**
   * Decode the stream of samples and schedule them.
   * @param {ReadableStreamDefaultReader<Uint8Array>} reader  @param {AudioContext} context  @param {AudioNode} out
   */
  async #play(reader, context, out) {
    let [left, at] = [HEADER, 0];
    let rest = new Uint8Array(0);
    for (let { value, done } = await reader.read(); !done && value; { value, done } = await reader.read()) {
      const bytes = new Uint8Array([...rest, ...value.subarray(left)]);
      left = Math.max(0, left - value.length);
      const count = bytes.length >> 1;
      rest = bytes.slice(2 * count);
      if (!count) continue;
      const view = new DataView(bytes.buffer);
      const piece = Float32Array.from({ length: count }, (_, n) => view.getInt16(2 * n, true) / 32768);
      this.heard(piece);
      if (at - context.currentTime > MOST) continue;
      const buffer = context.createBuffer(1, count, RATE);
      buffer.copyToChannel(piece, 0);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(out);
      at = Math.max(at, context.currentTime + AHEAD);
      source.start(at);
      at += count / RATE;
    }
  }
}
