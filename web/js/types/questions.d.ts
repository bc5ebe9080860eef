// Questions, shows of hands, and who is heard. For the type check alone: no page loads it.

/** The fields of a form on *Ask or comment*, by name. */
type FormFields = Record<string, string>;

/** A form of questions that is kept in the browser until it has been sent. */
interface KeptForm {
  action: string;
  fields: FormFields;
  label?: string;
  /** When it was written, Unix ms. */
  at: number;
  /** Why it was not taken; empty while it waits. */
  wrong?: string;
}

/** What the server answered to a form: the page with its address, and whether the form was taken, or came too often. */
interface Sent {
  taken: boolean;
  often: boolean;
  address: string;
  page: Document;
}

/** A question of a hub's room, kept in the browser until the meeting has it. */
interface Carried {
  session: string;
  fields: FormFields;
  at: number;
  page: string;
}

/** A question, comment or request as desks are told of it (docs/reference/desk-socket.md); times are media ms. */
interface Question {
  id: string;
  number: number;
  kind: string;
  status: string;
  since: number;
  flags: string[];
  removed?: boolean;
  origin: string;
  language: string;
  text: string;
  received: string;
  name: string;
  /** The name as it was given. */
  given: string;
  /** When it was asked, media ms; null or 0 before the meeting. */
  t: number | null;
  /** The line that was said then. */
  said: { segment: string; text: string; language: string } | null;
  support: number;
  after_close: boolean;
  /** With which it was joined. */
  into: string;
  reason: string;
  /** Whether its author took it out or back. */
  own: boolean;
  /** The line at which it was answered. */
  segment: string | null;
  /** An answer in writing. */
  answer: string;
  answer_language: string;
}

/** A show of hands as desks are told of it. */
interface Poll {
  id: string;
  number: number;
  question: string;
  language: string;
  options: string[];
  open: boolean;
  remote: number[];
  room: number[];
}

/** What desks are told of questions: all of it, where `whole`, else what changed. */
interface QuestionNews {
  whole: boolean;
  items: Question[];
  gone: string[];
  more: { before: number; count: number; checked: number } | null;
  queue: { intervention: string; why: string }[];
  /** Ids of what is likely the same, the first that came first. */
  alike: string[][];
  arranged: string[];
  order: string;
  called: string | null;
  /** Since when a turn goes on. */
  turn: number | null;
  limit: number;
  time: number;
  typed: boolean;
  begin: number | null;
  longer: boolean;
  polls: Poll[];
  /** Whether only browsers that keep a cookie may ask. */
  known: boolean;
}

/** Ballots of a flood that don't count, by question and by show of hands. */
interface SetAside {
  support: Record<string, number>;
  hands: Record<string, number>;
}

/** Ballots of the last minute, and from how many addresses. */
interface Lately {
  support: Record<string, [ballots: number, addresses: number]>;
  hands: Record<string, [ballots: number, addresses: number]>;
}

/** Many questions from one address, and the first and last of their numbers. */
interface Crowd {
  place: string;
  count: number;
  numbers: [first: number, last: number];
}

/** Who is heard: by place, and by what people say of themselves. */
interface BalanceNews {
  origins: (BalanceRow & { origin: string })[];
  unheard: { origin: string; waiting: number; minutes: number }[];
  groups: { dimension: string; rows: (BalanceRow & { cell: string })[] }[];
}

/** Figures of those who are heard; null where there is none, or none that may be shown. */
type BalanceRow = Record<'people' | 'received' | 'taken' | 'turns' | 'heard' | 'answered' | 'spoken' | 'minutes' | 'wait', number | null>;
