// Keeps the last line of each live meeting on the front page up to date while somebody looks at the page.

const EVERY = 15000; // ms
const PATIENCE = 10000; // ms until a request times out: over a frozen connection no answer ever comes

async function renew() {
  if (document.hidden || document.documentElement.dataset.read === 'low') return; // a reader with low data reloads the page by hand
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const said of document.querySelectorAll('.said')) {
      const now = page.querySelector(`.said[data-of="${CSS.escape(said.dataset.of ?? '')}"]`);
      if (now && now.textContent !== said.textContent) said.replaceWith(now);
    }
  } catch {
    // There is no connection: the old lines stay.
  }
}

if (document.querySelector('.said')) setInterval(renew, EVERY);
