// Questions, shows of hands, and figures of who is heard. Only for the type check: no page loads this file.

/** The fields of a form on *Ask or comment*, by name. */
type FormFields = Record<string, string>;

/** A form of *Ask or comment* that is stored in the browser until it has been sent. */
interface KeptForm {
  action: string;
  fields: FormFields;
  label?: string;
  /** When it was written, Unix ms. */
  at: number;
  /** Why the server has refused it; empty while it waits. */
  wrong?: string;
}

/**
 * The server's answer to a form: its page and address, whether the form was taken, and whether the rate limit was
 * reached (`often`).
 */
interface Sent {
  taken: boolean;
  often: boolean;
  address: string;
  page: Document;
}

/** A question of a hub's room, stored in the browser until the meeting has it; `at` is Unix ms. */
interface Carried {
  session: string;
  fields: FormFields;
  at: number;
  page: string;
}

/** A question, comment or request as desks get it (docs/reference/desk-socket.md); times are media ms. */
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
  /** The line that was being spoken then. */
  said: { segment: string; text: string; language: string } | null;
  support: number;
  after_close: boolean;
  /** Id of the question with which it was joined; empty for none. */
  into: string;
  reason: string;
  /** Whether its author has brought it to this status. */
  own: boolean;
  /** Id of the line at which it was answered. */
  segment: string | null;
  /** The written answer. */
  answer: string;
  answer_language: string;
  /** The policy question under which it stands for the report; null for none. */
  under: string | null;
  /** The number of the paragraph of a document on which it comments; 0 for none. */
  paragraph: number;
}

/** A show of hands as desks get it. */
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

/** News of questions for desks: with `whole` all of them, otherwise what has changed. */
interface QuestionNews {
  whole: boolean;
  items: Question[];
  gone: string[];
  more: { before: number; count: number; checked: number } | null;
  queue: { intervention: string; why: string }[];
  /** Groups of ids of questions that are likely the same; the earliest is the first in its group. */
  alike: string[][];
  arranged: string[];
  order: string;
  called: string | null;
  /** When the turn under way began, media ms; null for none. */
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

/** The number of ballots that a flood has sent and that don't count, by question and by show of hands. */
interface SetAside {
  support: Record<string, number>;
  hands: Record<string, number>;
}

/** The number of ballots of the last minute, and from how many addresses they came. */
interface Lately {
  support: Record<string, [ballots: number, addresses: number]>;
  hands: Record<string, [ballots: number, addresses: number]>;
}

/** Many questions from one network address: how many, and the first and last of their numbers. */
interface Crowd {
  place: string;
  count: number;
  numbers: [first: number, last: number];
}

/** Figures of who is heard: by origin, and by what people say of themselves. */
interface BalanceNews {
  origins: (BalanceRow & { origin: string })[];
  unheard: { origin: string; waiting: number; minutes: number }[];
  groups: { dimension: string; rows: (BalanceRow & { cell: string })[] }[];
}

/** A row of such figures; null where there is none, or where it must not be shown. */
type BalanceRow = Record<'people' | 'received' | 'taken' | 'turns' | 'heard' | 'answered' | 'spoken' | 'minutes' | 'wait', number | null>;
