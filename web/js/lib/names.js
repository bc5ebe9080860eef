// Names on staff pages: of languages, and of people.

import { delayOf } from './standing.js';
import { keep, recall } from './kept.js';

const NAME = 'moothall.desk.name';

/** The name that the user of this browser has entered; empty when none is stored. */
export const ownName = () => recall(NAME) ?? '';

/** @param {string} name */
export const keepOwnName = (name) => keep(NAME, name.trim());

/**
 * Enclose a name or text in Unicode isolates (FSI, PDI), so that a sentence around it keeps its direction.
 * @param {string} text
 */
export const alone = (text) => `\u2068${text}\u2069`;

/** @type {Record<string, (value: string, languageName: LanguageName, words: import('./words.js').Words) => string>} */
const ALARM_VALUES = {
  expected: (tags, languageName, words) => words.listed(tags.split(',').map(languageName)),
  heard: (tag, languageName) => languageName(tag),
  title: alone,
  who: alone,
};

/**
 * The text of an alarm: languages by their names, titles and people's names isolated (see `alone`), a delay as it is
 * told to readers.
 * @param {import('./words.js').Words} words  @param {Pick<Alarm, 'kind' | 'values'>} alarm  @param {LanguageName} languageName
 */
export function alarmText(words, { kind, values }, languageName) {
  const { kind: name, n } = kind === 'late' ? delayOf(Number(values.n) * 1000) : { kind, n: values.n };
  const said = Object.entries(values).map(([each, value]) => [
    each,
    ALARM_VALUES[each]?.(value, languageName, words) ?? value,
  ]);
  return words.text(`alarm.${name}`, { ...Object.fromEntries(said), n });
}

/**
 * A function that gives the name of a language for its tag, written in the language `ui`; the tag itself when it has no
 * name.
 * @param {string} ui  @returns {LanguageName}
 */
export function languageNames(ui) {
  const names = new Intl.DisplayNames(ui, { type: 'language' });
  return (tag) => {
    try {
      return names.of(tag) ?? tag;
    } catch {
      return tag; // not a valid tag
    }
  };
}

/**
 * The choices for the spoken language, as [tag, name]: "detected" (empty tag) where several are expected, then the
 * expected languages (`named`), then the other languages of `all`, sorted by name.
 * @param {[string, string][]} named  @param {string[]} all  @param {string} detected  @param {string} ui
 */
export function spokenChoices(named, all, detected, ui) {
  const languageName = languageNames(ui);
  /** @type {[string, string][]} */
  const others = all.filter((tag) => !named.some(([known]) => known === tag)).map((tag) => [tag, languageName(tag)]);
  others.sort(([, one], [, other]) => one.localeCompare(other, ui));
  return [...(named.length > 1 ? [['', detected]] : []), ...named, ...others];
}
