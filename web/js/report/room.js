// The rapporteur's room. Its forms work without this script, which sends them without leaving the page, keeps what was
// typed until it is stored, shows what others write and what is said meanwhile, and lets keys choose, cite and play.

import { DeskLink } from '../desk/link.js';
import { TypedStore, putBack, typedIn } from './typed.js';

const IDLE = 1500; // ms without typing after which a draft is sent
const AGAIN = 5000; // ms until what couldn't be sent is sent once more
const SOON = 200; // ms between two looks at a report that somebody else writes
const LIVE = 2000; // ms between two looks at a record that grows
const CALM = 20000; // ms between two looks while nothing is told
const UNSEEN = new Set(['segment.opened', 'words.committed', 'clock.mapped', 'record.checkpoint', 'support.counted']); // events that change nothing here

const room = /** @type {HTMLElement} */ (document.getElementById('Room'));
const said = /** @type {HTMLElement} */ (document.getElementById('Said'));
const store = new TypedStore(room.dataset.session ?? '');
/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const timers = new Map();
/** @type {Map<string, string>} */
const underWay = new Map(); // forms that are being sent, and what was typed into them
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
  if (Number(other.dataset.draft) < Number(room.dataset.draft)) return; // it was asked for before our last act
  for (const each of page.querySelectorAll('#Hand [name=form]')) {
    const token = /** @type {HTMLInputElement} */ (each).value;
    for (const own of document.querySelectorAll('[name=form]')) /** @type {HTMLInputElement} */ (own).value = token;
  }
  for (const id of ['Stage', 'Unheard', 'Hand']) swap(document.getElementById(id), page.getElementById(id));
  room.dataset.draft = other.dataset.draft;
  rows('Lines', page);
  rows('Asked', page);
  const box = document.getElementById('AskedBox');
  if (box) box.hidden = !document.querySelector('#Asked > li');
  messages(page);
  for (const each of page.querySelectorAll('.report > form.kept')) {
    if (!busy(each.id)) swap(document.getElementById(each.id), each);
    else fill(each.id, /** @type {HTMLFormElement} */ (each));
  }
}

/** Whether a form has the focus or something that isn't stored. @param {string} id */
const busy = (id) => Boolean(store.waiting[id] || form(id)?.contains(document.activeElement));

/** What others wrote into a form that has the focus, where nothing of ours waits. @param {string} id  @param {HTMLFormElement} other */
function fill(id, other) {
  const own = form(id);
  if (own && !store.waiting[id]) putBack(own, typedIn(other));
}

/** @param {?Element} own  @param {?Element} other */
function swap(own, other) {
  if (own && other && own.outerHTML !== other.outerHTML) own.replaceWith(document.adoptNode(other));
}

/**
 * Bring the lines of the record, or the questions, up to date: what is chosen stays chosen, and what was removed goes.
 * @param {'Lines' | 'Asked'} id  @param {Document} page
 */
function rows(id, page) {
  const list = document.getElementById(id);
  const others = [...page.querySelectorAll(`#${id} > li`)];
  if (!list) return;
  const known = new Set(others.map((each) => each.id));
  const all = [...list.children];
  const begins = all.findIndex((each) => each.id === others[0]?.id); // those before are on an earlier page there
  for (const own of all.slice(Math.max(begins, 0))) {
    if (known.has(own.id) || own.contains(document.activeElement)) continue;
    own.remove();
    const { value } = /** @type {HTMLInputElement} */ (own.querySelector('input'));
    for (const box of document.querySelectorAll('.suggested input')) {
      if (/** @type {HTMLInputElement} */ (box).value === value) box.closest('li')?.remove();
    }
  }
  for (const other of others) {
    const own = document.getElementById(other.id);
    const text = own?.querySelector('label');
    if (!own) list.append(document.adoptNode(other));
    else if (text && own.innerHTML !== other.innerHTML) {
      const box = /** @type {HTMLInputElement} */ (own.querySelector('input')); // it keeps the focus, and its tick
      const label = /** @type {HTMLElement} */ (other.querySelector('label'));
      box.dataset.clip = label.querySelector('input')?.dataset.clip ?? '';
      while (box.nextSibling) box.nextSibling.remove();
      text.append(...[...label.childNodes].slice(1).map((each) => document.adoptNode(each)));
    }
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
      fill(id, /** @type {HTMLFormElement} */ (other.querySelector('form.kept')));
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

/** What stands beside the text of a message in which somebody types. @param {Element} own  @param {Element} other */
function citations(own, other) {
  swap(own.querySelector('.drafter'), other.querySelector('.drafter'));
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
  const text = JSON.stringify(typed);
  if (underWay.get(id) === text) return; // whoever presses the button leaves the field, which has sent it
  underWay.set(id, text);
  const fields = new URLSearchParams(typed.fields);
  fields.set('act', of.dataset.message ? 'message' : 'section');
  const answer = await send(of, fields);
  underWay.delete(id);
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
  const button = /** @type {SubmitEvent} */ (event).submitter;
  if (button instanceof HTMLButtonElement && button.value === 'draft') return; // a page of its own
  event.preventDefault();
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

const every = Number(room.dataset.live) || CALM;
let looks = 0; // timer of the next look at what others have changed
let looked = 0; // when the last one was
let open = false; // whether the connection of the staff's pages tells us of changes

/** Look at what others have changed, `after` ms from now at the latest. */
function look(after = 0) {
  const due = Math.max(looked + after - Date.now(), 0);
  looks ||= setTimeout(async () => {
    looks = 0;
    looked = Date.now();
    if (document.hidden || Object.keys(store.waiting).length) return; // the next look finds it
    try {
      const here = new URL(location.href);
      here.searchParams.delete('suggest');
      here.hash = '';
      const answer = await fetch(here);
      if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      else look(AGAIN);
    } catch {
      look(AGAIN);
    }
  }, due);
}

/** What is new in the meeting or in its report. @param {Told} told */
function told(...[event, body]) {
  if (event === 'draft') {
    if (body && body.offset > Number(room.dataset.draft)) look(SOON);
  } else if (event === 'outcome' || event === 'frame' && shows(body)) look(LIVE);
}

/** Whether a frame has something that this page shows. @param {DeskFrame} frame */
function shows({ snapshot, events = [] }) {
  return Boolean(snapshot) || events.some(({ body }) => body && !UNSEEN.has(body.type));
}

// The connection that all pages of the staff have. While it is lost, the page looks by itself.
new DeskLink('/desk', () => {
  const role = new URLSearchParams(location.search).get('role');
  return { session: room.dataset.session, channel: room.dataset.channel, after: null, ...(role ? { role } : {}) };
}, {
  joined: ({ news }) => told('draft', news.draft),
  told,
  stands: (how) => { open = how === 'open'; },
});
setInterval(() => Date.now() - looked > (open ? CALM : every) && look(), every);
document.addEventListener('visibilitychange', () => document.hidden || look());
