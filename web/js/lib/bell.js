// A short bell sound, synthesised in the browser.

const PITCH = 660; // Hz
const SECONDS = 0.25;

let audio = null;

/** Ring once. Browsers stay silent until somebody has clicked or pressed a key on the page. */
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
