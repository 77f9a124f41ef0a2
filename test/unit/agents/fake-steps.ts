import {canonicalJson} from '../../../src/core/canonical.js';
import type {NewEvent, StepRequest, Steps} from '../../../src/core/journal.js';

/** What an earlier process left: kept in memory, as JSON, over several {@link fakeSteps}. */
export interface FakeJournal {
  readonly started: Map<string, string>;
  readonly finished: Map<string, string>;
  readonly notes: NewEvent[];
}

/** An empty journal. */
export function fakeJournal(): FakeJournal {
  return {started: new Map(), finished: new Map(), notes: []};
}

/** Thrown in place of the process dying. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * Steps over a journal in memory. Each append has two instants at which the process may die, before it is durable and
 * after: number `crashAt` of them throws {@link Crash}.
 */
export function fakeSteps(journal: FakeJournal, crashAt = Infinity): Steps {
  let instant = 0;
  const tick = (): void => {
    if (instant++ === crashAt) throw new Crash('the process died');
  };
  const append = (write: () => void): void => {
    tick();
    write();
    tick();
  };
  return {
    known: (name) => (journal.finished.has(name) ? 'finished' : journal.started.has(name) ? 'started' : 'new'),
    async step<T>(request: StepRequest<T>): Promise<T> {
      const input = canonicalJson(request.input);
      const before = journal.started.get(request.name);
      if (before !== undefined && before !== input) throw new Error(`INPUT_CHANGED: ${request.name}`);
      const done = journal.finished.get(request.name);
      if (done !== undefined) return request.schema.parse(JSON.parse(done));
      let outcome: T | undefined;
      if (before !== undefined) {
        const seen = await request.reconcile?.();
        if (seen?.state === 'done') outcome = seen.outcome;
      } else append(() => journal.started.set(request.name, input));
      outcome ??= await request.run();
      const text = JSON.stringify(request.schema.parse(outcome));
      append(() => journal.finished.set(request.name, text));
      return outcome;
    },
    note(event) {
      journal.notes.push(event);
      return Promise.resolve();
    },
  };
}
