// Stores the drafts of captioners' pages: in localStorage, which is immediate and survives a reload, and in IndexedDB,
// which is on disk some ms later and survives a crash of the browser (localStorage may take many seconds to get there).
// The newer of the two counts. Several pages of one role link may be open at a time: each has a numbered slot of its
// own.

import { keep, recall } from '../lib/kept.js';

const STORES = 4; // pages at a time; another one shares the last slot, and may lose its draft when it is closed
const PATIENCE = 1000; // ms for a page that is being closed to release its slot
const [BASE, TABLE] = ['moothall.caption', 'kept'];

/** @typedef {import('./draft.js').Kept} Kept */

/**
 * Lock a slot for as long as the page is open; resolves to whether it was free. Without https it always is.
 * @param {string} name  @param {number} patience  ms
 */
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

/**
 * The result of a request to IndexedDB; null if it fails.
 * @template T  @param {IDBRequest<T>} request  @returns {Promise<?T>}
 */
const answered = (request) => new Promise((done) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => done(null);
});

/** Open the database; null where the browser has none for us. @returns {Promise<?IDBDatabase>} */
async function disk() {
  try {
    const request = indexedDB.open(BASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    return await answered(request);
  } catch {
    return null;
  }
}

/** The newer of the two stored values; null when there is none. @param {?IDBDatabase} base  @param {string} name */
async function newest(base, name) {
  const here = recall(name);
  const there = base && await answered(base.transaction(TABLE).objectStore(TABLE).get(name));
  return (there?.n ?? 0) > (here?.n ?? 0) ? there : here;
}

/** One slot: stores a draft in both places, each with a number that grows. */
export class DraftStore {
  #base;
  #name;
  #n;
  /** @type {?{n: number, kept: ?Kept}} */
  #next = null; // the draft to write to IndexedDB after the one being written
  #writing = false;
  /** @type {(() => void)[]} */
  #awaited = [];

  /** @param {?IDBDatabase} base  @param {string} name  @param {number} n  number of the stored draft */
  constructor(base, name, n) {
    this.#base = base;
    this.#name = name;
    this.#n = n;
  }

  /** Store a draft. @param {?Kept} kept  null empties the slot */
  write(kept) {
    this.#n += 1;
    const now = { n: this.#n, kept };
    keep(this.#name, now);
    this.#next = now;
    if (!this.#writing) this.#put();
  }

  /** Resolve when all drafts written so far are in IndexedDB; at once where there is none. */
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
          this.#base = null; // the database was closed: only localStorage is left
          done(null);
        }
      });
    }
    this.#writing = false;
    for (const done of this.#awaited.splice(0)) done();
  }
}

/**
 * Take a slot for this page. Resolves to the slot, its stored draft, and the drafts in slots that no open page holds.
 * @param {string} name  of the link and the meeting  @returns {Promise<{store: DraftStore, kept: ?Kept, left: {kept: Kept, store: DraftStore}[]}>}
 */
export async function openDraftStore(name) {
  const base = await disk();
  /** @type {?{store: DraftStore, kept: ?Kept}} */
  let own = null;
  /** @type {{kept: Kept, store: DraftStore}[]} */
  const left = [];
  for (let n = 0; n < STORES; n += 1) {
    const key = `${BASE}.${name}.${n}`;
    const there = await newest(base, key);
    const full = Boolean(there?.kept && (there.kept.text || there.kept.waiting?.length || there.kept.taking));
    if (own && !full) continue;
    if (!await held(key, full ? PATIENCE : 0) && (own || n < STORES - 1)) continue;
    const now = full ? await newest(base, key) : there; // the page that held it may have written meanwhile
    const store = new DraftStore(base, key, now?.n ?? 0);
    if (own) left.push({ kept: now.kept, store });
    else own = { store, kept: now?.kept ?? null };
  }
  return { store: own?.store ?? new DraftStore(null, `${BASE}.${name}`, 0), kept: own?.kept ?? null, left };
}
