// Shows how far the language is that is being added, and loads the page again when something else is shown.

const EVERY = 1000; // ms
const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById('Progress'));
const bytes = document.getElementById('Bytes');

/** @param {number} size  bytes  @returns {string} */
const megabytes = (size) => `${Math.ceil(size / 1_000_000)}`;

async function look() {
  const answer = await fetch('/admin/languages.json');
  if (!answer.ok) return;
  const { busy, language, done, total } = await answer.json();
  if (!busy || !bar || language !== bar.dataset.language) {
    location.reload();
    return;
  }
  if (!total) return;
  bar.max = total;
  bar.value = done;
  if (bytes) bytes.textContent = (bytes.dataset.text ?? '').replace('{done}', megabytes(done)).replace('{total}', megabytes(total));
}

setInterval(() => look().catch(() => {}), EVERY); // A server that is away for a moment is asked again.
