// The page of a record: its parts are loaded as one reads, and links of its contents lead to lines that are loaded.

import { at } from '../lib/nodes.js';

const AHEAD = '1200px 0px'; // so far from the window parts are loaded
const QUIET = 5000; // ms after which the rest is loaded, so that the browser's own search finds words anywhere

/**
 * `reader`: whether later lines are to be loaded, and the number of the first that is loaded; `older` loads lines.
 * @param {{reader: {more: boolean, first: number}, goTo: (line: HTMLElement) => void,
 *   older: () => Promise<{later: () => Promise<boolean>, all: () => Promise<void>}>}} page
 */
export function record({ reader, older, goTo }) {
  const later = at('Later');
  /** @type {?Promise<boolean>} */
  let loading = null;
  const watcher = new IntersectionObserver(([seen]) => seen.isIntersecting && load(), { rootMargin: AHEAD });
  async function load() {
    loading ??= older().then((it) => it.later()).finally(() => (loading = null));
    await loading;
    watcher.unobserve(later); // it may still be in view: have the observer check again
    if (reader.more) watcher.observe(later);
  }
  later.querySelector('a')?.addEventListener('click', (event) => {
    event.preventDefault();
    load();
  });
  if (reader.more) watcher.observe(later);

  let rest = 0;
  /** Load all parts: at once when the reader searches, otherwise once the page is at rest. @param {Event} [event] */
  async function all(event) {
    if (event instanceof KeyboardEvent && !(event.key === 'F3' || (event.key.toLowerCase() === 'f' && (event.ctrlKey || event.metaKey)))) return;
    clearTimeout(rest);
    removeEventListener('keydown', all);
    await loading;
    await (await older()).all();
  }
  if (reader.more || reader.first) {
    addEventListener('keydown', all);
    const { saveData = false } = /** @type {{connection?: {saveData: boolean}}} */ (navigator).connection ?? {};
    if (!saveData) rest = setTimeout(all, QUIET);
  }

  at('Contents')?.addEventListener('click', (event) => {
    const line = at(event.target.closest('a')?.dataset.line ?? '');
    if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, '', `#${line.id}`);
    goTo(line);
  });
}
