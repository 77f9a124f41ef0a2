import type {BoxRequest, ExecRequest, ExecResult, LockedImage, Ownership, ProcessRequest, Sandbox, SandboxEngine, SnapshotRequest, WorkspaceNames} from '../../core/sandbox.js';
import type {SeedFile} from '../../core/tree.js';

/** One promise of the port, and how to see whether an engine keeps it. */
export interface ContractCase {
  /** The promise in words; unique. */
  readonly title: string;
  /** `processes`: any implementation of the port. `container`: only one whose boxes are really sealed. */
  readonly needs: 'processes' | 'container';
  /**
   * Throws a {@link BrokenPromise} where it is broken. A returned text says what this engine cannot tell: nothing is
   * broken by that, but somebody should know.
   */
  readonly run: (lab: Lab) => Promise<string | undefined>;
}

/** How much of a request a case decides itself. */
export type BoxChoice = Partial<Pick<BoxRequest, 'env' | 'limits' | 'image'>>;
/** A box of a case, and its names. */
export type LabBox = Sandbox & {readonly names: WorkspaceNames};

/** What a case works with. Whatever it makes here is removed after it. */
export interface Lab {
  readonly engine: SandboxEngine;
  /** Another adapter of the same engine, as another process would have it. */
  readonly again: () => SandboxEngine;
  readonly image: LockedImage;
  readonly ownership: Ownership;
  readonly signal: AbortSignal;
  /** A running box over an empty snapshot that earlier cases have used too, for commands that leave nothing behind. */
  shared(): Promise<LabBox>;
  names(snapshot: string): WorkspaceNames;
  /** Makes a snapshot and gives its name; of the same name again, when one is given. */
  snapshot(files: readonly SeedFile[], more?: Partial<Pick<SnapshotRequest, 'name' | 'history' | 'harness' | 'over'>>): Promise<string>;
  request(names: WorkspaceNames, choice?: BoxChoice): BoxRequest;
  /** A running box of its own over these files, or over a snapshot. */
  box(over: readonly SeedFile[] | string, choice?: BoxChoice): Promise<LabBox>;
  process(snapshot: string, argv: readonly string[], more?: Partial<ProcessRequest>): ProcessRequest;
}

/** A promise of the port that an engine does not keep, with what was seen instead. */
export class BrokenPromise extends Error {}

/** Seconds enough for a command of the contract on a busy machine. */
const commandMs = 60_000;
let calls = 0;

/** Runs a shell command, or `more.argv`, in a box. */
export function sh(lab: Lab, box: Sandbox, script: string, more: Partial<ExecRequest> = {}): Promise<ExecResult> {
  calls += 1;
  return box.exec({id: `contract-${calls}`, argv: ['/bin/sh', '-c', script], timeoutMs: commandMs, maxBytes: 1_000_000, signal: lab.signal, ...more});
}

/** What a shell command prints; it must succeed and say nothing on stderr. */
export async function out(lab: Lab, box: Sandbox, script: string): Promise<string> {
  const {exitCode, stderr, stdout} = await sh(lab, box, script);
  expectSame({exitCode, stderr: text(stderr.head)}, {exitCode: 0, stderr: ''}, script);
  return text(stdout.head);
}

/** UTF-8 as text. */
export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** A file to put into a snapshot. */
export function file(path: string, content: string | Uint8Array = '', mode: SeedFile['mode'] = 'file'): SeedFile {
  return {path, mode, bytes: Buffer.from(content)};
}

/** Throws a {@link BrokenPromise} unless both are the same data. */
export function expectSame(seen: unknown, wanted: unknown, what: string): void {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (one !== other) throw new BrokenPromise(`${what}: ${one} instead of ${other}`);
}

/** Throws a {@link BrokenPromise} unless it holds. */
export function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new BrokenPromise(what);
}

/** The code of the error with which a promise rejects, or `no error`. What is no AppError gives its message. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
    return error instanceof Error ? error.message : String(error);
  }
}

/** Waits until a command succeeds in a box; the case's own deadline ends it. */
export async function until(lab: Lab, box: Sandbox, script: string): Promise<void> {
  while ((await sh(lab, box, script)).exitCode !== 0) lab.signal.throwIfAborted();
}

/** A command that counts the processes with such an argument. */
export function alive(argument: string): string {
  return `cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -c "^${argument}$" || true`;
}
