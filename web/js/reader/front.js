// Keeps the front page up to date while somebody looks at it: the last words of each live meeting every few seconds, by
// a part of the page of its own; the lists when a meeting has begun, has a break or is over.

const EVERY = 8000; // ms
const PATIENCE = 10000; // ms until a request times out: over a frozen connection no answer ever comes
const SELDOM = 8; // of so many times one is used where the server refuses: a hall behind one address asks too much

let asking = false; // one request at a time, or an older answer may come last
let skips = 0; // how many times are still passed over

/** @param {boolean} part  whether only what is on is wanted  @returns {Promise<?Document>} */
async function load(part) {
  const address = new URL(location.href);
  if (part) address.searchParams.set('part', 'live');
  const answer = await fetch(address, { headers: { Accept: 'text/html' }, signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) skips = SELDOM - 1;
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
}

/** Which meetings are on, and how they stand. @param {ParentNode} within */
const on = (within) => [...within.querySelectorAll('.said')].map((said) => `${said.dataset.of} ${said.closest('.meeting')?.dataset.status}`).join('\n');

/** Put the lists of a page that was just loaded in place of these; what has the focus keeps it. @param {Document} page */
function renewLists(page) {
  const lists = document.getElementById('Lists'), fresh = page.getElementById('Lists');
  if (!lists || !fresh) return;
  const { activeElement: focused } = document;
  const address = lists.contains(focused) ? focused?.getAttribute('href') : null;
  lists.replaceWith(fresh);
  document.dispatchEvent(new CustomEvent('renewed', { detail: [...fresh.querySelectorAll('time')] }));
  if (address) fresh.querySelector(`a[href="${CSS.escape(address)}"]`)?.focus({ preventScroll: true });
}

async function renew() {
  if (asking || document.hidden || document.documentElement.dataset.read === 'low') return; // a reader with low data reloads the page by hand
  if (skips > 0) {
    skips -= 1;
    return;
  }
  asking = true;
  try {
    const part = await load(true);
    if (!part) return;
    if (on(part) !== on(document)) {
      const page = await load(false);
      if (page) renewLists(page);
      return;
    }
    for (const said of document.querySelectorAll('.said')) {
      const now = part.querySelector(`.said[data-of="${CSS.escape(said.dataset.of ?? '')}"]`);
      if (now && now.textContent !== said.textContent) said.replaceWith(now);
    }
  } catch {
    // There is no connection: the old lines stay.
  } finally {
    asking = false;
  }
}

setInterval(renew, EVERY);
document.addEventListener('visibilitychange', renew);
