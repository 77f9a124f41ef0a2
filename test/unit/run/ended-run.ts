import {join} from 'node:path';
import {makeRedactor} from '../../../src/core/redact.js';
import {applyToCheckout} from '../../../src/git/deliver/apply.js';
import {deliverBranch} from '../../../src/git/deliver/deliver.js';
import {openPullRequest} from '../../../src/git/deliver/pull-request.js';
import {signCommit} from '../../../src/git/deliver/sign.js';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {writeDurably} from '../../../src/record/durable.js';
import {openJournal} from '../../../src/record/journal/journal.js';
import {makeRunFolder, storeOf} from '../../../src/record/store.js';
import {deliverRun, type DeliverRequest} from '../../../src/run/deliver/deliver.js';
import {date, file, never, open, ownRepository, stream} from '../git/fixture.js';

const runId = '20260102-030405-abcd';

/** The report of a run that merged something, as it is written when the run ends. */
function reportOf(verdict: string, {base, commit}: {readonly base: string; readonly commit: string}) {
  const facts = {manifestSha256: '0', manifestSource: 'm.yml', traffic: 'replayed', image: {reference: 'node', id: 'i', diffIds: []}, engine: {name: 'e', version: '1', apiVersion: '1'}};
  return {schemaVersion: 1, runId, task: 'Do it', verdict, base, commit, tree: commit, ...facts, checks: [], findings: [], restored: [], notes: [], rounds: [], specialists: [], timings: {}};
}

/** A run that has ended, with real repositories and a real journal, as `deliver` meets it. */
export async function endedRun(root: string, {status}: {readonly status: 'verified' | 'blocked' | 'cancelled' | 'parked'}) {
  const at = await ownRepository(join(root, 'git'), {'a.txt': 'a\n', 'CHANGELOG.md': '- a\n'});
  const {repository, base, user} = at;
  const entries = [file('new.txt', 'n\n'), file('.github/workflows/ci.yml', 'on: push\n')];
  const {commit: merged} = await repository.importSubmission({parent: base, entries: stream(entries), policy: open, ref: `refs/bulkhead/${runId}/merged/0`, message: 'merged', date, signal: never});
  const bookkeeping = await repository.commitFiles({parent: merged, files: [], ref: `refs/bulkhead/${runId}/result`, message: 'Verified: Do it', date, signal: never});
  const files = await makeRunFolder(storeOf(root, 'repo-00000000'), runId);
  const redact = makeRedactor([{name: 'KEY', value: 'canary-secret-value'}]);
  const manifest = {schemaVersion: 1, task: 'Do it', base, image: 'node', files: [{path: 'new.txt', action: 'create', owner: 'implementation', must: []}], withoutTests: 'none', allow: {testConfig: [], ignoredFiles: []}};
  const options = {manifest, manifestSource: 'm.yml', traffic: 'replayed', model: {name: 'm', maxTokens: 1}, limits: {memoryMiB: 64, cpus: 1, pids: 16}, maxParallel: 1, maxTurns: 1, repairRounds: 0, scopes: {}};
  const finished = (step: string, outcome: unknown) => ({type: 'step.finished', step, inputSha256: 'i', outcome, reconciled: false}) as const;
  {
    await using journal = await openJournal(files.journal, {now: () => date, redact});
    await journal.append({type: 'run.opened', runId, task: 'Do it\nand more', repository: user, options});
    await journal.append(finished('merge/0/implementation/0', {state: 'merged', commit: merged, settled: [{path: 'CHANGELOG.md', by: 'union'}]}));
    if (status === 'verified') await journal.append(finished('bookkeeping', {commit: bookkeeping, notes: []}));
    if (status === 'parked') await journal.append({type: 'run.parked', code: 'CONFLICT_OPEN', message: 'm'});
    else await journal.append({type: 'run.closed', verdict: status, commit: merged, ...(status === 'verified' ? {branch: 'bulkhead/do-it'} : {})});
  }
  if (status !== 'cancelled') await writeDurably(files.reportJson, JSON.stringify(reportOf(status, {base, commit: merged})));
  const rooms = {repository, deliverBranch, applyToCheckout, signCommit, openPullRequest, redact};
  const deliver = async (more: Partial<DeliverRequest> = {}, signal = never) =>
    deliverRun({files, checkout: await readCheckout(user, never), rooms: {...rooms, ...more.rooms}, branch: undefined, how: 'branch', withHead: false, override: undefined, now: () => date, ...more}, signal);
  return {...at, files, merged, bookkeeping, rooms, deliver, runId};
}
