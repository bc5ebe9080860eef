// Shapes that scripts share, for the type check of `make check` alone: no page loads this file.

/** Values for the {places} of a text. */
type Values = Record<string, string | number>;

/** What a line of a translation was made from. */
interface MadeFrom {
  sources: [segment: string, revision: number][];
  model?: string;
  route?: string;
}

/** A segment as readers see it (server/moothall/core/views/captions.py); times are media ms. */
interface Line {
  segment: string;
  /** Its place in the whole text, from 0. */
  number: number;
  t0: number;
  t1: number | null;
  language: string;
  origin: string;
  speaker: string | null;
  text: string;
  words: number;
  mended: boolean;
  accepted: boolean;
  gone: boolean;
  /** It came long after it was said, and is no news. */
  late?: boolean;
  made_from?: MadeFrom;
}

/** A line as a batch of the low-data door tells it. */
type SpeltLine = Pick<Line, 'number' | 'segment' | 't0' | 'language' | 'origin' | 'speaker' | 'mended' | 'accepted' | 'text'>;

/** A span without text. */
interface Gap {
  t0: number;
  t1: number;
  reason: string;
}

/** How a hub stands in a session, for walls. */
interface HubStatus {
  hub: string;
  here: boolean;
  title: string;
  people: number;
}

interface Channel {
  kind: string;
  languages: string[];
  of_record?: boolean;
  asked?: string | null;
}

interface Session {
  status: string;
  title: string;
  languages: string[];
  access: string;
  sound: string;
  young_people: boolean;
  rehearsal: boolean;
  speakers: Record<string, string>;
  channels: Record<string, Channel>;
  gaps: Gap[];
  opened: number | null;
  clock: [t: number, wall: number] | null;
  paused: number | null;
  not_recorded: number | null;
  speaking: string | null;
  forced: string | null;
  seal: string | null;
  hubs?: Record<string, HubStatus>;
}

/** The fields of all events that readers get; docs/reference/events.md says which event has which. */
interface EventBody {
  type: string;
  segment: string;
  segments: string[];
  channel: string;
  speaker: string;
  name: string;
  t: number;
  t0: number;
  t1: number;
  wall: number;
  language: string;
  languages: string[];
  origin: string;
  text: string;
  tail: string;
  first: number;
  words: { text: string }[];
  machine: boolean;
  accepted?: boolean;
  made_from?: MadeFrom;
  title: string;
  access: string;
  sound?: string;
  young_people: boolean;
  rehearsal?: boolean;
  kind: string;
  of_record?: boolean;
  asked?: string | null;
  reason: string;
  version: string;
}

interface LogEvent {
  offset: number;
  at: number;
  by: string;
  body: EventBody | null;
}

/** The fields of all signals that readers get (server/moothall/core/signals.py). */
interface Signal {
  kind: string;
  segment: string;
  first: number;
  text: string;
  language: string;
  t0: number;
  sound: string;
  lag: number;
  awaited: boolean;
  instead: string | null;
}

interface Snapshot {
  epoch: string;
  offset: number;
  session: Session;
  lines: Line[];
  before?: number;
}

/** A message of the stream of events. */
interface Frame {
  0?: number;
  snapshot?: Snapshot;
  prev?: number;
  events?: LogEvent[];
  signals?: Signal[];
  sent: number;
}

interface Pulse {
  every: number;
  head: number;
}

/** What a frame changed, as `Reader` says it. */
interface Change {
  /** A frame is missing: ask again from `position`. */
  lost: boolean;
  /** What is on the screen belongs to another text. */
  cleared: boolean;
  snapshot: boolean;
  /** What to tell of, in order: a gap, or whether what is said is kept from here on. */
  notices: (Gap | boolean)[];
  session: boolean;
  /** Somebody else has the floor. */
  speaking: boolean;
  gaps: boolean;
  /** Ids of lines that changed. */
  lines: Set<string>;
  /** Ids of lines that are in the text no more. */
  gone: Set<string>;
  /** Lines have other numbers than before. */
  moved: boolean;
}

/** A connection, and the offset up to which it has been read. */
type Source = EventSource & { seen: number };

/** A field of the form of choices: a check box or a list, as `type` says. */
type Field = HTMLInputElement & Pick<HTMLSelectElement, 'options' | 'selectedIndex' | 'length'>;

/** Gives a language's name by its BCP-47 tag. */
type Tongue = (tag: string) => string;

/** What a batch of the low-data door tells. */
type News = SpeltLine | LogEvent | Signal;
