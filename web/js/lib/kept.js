// Values that this browser stores for its user. Where storage is closed or full, nothing is stored, and nothing fails.

/** The value stored under `key`; null when there is none. @param {string} key */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** Store a value as JSON. @param {string} key  @param {unknown} value */
export function keep(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // The value is then lost when the page is left.
  }
}
