// The wall's page: text, state, and a screen that stays awake.

import { Tail, given } from './tail.js';

const data = given();
document.documentElement.style.setProperty('--zoom', String(data.look.size / 100));

/** Keep the screen awake. Browsers let go of it whenever the page is hidden. */
async function awake() {
  if (document.hidden) return;
  try {
    await navigator.wakeLock?.request('screen');
  } catch {
    // Low battery, or not allowed here: the system's own settings decide.
  }
}

new Tail(data, (tail) => tail.say());
document.addEventListener('visibilitychange', awake);
awake();
