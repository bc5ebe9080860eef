// Names on staff pages: of languages, and of people.

import { keep, recall } from './kept.js';

const NAME = 'moothall.desk.name';

/** The name that somebody gave themselves in this browser; none where nothing is kept. */
export const ownName = () => recall(NAME) ?? '';

export const keepOwnName = (name) => keep(NAME, name.trim());

/** A name or text inside a sentence, whose direction is its own affair. */
export const alone = (text) => `\u2068${text}\u2069`;

/** What gives a language's name by its tag, in the language `ui`. */
export function tongues(ui) {
  const names = new Intl.DisplayNames(ui, { type: 'language' });
  return (tag) => {
    try {
      return names.of(tag) ?? tag;
    } catch {
      return tag; // It is no tag.
    }
  };
}
