// A short bell sound, synthesised in the browser.

const PITCH = 660; // Hz
const SECONDS = 0.25;
const GESTURES = ['keydown', 'click']; // after which browsers let a page sound

/** @type {?AudioContext} */
let audio = null;

/** Ring once. Browsers stay silent until somebody has clicked or pressed a key on the page; then it sounds. */
export function ring() {
  audio ??= new AudioContext();
  if (audio.state === 'suspended') for (const gesture of GESTURES) addEventListener(gesture, sound, { once: true, capture: true });
  const [tone, loudness] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = PITCH;
  loudness.gain.setValueAtTime(0.2, audio.currentTime);
  loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + SECONDS);
  tone.connect(loudness).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + SECONDS);
}

/** Let what had to stay silent sound. */
function sound() {
  audio?.resume();
}
