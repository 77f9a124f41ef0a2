import {defineConfig} from 'vitest/config';

const suite = (name: string, options: {readonly parallel: boolean}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
    fileParallelism: options.parallel,
    retry: 0,
  },
});

/** `unit` needs nothing; `engine` needs a container engine; `e2e` runs the built command line as a process. */
export default defineConfig({
  test: {
    projects: [suite('unit', {parallel: true}), suite('engine', {parallel: false}), suite('e2e', {parallel: false})],
  },
});
