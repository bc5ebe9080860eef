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

/** Say something in #Status, once. */
export const say = (text) => { at('Status').textContent = text; };

/** Take back what was said in #Status once it holds no longer; what was said of something else since then stays. */
export const unsay = (text) => {
  if (text && at('Status').textContent === text) say('');
};

/** Set a text where it differs: what stays is neither read out again nor selected anew. */
export const set = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};
