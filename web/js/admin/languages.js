// Shows how far the language is that is being added, or the tests, and loads the page again when something else is shown.

const EVERY = 1000; // ms
const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById('Progress'));
const bytes = document.getElementById('Bytes');

/** Bytes in MB, or ways that are tested. @param {number} size  @returns {string} */
const shown = (size) => `${Math.ceil(size / Number(bar?.dataset.unit))}`;

async function look() {
  const answer = await fetch('/admin/languages.json');
  if (!answer.ok) return;
  const { busy, language, testing, done, total } = await answer.json();
  if (!busy || !bar || language !== bar.dataset.language || (!language && testing !== 'testing' in bar.dataset)) {
    location.reload();
    return;
  }
  if (!total) return;
  bar.max = total;
  bar.value = done;
  if (bytes) bytes.textContent = (bytes.dataset.text ?? '').replace('{done}', shown(done)).replace('{total}', shown(total));
}

setInterval(() => look().catch(() => {}), EVERY); // A server that is away for a moment is asked again.
