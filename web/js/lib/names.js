// Names on staff pages: of languages, and of people.

import { keep, recall } from './kept.js';

const NAME = 'moothall.desk.name';

/** The name that somebody gave themselves in this browser; none where nothing is kept. */
export const ownName = () => recall(NAME) ?? '';

/** @param {string} name */
export const keepOwnName = (name) => keep(NAME, name.trim());

/** A name or text inside a sentence, whose direction is its own affair. @param {string} text */
export const alone = (text) => `\u2068${text}\u2069`;

/** @type {Record<string, (value: string, tongue: Tongue) => string>} */
const ALARM_VALUES = {
  expected: (tags, tongue) => tags.split(',').map(tongue).join(', '),
  heard: (tag, tongue) => tongue(tag),
  title: alone,
  who: alone,
};

/**
 * The values of an alarm for its words: languages by their names; titles and names whatever their direction.
 * @param {Record<string, string>} values  @param {Tongue} tongue
 */
export const alarmValues = (values, tongue) => Object.fromEntries(Object.entries(values)
  .map(([name, value]) => [name, ALARM_VALUES[name]?.(value, tongue) ?? value]));

/** What gives a language's name by its tag, in the language `ui`. @param {string} ui  @returns {Tongue} */
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

/**
 * What can be said of the language that is spoken, as [tag, name]: detected (no tag) where there are several, those that
 * are expected, `named`, and then by name whatever else of `all` it may turn out to be.
 * @param {[string, string][]} named  @param {string[]} all  @param {string} detected  @param {string} ui
 */
export function spokenChoices(named, all, detected, ui) {
  const tongue = tongues(ui);
  /** @type {[string, string][]} */
  const others = all.filter((tag) => !named.some(([known]) => known === tag)).map((tag) => [tag, tongue(tag)]);
  others.sort(([, one], [, other]) => one.localeCompare(other, ui));
  return [...(named.length > 1 ? [['', detected]] : []), ...named, ...others];
}
