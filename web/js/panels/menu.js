// Adds texts that a meeting got while its page was open to the menu of texts, with the markup of
// web/pages/lib/_texts.html.

import { at, element } from '../lib/nodes.js';
import { direction } from '../lib/words.js';

const KINDS = ['interpretation', 'translation']; // in the order in which they are offered

/**
 * Add the texts that the menu lacks.
 * @param {Record<string, Channel>} channels  all texts of the meeting, by their ids
 * @param {{words: import('../lib/words.js').Words, ui: string, here: string}} with_  `here` is the text of the page
 */
export function complete(channels, { words, ui, here }) {
  const list = document.querySelector('.texts > ul') ?? begin(channels, words, here);
  const there = new Set([...list.querySelectorAll('a')].map(({ href }) => new URL(href).searchParams.get('channel')));
  for (const [name, channel] of Object.entries(channels)) {
    if (there.has(name) || !KINDS.includes(channel.kind)) continue;
    const item = element('li', {}, link(name, own(channel.languages[0], ui), name === here));
    if (channel.requested !== null && !channel.of_record) {
      const date = new Intl.DateTimeFormat(ui, { dateStyle: 'long' }).format(channel.requested);
      item.append(' ', element('span', { class: 'since' }, words.text('menu.since', { date })));
    }
    group(list, channel.kind, words).append(item);
    for (const button of list.querySelectorAll('button')) {
      if (channel.kind === 'translation' && primary(button.value) === primary(channel.languages[0])) button.parentElement?.remove();
    }
    found(channel.languages[0]);
  }
}

/** A language that was not translated here is now: take it out of the sentence that says so. @param {string} tag */
function found(tag) {
  const lacking = document.querySelector('.missing');
  if (!lacking?.firstChild) return;
  const all = /** @type {HTMLElement[]} */ ([...lacking.querySelectorAll('bdi')]);
  const left = all.filter((each) => primary(each.dataset.tag ?? '') !== primary(tag));
  if (!left.length) lacking.remove();
  else if (left.length < all.length) lacking.replaceChildren(lacking.firstChild, ...left.flatMap((each, i) => (i ? [' · ', each] : [each])));
}

/** The primary language of a tag: `pt-BR` → `pt`. @param {string} tag */
const primary = (tag) => tag.split('-')[0].toLowerCase();

/**
 * Make the menu of a meeting that had only one text.
 * @param {Record<string, Channel>} channels  @param {import('../lib/words.js').Words} words  @param {string} here
 */
function begin(channels, words, here) {
  const list = element('ul');
  for (const [name, { kind }] of Object.entries(channels)) {
    if (kind === 'floor') list.append(element('li', {}, link(name, { text: words.text('menu.floor') }, name === here)));
  }
  at('Languages').prepend(element('nav', { class: 'texts', 'aria-label': words.text('menu') }, list));
  return list;
}

/**
 * The list for the texts of a kind, made if there is none.
 * @param {Element} list  @param {string} kind  @param {import('../lib/words.js').Words} words
 */
function group(list, kind, words) {
  const id = `Of-${kind}`;
  if (!at(id)) {
    const item = element('li', {}, element('span', { id }, words.text(`menu.${kind}`)), element('ul', { 'aria-labelledby': id }));
    const after = KINDS.slice(KINDS.indexOf(kind) + 1).map((each) => at(`Of-${each}`)?.parentNode).find(Boolean);
    list.insertBefore(item, after ?? list.querySelector(':scope > li:has(> details)'));
  }
  return /** @type {HTMLElement} */ (at(id).nextElementSibling);
}

/**
 * A link to a text.
 * @param {string} name  of its channel  @param {{tag?: string, text: string, lang?: string}} language  @param {boolean} here  whether the page shows it
 */
function link(name, { tag = '', text, lang = '' }, here) {
  const address = new URL(location.href);
  address.hash = '';
  for (const gone of ['before', 'instead-of']) address.searchParams.delete(gone);
  address.searchParams.set('channel', name);
  const language = lang ? { lang, dir: direction(lang) } : {};
  return element('a', { href: address.pathname + address.search, ...language, hreflang: tag || null, 'aria-current': here && 'page' }, text);
}

/** The name of a language in itself, or else in the page's language. @param {string} tag  @param {string} ui */
function own(tag, ui) {
  try {
    const [lang] = Intl.DisplayNames.supportedLocalesOf(tag);
    const name = new Intl.DisplayNames([lang ?? ui], { type: 'language', languageDisplay: 'standard' }).of(tag);
    return { tag, text: lang && name ? name.charAt(0).toLocaleUpperCase(lang) + name.slice(1) : name ?? tag, lang };
  } catch {
    return { tag, text: tag }; // not a valid tag
  }
}
