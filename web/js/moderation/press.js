// Buttons that ignore an accidental second touch, which would act on the next question.

import { at } from '../lib/nodes.js';

const TWICE = 600; // ms within which a second press of the same button counts as a double touch, or a key that was held
let last = { id: '', at: 0 }; // the button that was pressed last, and when

/** Call `does` when a button is pressed; a double touch counts once. @param {string} id  @param {() => void} does */
export function pressed(id, does) {
  at(id).addEventListener('click', ({ timeStamp }) => {
    const twice = last.id === id && timeStamp - last.at < TWICE;
    last = { id, at: timeStamp };
    if (!twice) does();
  });
}
