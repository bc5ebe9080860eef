// A page of a hub's own, renewed in place every few seconds: it asks the computer in the same place, and costs the line nothing.

import { Renewal } from '../lib/renewal.js';

export const EVERY = 5000; // ms

const parts = document.querySelector('main')?.dataset.parts;

if (parts) {
  const renewal = new Renewal(parts.split(' '));
  setInterval(() => document.hidden || renewal.now(), 2 * EVERY); // many may look at it
  document.documentElement.classList.add('live');
}
