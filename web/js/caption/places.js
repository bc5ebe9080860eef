// Where a captioner's page writes down what was typed: in localStorage, which has it at once and outlives a reload, and in
// IndexedDB, which has it on the disk some ms later and outlives a kill of the whole browser (localStorage may wait there for
// many seconds). Of both the newer counts. Each page of a link that is open at a time has a place of its own.

import { keep, recall } from '../lib/kept.js';

const PLACES = 4; // pages at a time; one more shares the last place, and may lose what it typed when it is closed
const PATIENCE = 1000; // ms that a page which is just being closed may hold its place
const [BASE, TABLE] = ['moothall.caption', 'kept'];

/** @typedef {import('./draft.js').Kept} Kept */

/** Hold a place as long as the page is open; says whether nobody else did. @param {string} name  @param {number} patience  ms */
function held(name, patience) {
  return new Promise((done) => {
    if (!navigator.locks) { // an address without https
      done(true);
      return;
    }
    const how = patience ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
    navigator.locks.request(name, how, (lock) => {
      done(lock !== null);
      return lock ? new Promise(() => {}) : undefined;
    }).catch(() => done(false));
  });
}

/** What a request of IndexedDB gives; null where it fails. @template T  @param {IDBRequest<T>} request  @returns {Promise<?T>} */
const answered = (request) => new Promise((done) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => done(null);
});

/** The table; null where the browser gives none. @returns {Promise<?IDBDatabase>} */
async function disk() {
  try {
    const request = indexedDB.open(BASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    return await answered(request);
  } catch {
    return null;
  }
}

/** @param {?IDBDatabase} base  @param {string} name */
async function newest(base, name) {
  const here = recall(name);
  const there = base && await answered(base.transaction(TABLE).objectStore(TABLE).get(name));
  return (there?.n ?? 0) > (here?.n ?? 0) ? there : here;
}

export class Place {
  #base;
  #name;
  #n;
  /** @type {?{n: number, kept: ?Kept}} */
  #next = null; // what is to be written to the disk after what is written now
  #writing = false;
  /** @type {(() => void)[]} */
  #awaited = [];

  /** @param {?IDBDatabase} base  @param {string} name  @param {number} n */
  constructor(base, name, n) {
    this.#base = base;
    this.#name = name;
    this.#n = n;
  }

  /** @param {?Kept} kept  null: nothing any more */
  write(kept) {
    this.#n += 1;
    const now = { n: this.#n, kept };
    keep(this.#name, now);
    this.#next = now;
    if (!this.#writing) this.#put();
  }

  /** Waits until all that was written is on the disk, as far as the browser has one for us. */
  async saved() {
    if (this.#writing) await new Promise((/** @type {(none?: undefined) => void} */ done) => this.#awaited.push(done));
  }

  async #put() {
    this.#writing = true;
    while (this.#next && this.#base) {
      const [now, base] = [this.#next, this.#base];
      this.#next = null;
      await new Promise((done) => {
        try {
          const change = base.transaction(TABLE, 'readwrite');
          change.objectStore(TABLE).put(now, this.#name);
          for (const end of ['complete', 'abort', 'error']) change.addEventListener(end, done);
          change.commit();
        } catch {
          this.#base = null; // It was closed: localStorage alone has it.
          done(null);
        }
      });
    }
    this.#writing = false;
    for (const done of this.#awaited.splice(0)) done();
  }
}

/**
 * A place for this page, with what stands there, and what pages left behind whose places nobody holds.
 * @param {string} name  of the link and the meeting  @returns {Promise<{place: Place, kept: ?Kept, left: {kept: Kept, place: Place}[]}>}
 */
export async function aPlace(name) {
  const base = await disk();
  /** @type {?{place: Place, kept: ?Kept}} */
  let own = null;
  /** @type {{kept: Kept, place: Place}[]} */
  const left = [];
  for (let n = 0; n < PLACES; n += 1) {
    const key = `${BASE}.${name}.${n}`;
    const there = await newest(base, key);
    const full = Boolean(there?.kept && (there.kept.text || there.kept.waiting?.length || there.kept.taking));
    if (own && !full) continue;
    if (!await held(key, full ? PATIENCE : 0) && (own || n < PLACES - 1)) continue;
    const now = full ? await newest(base, key) : there; // Whoever held it until now may have written.
    const place = new Place(base, key, now?.n ?? 0);
    if (own) left.push({ kept: now.kept, place });
    else own = { place, kept: now?.kept ?? null };
  }
  return { place: own?.place ?? new Place(null, `${BASE}.${name}`, 0), kept: own?.kept ?? null, left };
}
