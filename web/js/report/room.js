// The rapporteur's room. Its forms work without this script, which sends them without leaving the page, keeps what was
// typed until it is stored, shows what others write and what is said meanwhile, and lets keys choose, cite and play.

import { TypedStore, putBack, typedIn } from './typed.js';

const IDLE = 1500; // ms without typing after which a draft is sent
const AGAIN = 5000; // ms until what couldn't be sent is sent once more

const room = /** @type {HTMLElement} */ (document.getElementById('Room'));
const said = /** @type {HTMLElement} */ (document.getElementById('Said'));
const store = new TypedStore(room.dataset.session ?? '');
/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const timers = new Map();
const sound = new Audio();
let sending = Promise.resolve();

/** @param {string} id */
const form = (id) => /** @type {?HTMLFormElement} */ (document.getElementById(id));

/** Say something to everybody, screen readers too. @param {string} [text] */
function say(text = '') {
  said.textContent = text;
}

/** Show whether a form waits to be stored. @param {string} id */
function mark(id) {
  const place = form(id)?.querySelector('.kept-here');
  const text = store.waiting[id] ? room.dataset.waiting ?? '' : '';
  if (place && place.textContent !== text) place.textContent = text;
}

/**
 * Send a form; resolves to the page that answers, or null where there is no connection. One is sent at a time, so that
 * each has the newest revision.
 * @param {HTMLFormElement} of  @param {URLSearchParams} fields
 * @returns {Promise<?{status: number, page: Document}>}
 */
function send(of, fields) {
  const done = sending.then(async () => {
    try {
      fields.set('form', /** @type {HTMLInputElement} */ (document.querySelector('#Hand [name=form]')).value);
      const answer = await fetch(of.action, { method: 'POST', body: fields });
      return { status: answer.status, page: new DOMParser().parseFromString(await answer.text(), 'text/html') };
    } catch {
      return null;
    }
  });
  sending = done.then(() => {}, () => {});
  return done;
}

/** Take over what another page has, but not into forms in which somebody types. @param {Document} page */
function take(page) {
  const other = page.getElementById('Room');
  if (!other) return; // a page that says that something is wrong
  for (const each of page.querySelectorAll('#Hand [name=form]')) {
    const token = /** @type {HTMLInputElement} */ (each).value;
    for (const own of document.querySelectorAll('[name=form]')) /** @type {HTMLInputElement} */ (own).value = token;
  }
  for (const id of ['Stage', 'Unheard', 'Hand']) swap(document.getElementById(id), page.getElementById(id));
  lines(page);
  messages(page);
  for (const each of page.querySelectorAll('.report > form.kept')) {
    if (!busy(each.id)) swap(document.getElementById(each.id), each);
  }
}

/** Whether a form has the focus or something that isn't stored. @param {string} id */
const busy = (id) => Boolean(store.waiting[id] || form(id)?.contains(document.activeElement));

/** @param {?Element} own  @param {?Element} other */
function swap(own, other) {
  if (own && other && own.outerHTML !== other.outerHTML) own.replaceWith(document.adoptNode(other));
}

/** Add what was said meanwhile. @param {Document} page */
function lines(page) {
  const list = document.getElementById('Lines');
  for (const each of page.querySelectorAll('#Lines > li')) {
    if (list && !document.getElementById(each.id)) list.append(document.adoptNode(each));
  }
}

/** Show the messages as they are now, in their order. @param {Document} page */
function messages(page) {
  const place = document.getElementById('Hand');
  const known = new Set([...page.querySelectorAll('article.message')].map((each) => each.id));
  for (const own of document.querySelectorAll('article.message')) if (!known.has(own.id)) own.remove();
  for (const other of page.querySelectorAll('article.message')) {
    const own = document.getElementById(other.id);
    const id = other.querySelector('form.kept')?.id ?? '';
    if (!own) place?.before(document.adoptNode(other));
    else if (busy(id)) {
      newest(id, /** @type {HTMLFormElement} */ (other.querySelector('form.kept')));
      citations(own, other);
    } else if (!own.contains(document.activeElement)) swap(own, other);
    else citations(own, other);
  }
  const options = document.getElementById('Into');
  const others = page.getElementById('Into');
  if (options instanceof HTMLSelectElement && others) {
    const chosen = options.value;
    options.replaceChildren(...[...others.children].map((each) => document.adoptNode(each)));
    if ([...options.options].some((each) => each.value === chosen)) options.value = chosen;
  }
}

