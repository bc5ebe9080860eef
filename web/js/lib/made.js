// How a translation was made, in words; as in adapters/pages/meeting_texts.py.

const DIRECTION = /(?:^| )([A-Za-z0-9-]+)>[A-Za-z0-9-]+(?=,|$)/g; // in a route

/**
 * A function that gives a language's name in the language `ui`.
 * @param {string} ui
 */
export function languageNames(ui) {
  const names = new Intl.DisplayNames(ui, { type: 'language' });
  return (/** @type {string} */ tag) => {
    try {
      return names.of(tag.split('-')[0].toLowerCase());
    } catch {
      return tag; // not a valid tag
    }
  };
}

/**
 * A function that gives the languages of a route by their names in the language `ui`, the original one first.
 * @param {string} ui
 */
export function languagesOf(ui) {
  const name = languageNames(ui);
  return (/** @type {string} */ route) => [...route.matchAll(DIRECTION)].map(([, tag]) => name(tag));
}

/**
 * A function that describes how a line was translated, with the languages' names in the language `ui`.
 * @param {import('./words.js').Words} words  @param {string} ui
 */
export function made(words, ui) {
  const named = languagesOf(ui);
  return (/** @type {Pick<MadeFrom, 'route' | 'rough'>} */ { route = '', rough }) => {
    const [language = '', ...through] = named(route);
    const both = rough && 'made.rough-through' in words.texts; // which open pages of 0.2.0 lack
    const how = through.length && (both || !rough) ? `made.${both ? 'rough-' : ''}through` : rough ? 'made.rough' : 'made';
    return words.text(how, { language, through: words.listed(through) });
  };
}
