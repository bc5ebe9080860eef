// The box in another site's page: it follows the end, unless its reader looks back.

import { Tail, given } from './tail.js';

const SLACK = 24; // px from the end that still count as the end

let following = true;

new Tail(given(), (tail) => {
  tail.say();
  if (following) tail.box.scrollTop = tail.box.scrollHeight;
});
document.getElementById('Newest').addEventListener('scroll', ({ target }) => {
  following = target.scrollHeight - target.clientHeight - target.scrollTop <= SLACK;
});
