// The moderator's page on a phone: the question asked now and the queue come first, their acts are within reach of a
// thumb, and the rest is folded.

import { at, element, only } from '../lib/nodes.js';
import { pressed } from './press.js';

const PHONE = '(max-width: 40rem)'; // as in web/css/moderation/moderate_phone.css

/**
 * Arrange the page for a phone while its window is that narrow.
 * @param {{answered: () => void, call: () => void, undo: () => void}} acts
 */
export function fitsPhone(acts) {
  const phone = matchMedia(PHONE);
  const [queue, jump, sifting] = [at('Queued'), only('.jump'), only('details.sifting')];
  const [queueAt, jumpAt] = [queue, jump].map((part) => {
    const mark = document.createComment('');
    part.before(mark);
    return mark;
  });
  pressed('ThumbAnswered', acts.answered);
  pressed('ThumbCall', acts.call);
  pressed('ThumbUndo', acts.undo);
  at('ThumbMore').addEventListener('click', () => more(at('ThumbMore').getAttribute('aria-expanded') !== 'true'));
  jump.addEventListener('click', ({ target }) => open(target.closest('a')?.getAttribute('href')?.slice(1)));
  const links = [...jump.querySelectorAll('a')];
  const arrange = () => {
    // Screen readers and Tab follow the order of elements, so the parts are moved, not only placed elsewhere by CSS.
    if (phone.matches) {
      only('.column').before(queue);
      at('Turn').append(jump);
    } else {
      queueAt.after(queue);
      jumpAt.after(jump);
      more(false);
    }
    links.sort(byPlace).forEach((link) => jump.append(link)); // the links stand in the order of what they lead to
    sifting.open = !phone.matches || sifting.contains(document.activeElement);
    for (const section of document.querySelectorAll('.asides > .folds')) fold(section, phone.matches);
  };
  phone.addEventListener('change', arrange);
  arrange();
}

/** Whether what one link of the page leads to stands behind (1) or before (-1) what another does. @param {HTMLAnchorElement} one  @param {HTMLAnchorElement} other */
const byPlace = (one, other) => (only(one.hash).compareDocumentPosition(only(other.hash)) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1);

/** Show or hide the controls that are seldom needed: the speaking time, and *Clear the wall*. @param {boolean} shown */
function more(shown) {
  at('ThumbMore').setAttribute('aria-expanded', String(shown));
  at('Turn').classList.toggle('whole', shown);
}

/** Fold a section below its heading, or unfold it for good. @param {Element} section  @param {boolean} folds */
function fold(section, folds) {
  const heading = only('h2', section);
  const button = heading.querySelector('button');
  if (folds === Boolean(button)) return;
  section.classList.toggle('folded', folds);
  if (button) {
    button.replaceWith(...button.childNodes);
    return;
  }
  const made = element('button', { type: 'button', class: 'unfold', 'aria-expanded': 'false' }, ...heading.childNodes);
  made.addEventListener('click', () => made.setAttribute('aria-expanded', String(!section.classList.toggle('folded'))));
  heading.append(made);
}

/** Unfold the section to which a link leads. @param {string} [heading]  id of its heading */
function open(heading) {
  const button = heading ? document.getElementById(heading)?.querySelector('button[aria-expanded="false"]') : null;
  if (button instanceof HTMLElement) button.click();
}
