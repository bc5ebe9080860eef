// Protects a wall's screen from burn-in: every ten minutes the code and the ends of the strip change sides, at once and
// without animation. The server gives the first side; where it gives none, they stay.

const EVERY = 600000; // ms; as SIDES_MS in display_door.py

const { dataset } = document.documentElement;

function stand() {
  const now = Date.now();
  dataset.side = Math.floor(now / EVERY) % 2 ? 'start' : 'end';
  setTimeout(stand, EVERY - (now % EVERY));
}

if (dataset.side) stand();
