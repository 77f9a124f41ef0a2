import type {runSpecialist} from '../agents/loop.js';
import type {Model} from '../agents/model.js';
import type {conflictMessage, openingMessage, repairMessage, resolveMessage, systemPrompt} from '../agents/roles.js';
import type {ContextCache} from '../context/cache.js';
import type {PackageStore} from '../context/store.js';
import type {Journal, Steps} from '../core/journal.js';
import type {Redactor} from '../core/redact.js';
import type {LockedImage, Ownership, SandboxEngine} from '../core/sandbox.js';
import type {SeedFile} from '../core/tree.js';
import type {Checkout} from '../git/freeze/checkout.js';
import type {deliverBranch} from '../git/deliver/deliver.js';
import type {signCommit} from '../git/deliver/sign.js';
import type {Repository} from '../git/repository.js';
import type {Registries} from '../project/install/registries.js';
import type {RunFiles} from '../record/store.js';
import type {verifyCommit, VerifyRequest} from '../verify/verify.js';
import type {ConflictAnswer} from './merge/open-conflict.js';
import type {RunOptions} from './options.js';
import type {Specialist} from './work/work.js';

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
    readonly resolve: typeof resolveMessage;
  };
  readonly verifyCommit: typeof verifyCommit;
  readonly harness: readonly SeedFile[];
  /** Where dependencies may come from. */
  readonly registries: Registries;
  readonly baseCache: NonNullable<VerifyRequest['baseCache']>;
  /** Context packages of earlier runs. */
  readonly contextStore: PackageStore;
  readonly deliverBranch: typeof deliverBranch;
  readonly signCommit: typeof signCommit;
  /** Takes this machine's secrets out of everything that is written. */
  readonly redact: Redactor;
}

/** A submission that its owner could not bring onto the merge so far. */
export interface OpenConflict {
  readonly round: number;
  readonly specialist: string;
  /** The merge so far. */
  readonly onto: string;
  readonly submission: string;
  /** Not escaped. */
  readonly paths: readonly string[];
  /** Set when git could merge, but the tree would be unsafe. */
  readonly why: string | undefined;
}

/** Who is asked when the owner could not resolve a conflict. */
export interface Resolver {
  /**
   * Gives a commit of ours on top of the merge so far in which both sides hold, or undefined when that could not be done; it may
   * differ from what git merged in the conflicted paths alone. Its acts are steps of the run.
   */
  readonly ask: (run: Run, conflict: OpenConflict, signal: AbortSignal) => Promise<string | undefined>;
  /** Who worked at it so far, for the report. */
  readonly worked: () => readonly Specialist[];
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
  /** What a person decided about a conflict that waits for them. */
  readonly conflictAnswer?: ConflictAnswer | undefined;
}

/** A run whose image is locked: every box is made from that content. */
export interface Run extends OpenedRun {
  readonly image: LockedImage;
  /** What was worked out for one context package, for the next. */
  readonly contextCache: ContextCache;
  readonly resolver: Resolver;
}

/** Where a run's own refs live in the bare repository. */
export function refOf(run: Pick<Run, 'id'>, name: string): string {
  return `refs/bulkhead/${run.id}/${name}`;
}
