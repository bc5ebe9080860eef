// Names the way of a wall's translation, which may change while the wall is on.

import { languageNames, languagesOf } from '../lib/made.js';

/**
 * What a text is, with the languages through which a translation came, whether it gives the gist only, and the
 * languages (primary tags) in which what a machine heard is rough, in a few words; as `label` of
 * adapters/reading/page_rows.py.
 * @param {string} notice  @param {Partial<MadeFrom>} made  @param {import('../lib/words.js').Words} words  @param {string} ui
 * @param {string[]} heardRoughly
 */
export function labelled(notice, { route = '', rough }, words, ui, heardRoughly = []) {
  const through = languagesOf(ui)(route).slice(1);
  const way = [...(through.length ? [words.text('way', { through: words.listed(through) })] : []), ...(rough && route ? [words.text('gist')] : [])];
  if (heardRoughly.length) way.push(words.text('rough', { languages: words.listed(heardRoughly.map(languageNames(ui))) }));
  return way.length ? [notice.replace(/[.。]+$/, ''), ...way].join(' · ') : notice;
}
