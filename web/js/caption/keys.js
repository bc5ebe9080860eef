// The keys of a captioner's page: all with Alt, since whoever captions is always writing. A letter is what is written on the key;
// where a keyboard writes no Latin letters it is the one in the same place. Figures are told by their place.

import { at, element } from '../lib/nodes.js';

/** @typedef {Record<string, {does: (back: boolean) => unknown, says: string}>} Keys  by `KeyboardEvent.code` */

const MAC = /^Mac/.test(navigator.platform); // Firefox says AltGr there for Option, which is Alt

/** What is written on a key. @param {string} code */
const written = (code) => code.replace(/^(?:Key|Digit)/, '');

/** Have keys do what they say. @param {Keys} keys */
export function keysDo(keys) {
  addEventListener('keydown', (event) => {
    const key = keys[/^[a-z]$/i.test(event.key) ? `Key${event.key.toUpperCase()}` : event.code];
    // With Ctrl, AltGr writes letters on many keyboards.
    if (!key || !event.altKey || event.ctrlKey || event.metaKey || event.isComposing || (!MAC && event.getModifierState('AltGraph')) || document.querySelector('dialog[open]')) return;
    event.preventDefault(); // Also of a key that is held: the browser's own menus have letters too.
    event.stopImmediatePropagation();
    if (!event.repeat) key.does(event.shiftKey);
  }, true);
}

/** Show at a button which letter does the same with Alt. @param {HTMLElement} button  @param {string} letter */
export const marked = (button, letter) => button.prepend(element('kbd', { 'aria-hidden': 'true' }, letter), ' ');

/** Write down which there are. @param {[keys: string[], says: string][]} rows */
export function keysShown(rows) {
  at('CaptionKeys').replaceChildren(...rows.map(([keys, says]) => element('li', {},
    element('span', { class: 'press', dir: 'ltr' }, ...keys.map((key) => element('kbd', {}, key))), ' ', element('span', {}, says))));
}

/** Rows for keys with Alt, those of nine speakers as one. @param {Keys} keys  @returns {[string[], string][]} */
export const rowsOf = (keys) => Object.entries(keys).filter(([code]) => !/^Digit[2-9]$/.test(code))
  .map(([code, { says }]) => [['Alt', code === 'Digit1' ? '1 … 9' : written(code)], says]);
