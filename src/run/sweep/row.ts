import type {SweepUnit} from './plan.js';
import type {Judged} from './policy.js';

/** What became of one thing; in a dry run, what would. */
export interface SweepRow {
  readonly kind: 'container' | 'volume' | 'network' | 'layer' | 'run' | 'refs' | 'lock' | 'draft' | 'quarantine' | 'unreadable';
  /** As the engine has it, or the id of a run, or a path. */
  readonly name: string;
  readonly runId?: string;
  readonly outcome: 'removed' | 'quarantined' | 'kept' | 'failed';
  readonly why: string;
  /** Where it is in quarantine. */
  readonly at?: string;
}

/** The rows of a unit when all goes as it was judged. Pure. */
export function renderPlanned(unit: SweepUnit): readonly SweepRow[] {
  const {action, why} = unit.judged;
  const outcome = outcomeOf(action);
  switch (unit.kind) {
    case 'engine': {
      const saved = unit.judged.save.flatMap(({box}) => [`${box}-upper`, `${box}-work`]);
      return unit.things.map(({kind, name}) => ({kind, name, runId: unit.runId, outcome: action === 'keep' ? 'kept' : saved.includes(name) ? 'quarantined' : 'removed', why}));
    }
    case 'run':
    case 'refs':
      return [{kind: unit.kind, name: unit.kind === 'refs' ? `refs/bulkhead/${unit.runId}` : unit.runId, runId: unit.runId, outcome, why}];
    case 'layer':
      return [{kind: 'layer', name: unit.layer.name, outcome, why}];
    case 'lock':
    case 'draft':
    case 'unreadable':
      return [{kind: unit.kind, name: unit.path, outcome, why}];
    case 'quarantine':
      return [{kind: unit.kind, name: unit.entry.directory, runId: unit.entry.about.runId, outcome, why}];
  }
}

/** The past of an action. */
export function outcomeOf(action: Judged['action']): SweepRow['outcome'] {
  return {remove: 'removed', quarantine: 'quarantined', keep: 'kept'}[action] as SweepRow['outcome'];
}
