// The keys of a captioner's page, all with Alt, since a captioner is always typing. A letter key is found by what it
// types; on a keyboard without Latin letters by its position. Figures are found by the position of their key.

import { at, element } from '../lib/nodes.js';

/** @typedef {Record<string, {does: (back: boolean) => unknown, says: string}>} Keys  by `KeyboardEvent.code` */

const MAC = /^Mac/.test(navigator.platform); // there Firefox reports Option, which is Alt, as AltGraph

/** The label of a key. @param {string} code */
const written = (code) => code.replace(/^(?:Key|Digit)/, '');

/** Handle the keys, before any other handler. @param {Keys} keys */
export function keysDo(keys) {
  addEventListener('keydown', (event) => {
    const key = keys[/^[a-z]$/i.test(event.key) ? `Key${event.key.toUpperCase()}` : event.code];
    // With Ctrl, AltGr writes letters on many keyboards.
    if (!key || !event.altKey || event.ctrlKey || event.metaKey || event.isComposing || (!MAC && event.getModifierState('AltGraph')) || document.querySelector('dialog[open]')) return;
    event.preventDefault(); // also for a key that is held, or it would open a menu of the browser
    event.stopImmediatePropagation();
    if (!event.repeat) key.does(event.shiftKey);
  }, true);
}

/** Show on a button the keys that do the same: Alt and a letter. @param {HTMLElement} button  @param {string} letter */
export const marked = (button, letter) => button.prepend(element('kbd', { 'aria-hidden': 'true', dir: 'ltr' }, `Alt+${letter}`), ' ');

/** Show the list of keys. @param {[keys: string[], says: string][]} rows */
export function keysShown(rows) {
  at('CaptionKeys').replaceChildren(...rows.map(([keys, says]) => element('li', {},
    element('span', { class: 'press', dir: 'ltr' }, ...keys.map((key) => element('kbd', {}, key))), ' ', element('span', {}, says))));
}

/**
 * Rows of that list for keys with Alt; the nine keys of speakers share one row.
 * @param {Keys} keys  @returns {[string[], string][]}
 */
export const rowsOf = (keys) => Object.entries(keys).filter(([code]) => !/^Digit[2-9]$/.test(code))
  .map(([code, { says }]) => [['Alt', code === 'Digit1' ? '1 … 9' : written(code)], says]);
