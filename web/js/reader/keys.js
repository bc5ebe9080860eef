// Single-key shortcuts of the page of a text: each can be changed, and all can be switched off (WCAG 2.2, 2.1.4).

import { keep, recall } from '../lib/kept.js';

const KEY = 'moothall.keys';
const USUAL = { on: true, live: 'l', mark: 'm', place: 'g', missed: 'w', cards: 'c', larger: '+', smaller: '-' };

/**
 * Set up the form in which the reader chooses the keys, and return the handler of `keydown`.
 * @param {HTMLFormElement} form
 * @param {Record<string, () => unknown>} acts  by the names of the form's fields
 * @param {import('./view.js').View} view
 * @param {import('./scroll_position.js').ScrollPosition} scroll
 * @returns {(event: KeyboardEvent) => void}
 */
export function keys(form, acts, view, scroll) {
  /** @type {Record<string, string | boolean>} */
  const chosen = { ...USUAL, ...recall(KEY) };
  for (const [name, value] of Object.entries(chosen)) {
    const field = form.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement)) continue;
    if (name === 'on') field.checked = Boolean(value);
    else field.value = String(value);
  }
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', ({ target }) => {
    const { name, checked, value } = /** @type {HTMLInputElement} */ (target);
    chosen[name] = name === 'on' ? checked : value;
    keep(KEY, chosen);
  });
  form.hidden = false;
  return (event) => {
    walk(event, view, scroll);
    if (!chosen.on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (event.target.closest?.('input, select, textarea, [contenteditable]')) return;
    const act = Object.keys(acts).find((name) => chosen[name] && String(chosen[name]).toLowerCase() === event.key.toLowerCase());
    if (!act) return;
    event.preventDefault();
    acts[act]();
  };
}

/**
 * Make the log of lines one stop of the Tab key: the time of the newest line, or of the line that is read. Arrow keys
 * move on from there.
 * @param {KeyboardEvent} event  @param {import('./view.js').View} view  @param {import('./scroll_position.js').ScrollPosition} scroll
 */
function walk(event, view, scroll) {
  const { list } = view;
  const back = event.shiftKey && list.querySelector('a.time[tabindex="0"]');
  if (event.key === 'Tab' && !back && !list.contains(event.target)) {
    stop(list, (!scroll.following && scroll.inView()?.querySelector('a.time')) || view.newest()?.querySelector('a.time') || null);
  }
  const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
  const from = step && event.target.closest?.('#Lines a.time')?.closest('.line');
  if (!from) return;
  event.preventDefault();
  const lines = [...list.children].filter((line) => line === from || line.dataset.n !== undefined);
  const time = lines[lines.indexOf(from) + step]?.querySelector('a.time');
  if (time) stop(list, time).focus();
}

/**
 * Make `link` the only stop of the Tab key in the list.
 * @param {HTMLElement} list  @param {Link} link  @template {?HTMLAnchorElement} Link  @returns {Link}
 */
function stop(list, link) {
  for (const each of list.querySelectorAll('a.time[tabindex="0"]')) each.tabIndex = -1;
  if (link) link.tabIndex = 0;
  return link;
}
