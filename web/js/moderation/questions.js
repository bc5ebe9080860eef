// What people want to say, as the server tells of it: folded, sifted, and put into panels. Pure: no DOM, no network.

/** @type {Record<string, string>} */
const PANELS = {
  'being-checked': 'Checked', queued: 'Queued', called: 'Called', answered: 'Answered', written: 'Answered', 'to-write': 'Answered',
};

/** @type {Record<string, string[]>} what acts can be done with something that stands there, the likeliest first */
const ACTS = {
  'being-checked': ['approve', 'decline', 'reword', 'join', 'later', 'write'],
  queued: ['call', 'up', 'down', 'first', 'later', 'decline', 'hold', 'reword', 'join', 'answered', 'write', 'to-write', 'report'],
  called: ['answered', 'later', 'restore', 'write', 'reword', 'to-write', 'report'],
  answered: ['restore', 'write', 'reword'],
  written: ['write', 'restore', 'reword'],
  'to-write': ['write', 'decline', 'restore', 'reword', 'report'],
  'to-report': ['write', 'restore', 'reword', 'to-write'],
  later: ['restore', 'call', 'write', 'decline', 'join', 'reword', 'to-write', 'report'],
  declined: ['restore', 'hold'],
  joined: ['restore'],
  closed: ['restore', 'write'],
  withdrawn: [],
};

const TURNS = ['call', 'up', 'down', 'first']; // acts for which there must be turns to be had

export class Questions {
  constructor() {
    this.over = false; // whether the meeting is closed
    /** @type {Map<string, Question>} */
    this.items = new Map();
    /** @type {QuestionNews['queue']} */
    this.queue = [];
    /** @type {string[][]} */
    this.alike = [];
    /** @type {string[]} */
    this.arranged = [];
    this.order = 'arrival';
    /** @type {?string} */
    this.called = null;
    /** @type {?number} since when, media ms */
    this.turn = null;
    /** @type {Poll[]} */
    this.polls = [];
    /** @type {?Lately} */
    this.lately = null;
    /** @type {?Crowd[]} */
    this.crowds = null;
    /** @type {QuestionNews['more']} what is not here */
    this.more = null;
    /** @type {?Alarm[]} of the meeting */
    this.alarms = null;
    this.known = false; // whether only browsers that keep a cookie may ask
    /** @type {?SetAside} */
    this.aside = null;
    this.limit = 0;
    this.time = 0;
    this.typed = false;
    /** @type {?number} */
    this.begin = null;
    this.longer = false;
  }

  /** Take a message in; gives the ids that are new. @param {QuestionNews} body */
  take(body) {
    const known = new Set(this.items.keys());
    if (body.whole) {
      this.items = new Map();
      this.more = body.more;
    }
    for (const item of body.items) this.items.set(item.id, item);
    for (const id of body.gone) this.items.delete(id);
    const { queue, alike, arranged, order, called, turn, limit, time, typed, begin, longer, polls, known: only } = body;
    Object.assign(this, { queue, alike, arranged, order, called, turn, limit, time, typed, begin, longer, polls, known: only });
    return body.items.filter(({ id }) => !known.has(id)).map(({ id }) => id);
  }

  /** Take in older ones, that were asked for; what is here already is newer. @param {Pick<QuestionNews, 'items' | 'more'>} older */
  takeOlder({ items, more }) {
    for (const item of items) if (!this.items.has(item.id)) this.items.set(item.id, item);
    this.more = more;
  }

  /** @param {string} id */
  get(id) {
    return this.items.get(id) ?? null;
  }

  /**
   * Ids of a panel in their order: the queue in its own, what is over with the newest first.
   * @param {string} name  @param {(item: Question) => boolean} fits
   */
  panel(name, fits = () => true) {
    if (name === 'Queued') {
      const queued = this.queue.flatMap(({ intervention }) => this.items.get(intervention) ?? []);
      return queued.filter((item) => fits(item)).map(({ id }) => id);
    }
    const where = (/** @type {Question} */ { status }) => (this.over && status === 'called' ? 'Others' : PANELS[status] ?? 'Others'); // Its turn ended with the meeting.
    const found = [...this.items.values()].filter((item) => where(item) === name && fits(item));
    const over = name === 'Answered' || name === 'Others';
    found.sort((a, b) => (over ? b.since - a.since || b.number - a.number : a.number - b.number));
    return found.map(({ id }) => id);
  }

  /** @param {string} id */
  acts(id) {
    const item = this.get(id);
    if (!item) return [];
    const { status, flags, removed } = item;
    const none = [...(removed ? ['reword', 'write'] : []), ...(this.over ? TURNS : [])];
    const acts = (ACTS[status] ?? []).filter((act) => !none.includes(act));
    if (!acts.length) return acts;
    return [...acts, ...(flags.includes('abuse') ? [] : ['flag']), ...(flags.length ? ['unflag'] : [])];
  }

  /** Of several that are to be approved at once: [those that may be, those that somebody should read alone]. @param {string[]} ids */
  apart(ids) {
    const marked = (/** @type {string} */ id) => !!this.get(id)?.flags.length;
    return ids.length < 2 ? [ids, []] : [ids.filter((id) => !marked(id)), ids.filter(marked)];
  }

  /** @param {string} id */
  why(id) {
    return this.queue.find(({ intervention }) => intervention === id)?.why ?? null;
  }

  /** Others that are likely the same: all of them for the one that came first, and that one for each of the others. @param {string} id */
  like(id) {
    const [first, ...others] = (this.alike.find((group) => group.includes(id)) ?? []).filter((each) => this.items.has(each));
    if (id === first) return others;
    return first ? [first] : [];
  }

  /** Whether others are joined with it, where they are likely the same, and not it with one of them. @param {string} id */
  leads(id) {
    return this.alike.some(([first]) => first === id);
  }

  /** What something can be joined with: what goes on. @param {string[]} ids */
  targets(ids) {
    return [...this.items.values()].filter(({ id, status }) => !ids.includes(id) && ['being-checked', 'queued', 'called', 'later', 'answered'].includes(status));
  }

  /**
   * What comes first by hand once `id` is moved `up`, `down`, `first` or to a place in the queue, from 0; null when it is there already.
   * @param {string} id  @param {string | number} how
   */
  moved(id, how) {
    const all = this.queue.map(({ intervention }) => intervention);
    const from = all.indexOf(id);
    const to = typeof how === 'number' ? how : how === 'first' ? 0 : from + (how === 'up' ? -1 : 1);
    if (from < 0 || to < 0 || to >= all.length || to === from) return null;
    all.splice(to, 0, ...all.splice(from, 1));
    // Whatever was put first by hand before stays there.
    const more = !this.arranged.includes(id) && to < this.arranged.length ? 1 : 0;
    const by = Math.max(to + 1, this.arranged.length + more);
    return all.slice(0, by);
  }

  /** What is still to come: [approved, not approved]. */
  left() {
    const open = [...this.items.values()].filter(({ status }) => ['being-checked', 'queued', 'called', 'later'].includes(status));
    const ids = (/** @type {Question[]} */ items) => items.map(({ id }) => id);
    return [ids(open.filter(({ status }) => status !== 'being-checked')), ids(open.filter(({ status }) => status === 'being-checked'))];
  }
}
