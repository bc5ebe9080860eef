// Finds, creates and changes elements of a page.

/** The element of the template with this id. At run time null where the page hasn't got it. @type {At} */
export const at = (id) => /** @type {never} */ (document.getElementById(id));

/**
 * The first element of the template that matches, inside `within`. At run time null where there is none.
 * @type {Only}
 */
export const only = (selector, within = document) => /** @type {never} */ (within.querySelector(selector));

/**
 * Create an element. An attribute that is true gets an empty value; false, null and undefined leave it out.
 * @type {MakeElement}
 */
export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value != null) made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
};

/**
 * Set a text only where it differs, so that a screen reader doesn't read it again.
 * @param {Element} node  @param {string} text
 */
export const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};
