// The box in another site's page: it follows the end, unless its reader looks back.

import { at, set } from '../lib/nodes.js';
import { Tail, given } from './tail.js';

const SLACK = 24; // px from the end that still count as the end

let following = true;
let lost = false; // whether a hub's own line to the meeting is dead
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
