// What the scripts of staff pages use of Socket.IO's client, for the type check of `make check` alone: it isn't served.
// Written here, from the client's documentation.

export interface Socket {
  readonly connected: boolean;
  connect(): void;
  disconnect(): void;
  emit(event: string, data: unknown): void;
  on(event: 'connect', hear: () => void): void;
  on(event: 'disconnect', hear: (why: string) => void): void;
  on(event: 'connect_error', hear: (error: Error & { context?: { status?: number } }) => void): void;
  off(): void;
  onAny(hear: (...told: Told) => void): void;
  offAny(): void;
  /** The answer comes to the last argument of `emit`, an error where there is none in so many ms. */
  timeout(ms: number): { emit(event: string, data: object, done: (error: Error | null, answer: Answer) => void): void };
}

export function io(namespace: string, options: Record<string, unknown>): Socket;
