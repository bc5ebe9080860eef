// What the browser remembers for this reader. Where storage is closed or full, nothing is, and nothing breaks.

/** The value kept under `key`; null when there is none. @param {string} key */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** @param {string} key  @param {unknown} value */
export function keep(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // It holds until the page is left.
  }
}
