// The buttons that copy a citation: each copies the text above it, and says whether that worked.

import { copy } from './clipboard.js';
import { only } from '../lib/nodes.js';

for (const part of document.querySelectorAll('.pasted')) {
  const button = only('button', part);
  button.addEventListener('click', async () => {
    const done = await copy(only('.copied-text', part).textContent);
    only('[role="status"]', part).textContent = (done ? button.dataset.done : button.dataset.failed) ?? '';
    button.focus();
  });
}
document.documentElement.classList.add('live');
