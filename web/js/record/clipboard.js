// Copies text to the clipboard.

import { element } from '../lib/nodes.js';

/**
 * Copy text to the clipboard; resolves to whether that worked. Pages without https have only the older way.
 * @param {string} text
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = element('textarea', { class: 'unseen' }, text);
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}
