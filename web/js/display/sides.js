// A wall stands for days, and what never moves burns into some screens: every ten minutes the code and the strip's ends
// change sides, at once and without an animation. The server says on which side they begin; where it says none they stay.

const EVERY = 600000; // ms; as SIDES_MS in display_door.py

const { dataset } = document.documentElement;

function stand() {
  const now = Date.now();
  dataset.side = Math.floor(now / EVERY) % 2 ? 'start' : 'end';
  setTimeout(stand, EVERY - (now % EVERY));
}

if (dataset.side) stand();
