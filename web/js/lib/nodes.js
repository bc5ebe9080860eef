// Parts of a page: found, made and set.

/** The template's element. @type {At} */
export const at = (id) => /** @type {never} */ (document.getElementById(id));

/** What the template has by this selector. @type {Only} */
export const only = (selector, within = document) => /** @type {never} */ (within.querySelector(selector));

/** An element; an attribute that is true has no value, false or null isn't there. @type {MakeElement} */
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
