import {z} from 'zod';
import {workspacePath} from '../../core/sandbox.js';
import {defineTool, said} from './tool.js';

const Submit = z.object({
  summary: z.string().min(1).describe('What you did and what you did not do, in a few sentences. It is kept as your report; it proves nothing.'),
});

/** Hands the work in. It has no effect of its own: the loop ends the phase, and the files of the stopped box are the work. */
export const submitTool = defineTool({
  definition: {
    name: 'submit',
    description: `Hands in the work as it stands in ${workspacePath} and ends your part. Call it once, when everything you were asked for is there.`,
    input_schema: {...z.toJSONSchema(Submit), type: 'object'},
  },
  inBox: false,
  input: Submit,
  run: () => Promise.resolve(said('Handed in. The work will be verified in a clean container.')),
});

/** The summary of a call of `submit`, or undefined when its input is not one. */
export function submittedSummary(input: unknown): string | undefined {
  const parsed = Submit.safeParse(input);
  return parsed.success ? parsed.data.summary : undefined;
}
