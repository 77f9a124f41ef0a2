import type {z} from 'zod';
import type {Redactor} from '../../core/redact.js';
import type {ExecResult} from '../../core/sandbox.js';
import type {ToolOutcome} from '../conversation.js';
import type {ToolDefinition} from '../model.js';

/** One command of a tool in the box; the caller names it, and may answer from an earlier process's call. */
export type ToolExec = (command: {
  readonly argv: readonly string[];
  readonly stdin?: Uint8Array | undefined;
  readonly timeoutMs: number;
  /** Most bytes kept of each output. */
  readonly maxBytes: number;
}) => Promise<ExecResult>;

/** What a tool works with. */
export interface Bench {
  readonly exec: ToolExec;
  /** What a box said goes through this before it is cut: of a secret that is cut in two, neither half would be known. */
  readonly redact: Redactor;
}

/** A tool: what the model is told of it, and what a call does. */
export interface Tool {
  readonly definition: ToolDefinition;
  /** Whether its effects need a box. */
  readonly inBox: boolean;
  /** Runs one call; a wrong input or a failed effect is an outcome with `isError`, never a throw. All effects go through `exec`, in an order that follows from the input and from what `exec` returned. What a box said is given without secrets. */
  call(input: unknown, bench: Bench): Promise<ToolOutcome>;
}

/** Makes a tool from its schema and effect; a wrong input is answered with what is wrong with it. */
export function defineTool<T>(parts: {
  readonly definition: ToolDefinition;
  readonly inBox: boolean;
  readonly input: z.ZodType<T>;
  readonly run: (input: T, bench: Bench) => Promise<ToolOutcome>;
}): Tool {
  return {
    definition: parts.definition,
    inBox: parts.inBox,
    call: async (input, bench) => {
      const parsed = parts.input.safeParse(input);
      if (parsed.success) return parts.run(parsed.data, bench);
      const problems = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'input'}: ${issue.message}`);
      return failed(`The input of ${parts.definition.name} is wrong, so nothing was done. ${problems.join('; ')}`);
    },
  };
}

/** What a tool says when it did what was asked. */
export function said(text: string): ToolOutcome {
  return {text, isError: false};
}

/** What a tool says when it did not. */
export function failed(text: string): ToolOutcome {
  return {text, isError: true};
}
