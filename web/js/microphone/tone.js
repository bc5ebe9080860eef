// A tone from this page's own output: whoever sets a room up hears whether its loudspeakers work, and whether the microphone hears them.

const HERTZ = 440;
const SECONDS = 3;
const LOUD = 0.1; // -20 dBFS
const EDGE = 0.05; // s in which it comes and goes, so that nothing cracks

/** Play it; comes back once it is over. */
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
