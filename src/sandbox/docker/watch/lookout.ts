import type {Ownership} from '../../../core/sandbox.js';
import {parseLook, type DiskLook} from '../../disk-budget.js';
import {makeLabels, readMoment} from '../../labels.js';
import {helperSettings} from '../../profile.js';
import {createContainer, startAttached} from '../attach.js';
import {cleanUp, type Engine} from '../engine-call.js';
import {removeContainer, removeVolume} from '../remove.js';
import {createVolume} from '../volume.js';

/** How often it looks. A box that writes a gigabyte a second is half a gigabyte further then. */
const lookSeconds = 0.5;
/** Making it takes a tenth of a second; an engine that needs so long is lost. */
const makeMs = 10_000;
/** Longest line of a look, and more. */
const maxLineBytes = 4096;

/**
 * Looks at the file system on which the engine keeps its volumes, again and again, from one small container for all boxes
 * together: what one look costs does not depend on how many files there are. Only the engine's own view will do: this process
 * may be on another machine, and whatever runs in a box could be lied to. Ends when the container does, or with the signal.
 */
export async function* lookOut(engine: Engine, {name, ownership}: {readonly name: string; readonly ownership: Ownership}, signal: AbortSignal): AsyncGenerator<DiskLook, void, undefined> {
  const settings = helperSettings({
    image: engine.helperImage,
    argv: ['/bin/sh', '-c', `while stat -f -c '%S %b %f %a %c %d' /watched; do sleep ${lookSeconds}; done`],
    mounts: [{volume: name, target: '/watched', readOnly: true}],
    capabilities: [],
  });
  try {
    await removeContainer(engine, name, signal);
    // Not stopped by the signal: an engine goes on making what nobody waits for any more, and it would come after the cleaning up.
    const whole = AbortSignal.timeout(makeMs);
    await createVolume(engine, {name, labels: makeLabels(ownership, 'scratch', readMoment())}, whole);
    await createContainer(engine, {name, labels: makeLabels(ownership, 'helper', readMoment()), settings}, whole);
    let rest = '';
    for await (const piece of await startAttached(engine, name, signal, {background: true})) {
      const lines = `${rest}${Buffer.from(piece.bytes).toString('latin1')}`.split('\n');
      rest = (lines.pop() ?? '').slice(-maxLineBytes);
      for (const line of lines) {
        const look = piece.stream === 'stdout' ? parseLook(line) : undefined;
        if (look !== undefined) yield look;
      }
    }
  } finally {
    await cleanUp(async (fresh) => {
      await removeContainer(engine, name, fresh);
      await removeVolume(engine, name, fresh);
    });
  }
}
