// Names among the notices the languages in which the lines of the page are rough, as `rough_notice` of
// adapters/reading/page_rows.py.

import { languageNames } from '../lib/made.js';
import { at, element, set } from '../lib/nodes.js';

/** @type {?Element} */
let notice = null;

/**
 * @param {string[]} languages  primary tags; none: nothing is rough  @param {import('../lib/words.js').Words} words
 */
export function roughNotice(languages, words) {
  const named = words.listed(languages.map(languageNames(document.documentElement.lang)));
  const said = languages.length ? words.text('rough-notice', { languages: named }) : '';
  if (at('Rough')) set(at('Rough'), languages.length ? words.text('rough-short', { languages: named }) : '');
  const notices = [...at('Notices').querySelectorAll('p')];
  notice ??= notices.find(({ textContent }) => textContent === said) ?? element('p', {});
  set(notice, said);
  if (!said) notice.remove();
  else if (!notice.isConnected) notices[0].after(notice);
}
