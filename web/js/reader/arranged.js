// What a change of a meeting's settings means for an open page: a reader who may not read it any more is shown the
// server's page that says so; the others are shown what becomes of the sound.

const SPREAD = 1000; // ms over which the readers of a meeting ask, so that they do not all come at once
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const AGAIN = 60000; // ms until the same is asked again: a full server refuses each attempt

let asked = -Infinity;

/** @param {string} method */
async function page(method) {
  await new Promise((go) => setTimeout(go, Math.random() * SPREAD));
  return fetch(location.href, { method, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
}

/** The server has refused the link: load the page again if that is because its reader may not read the meeting. */
export async function refused() {
  if (performance.now() - asked < AGAIN) return;
  asked = performance.now();
  if ((await page('HEAD'))?.status === 404) location.reload();
}

/**
 * Show the page's notices as they are now, in `box`; resolves to those that are new.
 * @param {HTMLElement} box
 */
export async function notices(box) {
  const answer = await page('GET');
  if (!answer?.ok) return '';
  const now = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(box.id);
  if (!now) return '';
  const before = new Set([...box.children].map(({ textContent }) => textContent));
  box.replaceChildren(...now.children);
  return [...box.children].map(({ textContent }) => textContent).filter((each) => !before.has(each)).join(' ');
}
