// Listening in to a meeting: its sound is played as it comes. An audio element would wait for more of it than anybody wants to.

const RATE = 16000;
const HEADER = 44; // bytes
const AHEAD = 0.2; // s that are held, so that a piece that comes late leaves no hole
const MOST = 1; // s: what comes while so much waits is dropped

export class Listening {
  of = ''; // the meeting that is heard
  #stop = new AbortController();

  /** @param {string} session  @param {() => void} nothing  told when there is nothing to be heard, or no more */
  async begin(session, nothing) {
    this.end();
    const stop = new AbortController();
    this.#stop = stop;
    this.of = session;
    const context = new AudioContext({ sampleRate: RATE });
    try {
      const { ok, body } = await fetch(`/control/${encodeURIComponent(session)}/sound`, { signal: stop.signal });
      if (ok && body) await this.#play(body.getReader(), context);
    } catch {
      // It was ended here, or the line is away.
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

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader  @param {AudioContext} context */
  async #play(reader, context) {
    let [left, at] = [HEADER, 0];
    let rest = new Uint8Array(0);
    for (let { value, done } = await reader.read(); !done && value; { value, done } = await reader.read()) {
      const bytes = new Uint8Array([...rest, ...value.subarray(left)]);
      left = Math.max(0, left - value.length);
      const count = bytes.length >> 1;
      rest = bytes.slice(2 * count);
      if (!count || at - context.currentTime > MOST) continue;
      const view = new DataView(bytes.buffer);
      const buffer = context.createBuffer(1, count, RATE);
      buffer.copyToChannel(Float32Array.from({ length: count }, (_, n) => view.getInt16(2 * n, true) / 32768), 0);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(context.destination);
      at = Math.max(at, context.currentTime + AHEAD);
      source.start(at);
      at += count / RATE;
    }
  }
}
