// Keeps the form of *Ask or comment* for when the line is away, with what it is made of. Everything else it leaves alone.

const KEPT = 'moothall.asking';
const PATIENCE = 8000; // ms for an answer: of a line that is frozen none ever comes
const MOST = 10; // forms; of more, the oldest goes
const FORM = /^\/s\/[^/]+\/ask$/;

/** @param {string} address */
const isForm = (address) => FORM.test(new URL(address).pathname);

/** Fetch a form, and keep it with all that it names. @param {Request} request */
async function fetchForm(request) {
  const answer = await fetch(request);
  if (answer.ok && !answer.redirected) await put(request.url, answer.clone());
  return answer;
}

/** @param {string} address  @param {Response} answer */
async function put(address, answer) {
  const cache = await caches.open(KEPT);
  const parts = [...new Set((await answer.clone().text()).match(/\/static\/[\w./+-]+/g) ?? [])];
  const missing = [];
  for (const part of parts) if (!(await cache.match(part, { ignoreVary: true }))) missing.push(part);
  await cache.addAll(missing);
  await cache.delete(address); // What was kept last stands last.
  await cache.put(address, answer);
  const all = await cache.keys();
  const old = all.filter(({ url }) => isForm(url)).slice(0, -MOST);
  const version = parts[0]?.split('/')[2];
  const past = all.filter(({ url }) => !isForm(url) && !url.includes(`/static/${version}/`));
  await Promise.all([...old, ...past].map((request) => cache.delete(request)));
}

/** Fails where no answer comes. @returns {Promise<never>} */
const late = () => new Promise((_, fail) => setTimeout(() => fail(new Error('The line is frozen.')), PATIENCE));

/** The form from the server, else as it was kept. @param {Request} request */
async function form(request) {
  try {
    return await Promise.race([fetchForm(request), late()]);
  } catch {
    // Whatever the browser says of itself otherwise than when it was kept.
    const same = { ignoreVary: true };
    const [exact, other] = await Promise.all([caches.match(request.url, same), caches.match(request.url, { ...same, ignoreSearch: true })]);
    return exact ?? other ?? Response.error();
  }
}

addEventListener('install', () => skipWaiting());
addEventListener('message', (event) => {
  // Not to ask yet: no cookie is wanted.
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
