// Shows how far the language is that is being added, all that were ordered with it, or the tests, and loads the page again when something else is shown.

const EVERY = 1000; // ms
const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById('Progress'));
const bytes = document.getElementById('Bytes');
const whole = /** @type {HTMLProgressElement | null} */ (document.getElementById('Whole'));
const of = document.getElementById('Of');

/** Bytes in MB, or ways that are tested. @param {number} size  @returns {string} */
const shown = (size) => `${Math.ceil(size / Number(bar?.dataset.unit))}`;

/**
 * Puts values into an element's sentence.
 * @param {HTMLElement | null} place
 * @param {Record<string, number | string>} values
 */
function say(place, values) {
  if (place) place.textContent = (place.dataset.text ?? '').replace(/\{(\w+)\}/g, (_, name) => `${values[name]}`);
}

async function look() {
  const answer = await fetch('/admin/languages.json');
  if (!answer.ok) return;
  const { busy, language, testing, done, total, all_done, all_total, ended, ordered } = await answer.json();
  if (!busy || !bar || language !== bar.dataset.language || (!language && testing !== 'testing' in bar.dataset)) {
    location.reload();
    return;
  }
  if (whole && all_total) {
    whole.max = all_total;
    whole.value = all_done;
    say(of, { ended, ordered, done: shown(all_done), total: shown(all_total) });
  }
  if (!total) return;
  bar.max = total;
  bar.value = done;
  say(bytes, { done: shown(done), total: shown(total) });
}

setInterval(() => look().catch(() => {}), EVERY); // A server that is away for a moment is asked again.
