// Names the way of a wall's translation, which may change while the wall is on.

import { languagesOf } from '../lib/made.js';

/**
 * What a translation is, with the languages through which it came and whether it gives the gist only, in a few words;
 * as `label` of adapters/reading/page_rows.py.
 * @param {string} notice  @param {MadeFrom} made  @param {import('../lib/words.js').Words} words  @param {string} ui
 */
export function labelled(notice, { route = '', rough }, words, ui) {
  const through = languagesOf(ui)(route).slice(1);
  const way = [...(through.length ? [words.text('way', { through: words.listed(through) })] : []), ...(rough ? [words.text('gist')] : [])];
  return way.length ? [notice.replace(/[.。]+$/, ''), ...way].join(' · ') : notice;
}
