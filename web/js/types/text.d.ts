// The text of a meeting as scripts get it. For the type check alone: no page loads it.

/** What the page of a display begins with (server/moothall/adapters/displays/display_door.py). */
interface DisplayData extends Texts {
  epoch: string;
  offset: number;
  session: Session;
  lines: Line[];
  /** Whether what was cleared is left out. */
  wall: boolean;
  events: string;
  now: number;
  spoke: number | null;
  look: Record<string, number> & { color: string; back: number };
}

/** What a line of a translation was made from. */
interface MadeFrom {
  sources: [segment: string, revision: number][];
  model?: string;
  route?: string;
  /** By a translator that is known to be no more than rough. */
  rough?: boolean;
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
  /** The public name of the outside tool that sent it. */
  tool?: string;
  /** A machine heard a respeaker. */
  respoken?: boolean;
}

/** A line as a batch of the low-data door tells it. */
type SpeltLine = Pick<Line, 'number' | 'segment' | 't0' | 'language' | 'origin' | 'speaker' | 'mended' | 'accepted' | 'text' | 'tool'>;

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
  requested?: number | null;
}

interface Session {
  id: string;
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
  /** Whose text it is: `machine`, `person`, `tool` or `respeaker`; nothing before anybody but the machine has been on air. */
  on_air?: string;
  /** The public name of the outside tool that is on air. */
  tool?: string;
  seal: string | null;
  /** Why the meeting will not be held, empty where nobody said; null or nothing: it will be. */
  cancelled?: string | null;
  hubs?: Record<string, HubStatus>;
  /** From where on walls show the text, ms of the session; null or nothing: all of it. */
  wall_cleared?: number | null;
}

/** The fields of all events that readers get; docs/reference/events.md says which event has which. */
interface EventBody {
  type: string;
  intervention: string;
  number?: number;
  status: string;
  question: string;
  /** The answers of a show of hands, and whether its numbers are shown once it is closed. */
  options: string[];
  quiet?: boolean;
  /** A show of hands is over without a result. */
  void?: boolean;
  /** How many would ask the same, by intervention. */
  counts: Record<string, number>;
  poll: string;
  remote: number[];
  room: number[];
  /** A group far away, and how it stands. */
  hub: string;
  here: boolean;
  people: number;
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
  words: { text: string; p?: number }[];
  base_revision: number;
  note?: string;
  to?: string | null;
  machine: boolean;
  accepted?: boolean;
  made_from?: MadeFrom;
  source: string;
  tool?: string;
  respoken?: boolean;
  title: string;
  access: string;
  sound?: string;
  young_people: boolean;
  rehearsal?: boolean;
  kind: string;
  of_record?: boolean;
  requested?: number | null;
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

/** A message of the low-data stream: the position after it, then lines, events and signals in order. */
type Batch = [position: number, ...BatchPart[]] & { sent?: undefined; events?: undefined; snapshot?: undefined };
type BatchPart = LogEvent | Signal | string | number | (string | number | null)[];

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
  /** At a hub: whether its own line to the meeting is dead. */
  lost?: boolean;
}

interface DocumentEventMap {
  pulse: CustomEvent<Pulse>;
}

/** What the page of a text begins with (server/moothall/adapters/reading/session_page.py). */
interface ReaderData extends Texts {
  epoch: string;
  offset: number;
  channel: string;
  session: Session;
  growing: Line | null;
  now: number;
  spoke: number | null;
  date: string;
  /** Of the conference: ms ahead of UTC, how an ISO time says that, and its name. */
  zone: [ahead: number, offset: string, name: string];
  /** Whether a translation of the whole is being made. */
  making: boolean;
  base: string;
  query: string;
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

/** Gives a language's name by its BCP-47 tag. */
type Tongue = (tag: string) => string;

/** What a batch of the low-data door tells. */
type News = SpeltLine | LogEvent | Signal;
