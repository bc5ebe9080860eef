// The box of text for another site's page: it follows the end of the text unless its reader has scrolled back.

import { at, set } from '../lib/nodes.js';
import { Tail, given } from './tail.js';

const SLACK = 24; // px: so near to the end counts as the end

let following = true;
let lost = false; // at a hub: whether its uplink is lost
document.addEventListener('pulse', ({ detail }) => ({ lost = false } = detail));

new Tail(given(), (tail) => {
  tail.say();
  if (lost && tail.state().kind !== 'closed') {
    at('State').dataset.kind = 'lost';
    set(at('State'), tail.words.text('standing.lost'));
  }
  if (following) tail.box.scrollTop = tail.box.scrollHeight;
});
const box = at('Newest');
box.addEventListener('scroll', () => {
  following = box.scrollHeight - box.clientHeight - box.scrollTop <= SLACK;
});
