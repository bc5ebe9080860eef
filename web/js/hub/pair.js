// The six words of a sheet's code stand behind the # of the address, which no browser sends: put into the form, and away.

import { only } from '../lib/nodes.js';

const field = only('input#Words');
const words = location.hash.slice(1);

if (words && !field.value) {
  field.value = words.replaceAll('-', ' ');
  history.replaceState(null, '', location.pathname + location.search); // in no history, and on no screen that is shared
}
