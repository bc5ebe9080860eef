// The service worker that caches the form *Ask or comment*, with its scripts and styles, for when there is no
// connection. It leaves all other requests alone.

const KEPT = 'moothall.asking';
const PATIENCE = 8000; // ms until a request times out: over a frozen connection no answer ever comes
const MOST = 10; // forms. Overflow: the oldest is dropped
const FORM = /^\/s\/[^/]+\/ask$/;

/** @param {string} address */
const isForm = (address) => FORM.test(new URL(address).pathname);

/** Fetch a form, and cache it with the static files that it names. @param {Request} request */
async function fetchForm(request) {
  const answer = await fetch(request);
  if (answer.ok && !answer.redirected) await put(request.url, answer.clone());
  return answer;
}

/**
 * Cache a form and its files; drop the oldest forms, and files of earlier versions.
 * @param {string} address  @param {Response} answer
 */
async function put(address, answer) {
  const cache = await caches.open(KEPT);
  const parts = [...new Set((await answer.clone().text()).match(/\/static\/[\w./+-]+/g) ?? [])];
  const missing = [];
  for (const part of parts) if (!(await cache.match(part, { ignoreVary: true }))) missing.push(part);
  await cache.addAll(missing);
  await cache.delete(address); // so that the newest is last
  await cache.put(address, answer);
  const all = await cache.keys();
  const old = all.filter(({ url }) => isForm(url)).slice(0, -MOST);
  const version = parts[0]?.split('/')[2];
  const past = all.filter(({ url }) => !isForm(url) && !url.includes(`/static/${version}/`));
  await Promise.all([...old, ...past].map((request) => cache.delete(request)));
}

/** A promise that fails after PATIENCE ms. @returns {Promise<never>} */
const late = () => new Promise((_, fail) => setTimeout(() => fail(new Error('The line is frozen.')), PATIENCE));

/** The form from the server, or else from the cache. @param {Request} request */
async function form(request) {
  try {
    return await Promise.race([fetchForm(request), late()]);
  } catch {
    // The headers of the browser's request may differ from those with which it was cached.
    const same = { ignoreVary: true };
    const [exact, other] = await Promise.all([caches.match(request.url, same), caches.match(request.url, { ...same, ignoreSearch: true })]);
    return exact ?? other ?? Response.error();
  }
}

addEventListener('install', () => skipWaiting());
addEventListener('message', (event) => {
  // Marked as a prefetch, so that the server sets no cookie before the reader opens the form.
  const wanted = new Request(event.data, { headers: { 'Sec-Purpose': 'prefetch', Purpose: 'prefetch' } });
  if (isForm(wanted.url)) /** @type {MessageEvent & ExtendableEvent} */ (event).waitUntil(fetchForm(wanted).catch(() => {}));
});
addEventListener('fetch', (event) => {
  const { method, mode, referrer, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (origin !== location.origin || method !== 'GET') return;
  if (mode === 'navigate' && FORM.test(pathname)) event.respondWith(form(event.request));
  else if (pathname.startsWith('/static/') && referrer && isForm(referrer)) {
    event.respondWith(Promise.race([fetch(event.request), late()]).catch(async () => (await caches.match(url, { ignoreVary: true })) ?? Response.error()));
  }
});
