import {bashTool} from './bash.js';
import {editTool} from './edit.js';
import {submitTool} from './submit.js';
import type {Tool} from './tool.js';

/** The tools of the built-in loop, in the order in which the model is told of them (a change of order spoils the prompt cache). */
export const tools: readonly Tool[] = [bashTool, editTool, submitTool];

/** The tool of that name, or undefined. */
export function toolNamed(name: string): Tool | undefined {
  return tools.find((tool) => tool.definition.name === name);
}
