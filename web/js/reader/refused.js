// A page whose link the server refuses again and again: a reader who may not read the meeting any more is shown the
// server's page that says so.

const SPREAD = 1000; // ms over which the readers of a meeting ask, so that they do not all come at once
const PATIENCE = 12500; // ms until a request times out: over a frozen connection no answer ever comes
const AGAIN = 60000; // ms until the same is asked again: a full server refuses each attempt

let asked = -Infinity;

/** Load the page again if the link is refused because its reader may not read the meeting. */
export async function refused() {
  if (performance.now() - asked < AGAIN) return;
  asked = performance.now();
  await new Promise((go) => setTimeout(go, Math.random() * SPREAD));
  const answer = await fetch(location.href, { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
  if (answer?.status === 404) location.reload();
}
