// Single keys for what has to be quick. They can be changed and switched off (WCAG 2.1.4), and never act in a text box.

const KEPT = 'moothall.desk.keys';
const STANDARD = {
  nobody: '0', ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`speaker${i + 1}`, String(i + 1)])),
  correct: 'e', write: 'w', undo: 'u',
};

export class DeskKeys {
  /** @param {Object<string, () => void>} acts  by the names of STANDARD  @param {(name: string) => string} label */
  constructor(acts, label) {
    this.acts = acts;
    this.label = label;
    this.on = true;
    this.keys = { ...STANDARD };
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
      this.on = kept.on ?? true;
      Object.assign(this.keys, kept.keys);
    } catch {
      // Kept by another release, or not allowed: the standard keys do.
    }
    addEventListener('keydown', (event) => this.#press(event));
  }

  /** The key of an act, where keys are on. */
  key(name) {
    return this.on ? this.keys[name] : '';
  }

  #press(event) {
    if (!this.on || document.querySelector('dialog[open]') || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const { target } = event;
    if (target.matches?.('textarea, select, input:not([type="checkbox"]), [contenteditable]')) return;
    const name = Object.keys(this.keys).find((each) => this.keys[each] === event.key.toLowerCase());
    if (!name || !this.acts[name]) return;
    event.preventDefault();
    this.acts[name]();
  }

  /** Fill the form where keys are changed. `tell` is called after each change. */
  form(box, list, tell) {
    box.checked = this.on;
    box.addEventListener('change', () => {
      this.on = box.checked;
      this.#keep(tell);
    });
    for (const name of Object.keys(STANDARD)) {
      const input = document.createElement('input');
      Object.assign(input, { type: 'text', value: this.keys[name], maxLength: 1, size: 2, autocomplete: 'off' });
      const label = document.createElement('label');
      const text = document.createElement('span');
      text.textContent = this.label(name);
      label.append(input, text);
      const item = document.createElement('li');
      item.append(label);
      list.append(item);
      input.addEventListener('change', () => {
        this.keys[name] = input.value.trim().toLowerCase();
        this.#keep(tell);
      });
    }
  }

  #keep(tell) {
    try {
      localStorage.setItem(KEPT, JSON.stringify({ on: this.on, keys: this.keys }));
    } catch {
      // They hold for this visit.
    }
    tell();
  }
}
