// Plays a test tone, by which staff hear whether the room's loudspeakers work, and see whether the microphone hears
// them.

const HERTZ = 440;
const SECONDS = 3;
const LOUD = 0.1; // -20 dBFS
const EDGE = 0.05; // s of fading in and out, so that nothing clicks

/** Play the tone; resolves when it has ended. */
export async function tone() {
  const context = new AudioContext();
  await context.resume();
  const source = new OscillatorNode(context, { frequency: HERTZ });
  const gain = new GainNode(context, { gain: 0 });
  const begin = context.currentTime;
  gain.gain.setValueAtTime(0, begin);
  gain.gain.linearRampToValueAtTime(LOUD, begin + EDGE);
  gain.gain.setValueAtTime(LOUD, begin + SECONDS - EDGE);
  gain.gain.linearRampToValueAtTime(0, begin + SECONDS);
  source.connect(gain).connect(context.destination);
  source.start(begin);
  source.stop(begin + SECONDS);
  await new Promise((over) => (source.onended = over));
  await context.close();
}
