// A short sound, made here.

const PITCH = 660; // Hz
const SECONDS = 0.25;

let audio = null;

/** Ring once. A browser that has not been touched yet stays silent. */
export function ring() {
  audio ??= new AudioContext();
  const [tone, loudness] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = PITCH;
  loudness.gain.setValueAtTime(0.2, audio.currentTime);
  loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + SECONDS);
  tone.connect(loudness).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + SECONDS);
}
