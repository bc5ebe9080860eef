// Buttons that a finger may touch twice: the second touch would be for the question behind.

import { at } from '../lib/nodes.js';

const TWICE = 600; // ms in which a second press of the same button is a finger that touched twice, or a key that was held
let last = { id: '', at: 0 }; // the button that was pressed last, and when

/** Have a button do something, once where it is touched twice. @param {string} id  @param {() => void} does */
export function pressed(id, does) {
  at(id).addEventListener('click', ({ timeStamp }) => {
    const twice = last.id === id && timeStamp - last.at < TWICE;
    last = { id, at: timeStamp };
    if (!twice) does();
  });
}