/** The citations of a message in whose text somebody types. @param {Element} own  @param {Element} other */
function citations(own, other) {
  const [mine, theirs] = [own.querySelector('.citations'), other.querySelector('.citations')];
  if (mine?.contains(document.activeElement) && theirs) {
    const at = document.activeElement?.closest('.citation')?.id ?? '';
    swap(mine, theirs);
    document.getElementById(at)?.focus();
  } else if (mine) {
    if (theirs) swap(mine, theirs);
    else mine.remove();
  } else if (theirs) own.append(document.adoptNode(theirs));
}

/** Take over the revision of a form whose own text was stored by us. @param {string} id  @param {?HTMLFormElement} other */
function newest(id, other) {
  const own = form(id);
  if (!own || !other || store.waiting[id]) return;
  for (const name of ['revision']) {
    const [mine, theirs] = [own.elements.namedItem(name), other.elements.namedItem(name)];
    if (mine instanceof HTMLInputElement && theirs instanceof HTMLInputElement) mine.value = theirs.value;
  }
}

/** Store what was typed into a form. @param {string} id */
async function storeTyped(id) {
  clearTimeout(timers.get(id));
  const of = form(id);
  const typed = store.waiting[id];
  if (!of || !typed) return;
  const fields = new URLSearchParams(typed.fields);
  fields.set('act', of.dataset.message ? 'message' : 'section');
  const answer = await send(of, fields);
  if (!answer || answer.status >= 500) { // no connection
    timers.set(id, setTimeout(() => storeTyped(id), AGAIN));
    mark(id);
    return;
  }
  const other = /** @type {?HTMLFormElement} */ (answer.page.getElementById(id));
  if (answer.status === 409 && other) { // somebody else was faster: both texts
    const clash = other.querySelector('.clash');
    if (clash) {
      of.querySelector('.clash')?.remove();
      of.prepend(document.adoptNode(clash));
    }
    const [mine, theirs] = [of.elements.namedItem('revision'), other.elements.namedItem('revision')];
    if (mine instanceof HTMLInputElement && theirs instanceof HTMLInputElement) mine.value = theirs.value;
    const same = !clash?.querySelector('blockquote');
    if (same) of.querySelector('.clash')?.remove();
    store.put(id, typedIn(of));
    if (same) { // an answer was lost, and the text is there already
      timers.set(id, setTimeout(() => storeTyped(id)));
      return;
    }
    say(answer.page.getElementById('Wrong')?.textContent ?? '');
    mark(id);
    return;
  }
  if (answer.status !== 200) {
    say(answer.page.querySelector('h1, .sentence, p')?.textContent ?? '');
    return;
  }
  store.stored(id, typed);
  of.querySelector('.clash')?.remove();
  newest(id, other);
  if (store.waiting[id]) store.put(id, typedIn(of));
  take(answer.page);
  mark(id);
  if (!store.waiting[id]) say(room.dataset.saved);
}

/** Send a form for its button, and show what comes of it. @param {HTMLFormElement} of  @param {?HTMLElement} button */
async function act(of, button) {
  const fields = new URLSearchParams(/** @type {any} */ (new FormData(of)));
  if (button instanceof HTMLButtonElement && button.name) fields.set(button.name, button.value);
  const cited = fields.get('act') === 'cite';
  const answer = await send(of, fields);
  if (!answer) {
    say(room.dataset.waiting);
    return;
  }
  const wrong = answer.page.getElementById('Wrong');
  if (wrong) {
    say(wrong.textContent ?? '');
    return;
  }
  const before = new Set([...document.querySelectorAll('article.message')].map((each) => each.id));
  if (cited) {
    for (const each of of.querySelectorAll('input:checked')) /** @type {HTMLInputElement} */ (each).checked = false;
  }
  const at = document.activeElement?.closest('article, .citation')?.id ?? '';
  take(answer.page);
  const added = [...document.querySelectorAll('article.message')].find((each) => !before.has(each.id));
  if (cited && added) into(added.id.replace('Message-', ''));
  if (!document.activeElement || document.activeElement === document.body) {
    const place = document.getElementById(at) ?? document.getElementById('Messages');
    (place?.querySelector('textarea, button') ?? place)?.focus?.();
  }
  say(room.dataset.saved);
}

