// Parts of a page: found, made and set.

export const at = (id) => document.getElementById(id);

/** An element with its attributes (true: there without a value; false, null: not there) and what it holds. */
export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value != null) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
};

/** Set a text where it differs: what stays is neither read out again nor selected anew. */
export const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};
