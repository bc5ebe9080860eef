// The front page: what was said last in each meeting that is on moves along while somebody looks at it.

const EVERY = 15000; // ms
const PATIENCE = 10000; // ms for an answer: of a line that is frozen none ever comes

async function renew() {
  if (document.hidden || document.documentElement.dataset.read === 'low') return; // whoever has little data asks by hand
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const said of document.querySelectorAll('.said')) {
      const now = page.querySelector(`.said[data-of="${CSS.escape(said.dataset.of ?? '')}"]`);
      if (now && now.textContent !== said.textContent) said.replaceWith(now);
    }
  } catch {
    // The line is away: what stands there stays.
  }
}

if (document.querySelector('.said')) setInterval(renew, EVERY);