/** Cite in this message from now on. @param {string} message */
function into(message) {
  const options = document.getElementById('Into');
  if (options instanceof HTMLSelectElement) options.value = message;
}

/** Play what an element names, or say that there is no sound. @param {Element} of */
function play(of) {
  const clip = of instanceof HTMLElement ? of.dataset.clip : '';
  const heard = of.querySelector?.('form.heard');
  if (!clip) {
    say(room.dataset.silent);
    return;
  }
  sound.src = clip;
  sound.play().then(() => note(heard), () => say(room.dataset.silent));
}

/** Note that a citation was heard, where no words of it have to be confirmed. @param {?Element} heard */
function note(heard) {
  const button = heard?.querySelector('[value=heard]');
  if (heard instanceof HTMLFormElement && button instanceof HTMLButtonElement && !heard.querySelector('fieldset')) {
    act(heard, button);
  }
}

document.addEventListener('input', (event) => {
  const of = /** @type {Element} */ (event.target).closest?.('form.kept');
  if (!(of instanceof HTMLFormElement)) return;
  store.put(of.id, typedIn(of));
  mark(of.id);
  clearTimeout(timers.get(of.id));
  timers.set(of.id, setTimeout(() => storeTyped(of.id), IDLE));
});

document.addEventListener('focusin', (event) => {
  const message = /** @type {Element} */ (event.target).closest?.('form[data-message]');
  if (message instanceof HTMLElement && message.dataset.message) into(message.dataset.message);
});

document.addEventListener('focusout', (event) => {
  const of = /** @type {Element} */ (event.target).closest?.('form.kept');
  if (of && store.waiting[of.id]) storeTyped(of.id);
});

document.addEventListener('submit', (event) => {
  const of = /** @type {HTMLFormElement} */ (event.target);
  if (!room.contains(of)) return;
  event.preventDefault();
  const button = /** @type {SubmitEvent} */ (event).submitter;
  const stores = button instanceof HTMLButtonElement && ['message', 'section'].includes(button.value);
  if (stores) {
    store.put(of.id, typedIn(of));
    storeTyped(of.id);
  } else act(of, button);
});

document.addEventListener('play', (event) => {
  const audio = /** @type {Element} */ (event.target);
  note(audio.closest('form.heard'));
}, true);

document.addEventListener('keydown', (event) => {
  const on = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const box = on instanceof HTMLInputElement && on.closest('.lines') ? on : null;
  const citation = on.closest?.('.citation');
  const typing = on instanceof HTMLTextAreaElement || on instanceof HTMLSelectElement
    || (on instanceof HTMLInputElement && on.type !== 'checkbox');
  if (typing) return;
  const key = event.key.toLowerCase();
  if (box && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    const all = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('.lines input')]);
    const next = all[all.indexOf(box) + (event.key === 'ArrowDown' ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    if (event.shiftKey) box.checked = next.checked = true;
    next.focus();
  } else if (box && key === 'c') {
    event.preventDefault();
    if (!document.querySelector('.lines input:checked')) box.checked = true;
    const cite = /** @type {HTMLFormElement} */ (document.getElementById('Cite'));
    act(cite, cite.querySelector('[value=cite]'));
  } else if (key === 'p' && (box || citation)) {
    event.preventDefault();
    play(/** @type {Element} */ (box ?? citation));
  }
});

addEventListener('online', () => Object.keys(store.waiting).forEach(storeTyped));

for (const [id, typed] of Object.entries(store.waiting)) {
  const of = form(id);
  if (of) {
    putBack(of, typed);
    mark(id);
    storeTyped(id);
  }
}

const every = Number(room.dataset.live);
setInterval(async () => {
  if (document.hidden || Object.keys(store.waiting).length) return;
  try {
    const here = new URL(location.href);
    here.searchParams.delete('suggest');
    here.hash = '';
    const answer = await fetch(here);
    if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  } catch {
    // The next look may find it.
  }
}, every || 20000);
