import {describe, expect, test} from 'vitest';
import {measureTold, ToldContext} from '../../../src/run/tell-context.js';

const item = (path: string, form: 'whole' | 'name', tokens: number): ToldContext['items'][number] => ({path, section: 'essential', form, tokens});
const told = ToldContext.parse({specialist: 'implementation', hash: 'h', budget: 200, tokens: 100, items: [item('src/a.js', 'whole', 60), item('src/b.js', 'whole', 30), item('src/c.js', 'name', 10)], left: [], text: ''});

describe('the measure of a context package', () => {
  test('counts what was changed and told, and as waste what was neither opened in a call nor changed', () => {
    const opened = {role: 'assistant', content: [{type: 'tool_use', id: '1', name: 'bash', input: {command: 'cat src/b.js'}}]} as const;
    expect(measureTold(told, {conversation: [opened], changed: ['src/a.js', 'src/c.js']})).toEqual({utilisation: 0.5, hits: 0.5, wordForWord: 0.5, waste: 0});
    expect(measureTold(told, {conversation: [], changed: []})).toEqual({utilisation: 0.5, hits: 1, wordForWord: 1, waste: 1});
  });
});
