// Plays a test tone, by which staff hear whether the room's loudspeakers work, and see whether the microphone hears
// them.

export const HERTZ = 440;
const SECONDS = 3;
const LOUD = 0.1; // -20 dBFS
const EDGE = 0.05; // s of fading in and out, so that nothing clicks

/** How loud the tone is, as points of time and amplitude with straight lines between them. @param {number} begin  s */
export function loudness(begin) {
  return [
    { at: begin, amplitude: 0 },
    { at: begin + EDGE, amplitude: LOUD },
    { at: begin + SECONDS - EDGE, amplitude: LOUD },
    { at: begin + SECONDS, amplitude: 0 },
  ];
}

/** Play the tone; resolves when it has ended. */
export async function tone() {
  const context = new AudioContext();
  await context.resume();
  const source = new OscillatorNode(context, { frequency: HERTZ });
  const gain = new GainNode(context, { gain: 0 });
  const [first, ...others] = loudness(context.currentTime);
  gain.gain.setValueAtTime(first.amplitude, first.at);
  for (const { at, amplitude } of others) gain.gain.linearRampToValueAtTime(amplitude, at);
  source.connect(gain).connect(context.destination);
  source.start(first.at);
  source.stop(others[others.length - 1].at);
  await new Promise((over) => (source.onended = over));
  await context.close();
}
