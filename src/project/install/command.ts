import {AppError} from '../../core/errors.js';
import {short} from './npm-manifest.js';

/** Options of `npm ci` that change what is installed and run nothing. */
const npmOptions = /^--(?:omit=(?:dev|optional|peer)|include=(?:dev|optional|peer|prod)|legacy-peer-deps|strict-peer-deps|engine-strict|install-strategy=(?:hoisted|nested|shallow))$/;
/** Options that Bulkhead sets anyway. */
const ours = /^--(?:ignore-scripts|no-audit|no-fund|audit=false|fund=false|ignore-scripts=true|silent|no-progress)$/;

/**
 * The command of `install:` as it is run: `npm ci`, with the options that are harmless. Throws INSTALL_UNSUPPORTED for
 * any other, because only for a tool that is known it is known how to install without running what is installed.
 */
export function installCommand(argv: readonly string[]): readonly string[] {
  const [tool, verb, ...options] = argv;
  if (tool !== 'npm') {
    throw new AppError('INSTALL_UNSUPPORTED', `\`install:\` starts ${short(tool)}, and only \`npm ci\` is known to install without running what it installs.`, {
      hint: 'Use `install: [npm, ci]` with a package-lock.json, or leave `install:` out and name an image that has the dependencies in it.',
    });
  }
  if (verb !== 'ci' && verb !== 'clean-install') {
    throw new AppError('INSTALL_UNSUPPORTED', `\`install:\` runs ${short(`npm ${verb ?? ''}`)}, which does not hold itself to the lock file.`, {hint: 'Use `install: [npm, ci]`.'});
  }
  const unknown = options.find((option) => !npmOptions.test(option) && !ours.test(option));
  if (unknown !== undefined) {
    throw new AppError('INSTALL_UNSUPPORTED', `\`install:\` has an option that \`npm ci\` is not given here: ${short(unknown)}.`, {
      hint: 'Allowed are --omit=, --include=, --install-strategy=, --legacy-peer-deps, --strict-peer-deps and --engine-strict. Registries are named in your own configuration, under `registries`.',
    });
  }
  return ['npm', 'ci', '--ignore-scripts', ...options.filter((option) => npmOptions.test(option))];
}
