// The state of a session's questions, as the server sends it, and their division into panels. Pure: no DOM, no network.

/** @type {Record<string, string>} */
const PANELS = {
  'being-checked': 'Checked', queued: 'Queued', called: 'Called', answered: 'Answered', written: 'Answered', 'to-write': 'Answered',
};

/** @type {Record<string, string[]>} acts that are possible for each status, the likeliest first */
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

const TURNS = ['call', 'up', 'down', 'first']; // acts that are possible only while the meeting can still give turns

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
    /** @type {TopicNews['questions']} the policy questions of the meeting */
    this.policy = [];
    /** @type {?string} */
    this.called = null;
    /** @type {?number} since when the turn is under way, media ms; null for none */
    this.turn = null;
    /** @type {Poll[]} */
    this.polls = [];
    /** @type {?Lately} */
    this.lately = null;
    /** @type {?Crowd[]} */
    this.crowds = null;
    /** @type {QuestionNews['more']} older questions that this page hasn't got; null for none */
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

  /** Fold a message into the state; returns the ids of new questions. @param {QuestionNews} body */
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

  /**
   * Add older questions that were requested; versions that are here already are newer and stay.
   * @param {Pick<QuestionNews, 'items' | 'more'>} older
   */
  takeOlder({ items, more }) {
    for (const item of items) if (!this.items.has(item.id)) this.items.set(item.id, item);
    this.more = more;
  }

  /** A question; null if it is unknown. @param {string} id */
  get(id) {
    return this.items.get(id) ?? null;
  }

  /**
   * The ids of a panel in order: the queue in its own order, finished questions newest first, others by number.
   * @param {string} name  @param {(item: Question) => boolean} fits
   */
  panel(name, fits = () => true) {
    if (name === 'Queued') {
      const queued = this.queue.flatMap(({ intervention }) => this.items.get(intervention) ?? []);
      return queued.filter((item) => fits(item)).map(({ id }) => id);
    }
    const where = (/** @type {Question} */ { status }) => (this.over && status === 'called' ? 'Others' : PANELS[status] ?? 'Others'); // its turn ended with the meeting
    const found = [...this.items.values()].filter((item) => where(item) === name && fits(item));
    const over = name === 'Answered' || name === 'Others';
    found.sort((a, b) => (over ? b.since - a.since || b.number - a.number : a.number - b.number));
    return found.map(({ id }) => id);
  }

  /** The acts that are possible for a question now, the likeliest first. @param {string} id */
  acts(id) {
    const item = this.get(id);
    if (!item) return [];
    const { status, flags, removed } = item;
    const none = [...(removed ? ['reword', 'write'] : []), ...(this.over ? TURNS : [])];
    const acts = (ACTS[status] ?? []).filter((act) => !none.includes(act));
    if (!acts.length) return acts;
    return [...acts, ...(flags.includes('abuse') ? [] : ['flag']), ...(flags.length ? ['unflag'] : []), ...(this.policy.length ? ['under'] : [])];
  }

  /** The number of the policy question under which a question stands; 0 for none. @param {Question} item */
  policyOf({ under }) {
    return this.policy.findIndex(({ id }) => id === under) + 1;
  }

  /**
   * Split questions that are to be approved at once: [without flags, those with flags, to be read one by one].
   * @param {string[]} ids
   */
  apart(ids) {
    const marked = (/** @type {string} */ id) => !!this.get(id)?.flags.length;
    return ids.length < 2 ? [ids, []] : [ids.filter((id) => !marked(id)), ids.filter(marked)];
  }

  /** Why a question has its position in the queue; null if it isn't there. @param {string} id */
  why(id) {
    return this.queue.find(({ intervention }) => intervention === id)?.why ?? null;
  }

  /**
   * Ids of questions that are likely the same: for the first of a group all others, for each other one the first.
   * @param {string} id
   */
  like(id) {
    const [first, ...others] = (this.alike.find((group) => group.includes(id)) ?? []).filter((each) => this.items.has(each));
    if (id === first) return others;
    return first ? [first] : [];
  }

  /**
   * Whether a question is the first of a group that is likely the same: the others are joined with it.
   * @param {string} id
   */
  leads(id) {
    return this.alike.some(([first]) => first === id);
  }

  /**
   * The questions with which these can be joined: all that are not finished, or were answered.
   * @param {string[]} ids
   */
  targets(ids) {
    return [...this.items.values()].filter(({ id, status }) => !ids.includes(id) && ['being-checked', 'queued', 'called', 'later', 'answered'].includes(status));
  }

  /**
   * The beginning of the queue in the order set by hand, after `id` was moved; null when nothing would change.
   * @param {string} id  @param {string | number} how  `up`, `down`, `first`, or an index in the queue
   */
  moved(id, how) {
    const all = this.queue.map(({ intervention }) => intervention);
    const from = all.indexOf(id);
    const to = typeof how === 'number' ? how : how === 'first' ? 0 : from + (how === 'up' ? -1 : 1);
    if (from < 0 || to < 0 || to >= all.length || to === from) return null;
    all.splice(to, 0, ...all.splice(from, 1));
    // The part that was arranged by hand before stays in it.
    const more = !this.arranged.includes(id) && to < this.arranged.length ? 1 : 0;
    const by = Math.max(to + 1, this.arranged.length + more);
    return all.slice(0, by);
  }

  /** The ids of questions that are not finished: [approved, not approved]. */
  left() {
    const open = [...this.items.values()].filter(({ status }) => ['being-checked', 'queued', 'called', 'later'].includes(status));
    const ids = (/** @type {Question[]} */ items) => items.map(({ id }) => id);
    return [ids(open.filter(({ status }) => status !== 'being-checked')), ids(open.filter(({ status }) => status === 'being-checked'))];
  }
}
