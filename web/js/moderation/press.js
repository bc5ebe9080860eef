// Buttons that ignore an accidental second touch, which would act on the next question, and that show whether they can do
// anything now.

import { at } from '../lib/nodes.js';

const TWICE = 600; // ms within which a second press of the same button counts as a double touch, or a key that was held
let last = { id: '', at: 0 }; // the button that was pressed last, and when

/** Show whether a button can do anything now. It keeps its focus, and says why not when pressed. @param {string} id  @param {boolean} can */
export const canNow = (id, can) => at(id).setAttribute('aria-disabled', String(!can));

/** Call `does` when a button is pressed; a double touch counts once. @param {string} id  @param {() => void} does */
export function pressed(id, does) {
  at(id).addEventListener('click', ({ timeStamp }) => {
    const twice = last.id === id && timeStamp - last.at < TWICE;
    last = { id, at: timeStamp };
    if (!twice) does();
  });
}
