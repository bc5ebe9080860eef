// Parts of a page: found, made and set.

/** The template's element. @param {string} id */
export const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * An element; an attribute that is true has no value, false or null isn't there.
 * @param {string} name  @param {Record<string, unknown>} attributes  @param {(Node | string)[]} children
 */
export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value != null) made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
};

/** Set a text where it differs: a screen reader doesn't read it again. @param {Element} node  @param {string} text */
export const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};
