// The inputs of a browser that a test plays: it opens them when the test says so, and knows which are still open.

/** Put them in place. `open`: the ids of those that are not stopped; `asked`: the requests; `nodes`: what the sound goes to. */
export function inputs() {
  const open = [];
  const asked = [];
  const nodes = [];
  const stream = (deviceId) => {
    const track = { muted: false, onended: null, stop: () => open.splice(open.indexOf(deviceId), 1), getSettings: () => ({ deviceId }) };
    open.push(deviceId);
    return { getTracks: () => [track], getAudioTracks: () => [track] };
  };
  const getUserMedia = ({ audio }) =>
    new Promise((resolve, reject) => {
      const grant = () => {
        const given = stream(audio.deviceId?.exact ?? '');
        resolve(given);
        return given.getTracks()[0];
      };
      asked.push({ grant, deny: (name) => reject(Object.assign(new Error(name), { name })) });
    });
  const mediaDevices = { getUserMedia, enumerateDevices: async () => [], addEventListener() {} };
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices }, configurable: true });
  class Node {
    gain = { setValueAtTime() {} };
    connect = (to) => to;
  }
  globalThis.GainNode = Node;
  globalThis.AudioContext = class {
    audioWorklet = { addModule: async () => {} };
    createMediaStreamSource = () => new Node();
    async resume() {}
    async close() {}
  };
  globalThis.AudioWorkletNode = class extends Node {
    port = {};
    constructor() {
      super();
      nodes.push(this);
    }
  };
  return { open, asked, nodes };
}

/** Let all go on that waits for nothing outside. */
export const settled = () => new Promise((done) => setImmediate(done));
