import {canonicalJson, sha256} from '../../core/canonical.js';
import {AppError} from '../../core/errors.js';
import type {FinishedStep, Journal, StepRequest, Steps} from '../../core/journal.js';

/**
 * Steps over a journal. Outcomes that are recorded are returned without acting. An intent that an earlier process
 * left behind is reconciled first. Steps of different names may run at the same time.
 */
export function startSteps(journal: Journal): Steps {
  const started = new Map<string, string>();
  const finished = new Map<string, FinishedStep>();
  for (const event of journal.events) {
    if (event.type === 'step.started') started.set(event.step, event.inputSha256);
    if (event.type === 'step.finished') finished.set(event.step, event);
  }

  async function finish<T>(request: StepRequest<T>, input: string, found: {readonly outcome: T; readonly reconciled: boolean}): Promise<T> {
    const event = await journal.append({type: 'step.finished', step: request.name, inputSha256: input, ...found});
    finished.set(request.name, event);
    // Not what the act gave but what is recorded of it: without secrets, and so the same as after a resume.
    return request.schema.parse(event.outcome);
  }

  return {
    async step(request) {
      const input = sha256(canonicalJson(request.input));
      const done = finished.get(request.name);
      const before = done?.inputSha256 ?? started.get(request.name);
      if (before !== undefined && before !== input) throw inputChanged(request.name);
      if (done !== undefined) return request.schema.parse(await journal.outcomeOf(done));
      if (before !== undefined && request.reconcile !== undefined) {
        const seen = await request.reconcile();
        if (seen.state === 'done') return finish(request, input, {outcome: seen.outcome, reconciled: true});
      }
      if (before === undefined) {
        await journal.append({type: 'step.started', step: request.name, inputSha256: input, names: {...request.names}});
        started.set(request.name, input);
      }
      return finish(request, input, {outcome: await request.run(), reconciled: false});
    },
    async note(event) {
      await journal.append(event);
    },
    known: (name) => (finished.has(name) ? 'finished' : started.has(name) ? 'started' : 'new'),
  };
}

function inputChanged(name: string): AppError {
  return new AppError('INPUT_CHANGED', `The step ${name} was begun with other inputs than it has now.`, {
    hint: 'Start a new run: `bulkhead run`. This one keeps its submissions until it is discarded.',
  });
}
