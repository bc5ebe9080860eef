// How a line was translated, in words. In Python: server/moothall/adapters/translation_texts.py.

const DIRECTION = /(?:^| )([A-Za-z0-9-]+)>[A-Za-z0-9-]+(?=,|$)/g;

/** What says it of one line, with the languages' names in the language `ui`. */
export function made(words, ui) {
  const names = new Intl.DisplayNames(ui, { type: 'language' });
  const name = (tag) => {
    try {
      return names.of(tag.split('-')[0].toLowerCase());
    } catch {
      return tag; // It is no tag.
    }
  };
  return ({ route, rough }) => {
    const [language = '', ...through] = [...route.matchAll(DIRECTION)].map(([, tag]) => name(tag));
    const how = rough ? 'made.rough' : through.length ? 'made.through' : 'made';
    return words.text(how, { language, through: through.join(', ') });
  };
}
