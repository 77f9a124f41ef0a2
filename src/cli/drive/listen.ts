import type {JournalEvent} from '../../core/journal.js';
import type {Waiting} from './detach.js';
import {openEventsTarget, streamEvents} from './events-file.js';
import {renderProgress} from '../render/progress.js';

/** Who hears of a run besides the person at the terminal. */
export interface Outlets {
  /** What `--events` names. */
  readonly events?: string | undefined;
  /** Who waits for its beginning: the other side of `--detach`. */
  readonly waiting?: Waiting | undefined;
}

/** Everybody who is told what a journal says, as it says it. Disposing waits for those that are told by a stream. */
export interface Listeners extends AsyncDisposable {
  readonly listen: (event: JournalEvent) => void;
}

/** What {@link startListening} needs. */
export interface ListenRequest extends Outlets {
  readonly say: (line: string) => void;
  readonly journal: string;
  /** Folder that the command works in, and root of the checkout. */
  readonly directory: string;
  readonly root: string;
}

/** Opens the outlets of a run. Throws USAGE and DISK_FULL for a file of events that cannot be written to. */
export async function startListening({say, journal, events, waiting, directory, root}: ListenRequest): Promise<Listeners> {
  const progress = listenWith(say);
  const stream = events === undefined ? undefined : streamEvents({target: await openEventsTarget(events, {directory, root}), journal, say});
  return {
    listen(event) {
      progress(event);
      stream?.wake();
      if (event.type === 'run.driven') waiting?.began();
    },
    [Symbol.asyncDispose]: async () => stream?.[Symbol.asyncDispose](),
  };
}

/** Tells a person what the journal says, as it says it. */
export function listenWith(say: (line: string) => void): (event: JournalEvent) => void {
  return (event) => {
    for (const line of renderProgress(event)) say(line);
  };
}
