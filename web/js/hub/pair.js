// Fills in the six words of pairing from the fragment of the address, which a printed code contains and browsers send
// to no server.

import { only } from '../lib/nodes.js';

const field = only('input#Words');
const words = location.hash.slice(1);

if (words && !field.value) {
  field.value = words.replaceAll('-', ' ');
  history.replaceState(null, '', location.pathname + location.search); // keeps them out of the history and off a shared screen
}
