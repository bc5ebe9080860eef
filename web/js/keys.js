// Single keys, for those who want them: each can be changed, all can be switched off (WCAG 2.2, 2.1.4).

import { keep, recall } from './kept.js';

const KEY = 'moothall.keys';
const USUAL = { on: true, live: 'l', mark: 'm', place: 'g', larger: '+', smaller: '-' };

/** @param {HTMLFormElement} form  @param {Object<string, () => void>} acts */
export function keys(form, acts) {
  const chosen = { ...USUAL, ...recall(KEY) };
  for (const [name, value] of Object.entries(chosen)) {
    const field = form.elements[name];
    if (name === 'on') field.checked = value;
    else if (field) field.value = value;
  }
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', ({ target }) => {
    chosen[target.name] = target.name === 'on' ? target.checked : target.value;
    keep(KEY, chosen);
  });
  addEventListener('keydown', (event) => {
    if (!chosen.on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (event.target.closest?.('input, select, textarea, [contenteditable]')) return;
    const act = Object.keys(acts).find((name) => chosen[name] && chosen[name].toLowerCase() === event.key.toLowerCase());
    if (!act) return;
    event.preventDefault();
    acts[act]();
  });
}
