// What the browser remembers for this reader. Where storage is closed or full, nothing is, and nothing breaks.

/** The value kept under `key`; null when there is none. */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

export function keep(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // It holds until the page is left.
  }
}
