import type {runSpecialist} from '../agents/loop.js';
import type {Model} from '../agents/model.js';
import type {conflictMessage, openingMessage, repairMessage, systemPrompt} from '../agents/roles.js';
import type {Journal, Steps} from '../core/journal.js';
import type {Redactor} from '../core/redact.js';
import type {LockedImage, Ownership, SandboxEngine} from '../core/sandbox.js';
import type {SeedFile} from '../core/tree.js';
import type {Checkout} from '../git/freeze/checkout.js';
import type {deliverBranch} from '../git/deliver/deliver.js';
import type {Repository} from '../git/repository.js';
import type {RunFiles} from '../record/store.js';
import type {verifyCommit, VerifyRequest} from '../verify/verify.js';
import type {RunOptions} from './options.js';

/** The other rooms as the conductor sees them; `cli/wire.ts` hands in the real ones, tests what they like. */
export interface Rooms {
  readonly engine: SandboxEngine;
  readonly repository: Repository;
  readonly model: Model;
  readonly runSpecialist: typeof runSpecialist;
  readonly prompts: {
    readonly role: typeof systemPrompt;
    readonly opening: typeof openingMessage;
    readonly repair: typeof repairMessage;
    readonly conflict: typeof conflictMessage;
  };
  readonly verifyCommit: typeof verifyCommit;
  readonly harness: readonly SeedFile[];
  readonly baseCache: NonNullable<VerifyRequest['baseCache']>;
  readonly deliverBranch: typeof deliverBranch;
  /** Takes this machine's secrets out of everything that is written. */
  readonly redact: Redactor;
}

/** One run while this process drives it, before its inputs are locked. */
export interface OpenedRun {
  readonly id: string;
  readonly task: string;
  readonly startedAt: Date;
  readonly checkout: Checkout;
  readonly options: RunOptions;
  readonly files: RunFiles;
  readonly journal: Journal;
  readonly steps: Steps;
  readonly ownership: Ownership;
  readonly rooms: Rooms;
  /** Where the engine answers, for messages. */
  readonly engineAddress: string;
  /** A person has said that work whose workspace is gone is given up. */
  readonly acceptLoss: boolean;
}

/** A run whose image is locked: every box is made from that content. */
export interface Run extends OpenedRun {
  readonly image: LockedImage;
}

/** Where a run's own refs live in the bare repository. */
export function refOf(run: Pick<Run, 'id'>, name: string): string {
  return `refs/bulkhead/${run.id}/${name}`;
}
