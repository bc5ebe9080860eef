// Takes a wall with an interpreter's text to the machine's translation while the interpreter is silent, and back. The
// wall says which text it shows; it changes without asking, since nobody is there to be asked.

const MARK = 'instead-of'; // in the translation's address: the interpreter's channel in whose place it is shown

/** The address of the interpreter's text if the wall shows a translation in its place; else the page's own address. */
export function own() {
  const address = new URL(location.href);
  const { searchParams: query } = address;
  const of = query.get(MARK);
  if (of !== null) query.set('channel', of);
  query.delete(MARK);
  return address.href;
}

/**
 * Change to the text that the server names, if any. After the close the interpreter's text, which is the record, is
 * shown again.
 * @param {{instead: ?string, session: Session}} reader
 */
export function standIn({ instead, session }) {
  const address = new URL(location.href);
  const { searchParams: query } = address;
  const closed = session.status === 'closed';
  if (query.has(MARK)) {
    if (closed || instead === query.get(MARK)) location.replace(own());
  } else if (!closed && instead && session.channels[instead]?.kind === 'translation') {
    query.set(MARK, query.get('channel') ?? '');
    query.set('channel', instead);
    location.replace(address.href);
  }
}
