// The buttons on sheets of links: Print, and Copy for each address. Without scripts the browser's own menus do both.

const said = document.getElementById('Copied');
const print = document.getElementById('Print');
if (print) {
  print.hidden = false;
  print.addEventListener('click', () => window.print());
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const address = button.closest('.sheet')?.querySelector('.address a');
  if (!address) return;
  let done = true;
  try {
    await navigator.clipboard.writeText(address.getAttribute('href') ?? '');
  } catch { // denied, or not over https: the older way copies the selection
    getSelection()?.selectAllChildren(address);
    done = document.execCommand('copy');
  }
  if (said) said.textContent = done ? `${said.dataset.done} ${button.dataset.of}` : said.dataset.failed ?? '';
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('.copy'))) {
  button.hidden = false;
  button.addEventListener('click', () => copy(button));
}
