// Says which lines are not for quoting, since a recogniser gets many words wrong in their language; as
// core/sessions/roughness.py.

/** @typedef {Pick<Line, 'mended' | 'made_from' | 'rough'>} Heard */

/** Whether a line is not for quoting: a recogniser wrote it roughly, and nobody has corrected it. @param {Heard} line */
export const unquotable = ({ mended, made_from: made, rough }) => !mended && Boolean(made ? made.rough && !made.route : rough);

/**
 * The languages (primary tags, in order) of those lines that are not for quoting.
 * @param {Iterable<Pick<Line, 'mended' | 'made_from' | 'rough' | 'language' | 'gone'>>} lines
 */
export const roughLanguages = (lines) => [...new Set([...lines].filter((line) => !line.gone && unquotable(line)).map(({ language }) => language.split('-')[0].toLowerCase()))].sort();

/** Whether a line is not for quoting, or gives the gist only, until somebody seals the record as checked. @param {Heard} line */
export const untilChecked = (line) => unquotable(line) || Boolean(line.made_from?.until_checked);

/** Note that somebody sealed the record as checked. @param {Heard} line */
export function vouch(line) {
  if (line.made_from) line.made_from = { ...line.made_from, rough: false, until_checked: false };
  else line.rough = false;
}
