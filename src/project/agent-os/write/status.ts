import type {Task, TaskList} from '../model.js';
import {everyTask} from '../tasks.js';

/** The value that says `complete` (or `blocked`) in the way in which the old one was written: box, emoji, case, markup around it. */
export function statusLike(old: string, state: 'complete' | 'blocked'): string {
  const lead = /^[*_`]{0,4}/.exec(old)?.[0] ?? '';
  const tail = lead !== '' && old.endsWith(lead) && old.length > lead.length ? lead : '';
  const inner = old.slice(tail === '' ? 0 : lead.length, tail === '' ? undefined : -tail.length);
  const box = /^\[[^[\]]{0,4}\] ?/.test(inner);
  const emoji = /\p{Extended_Pictographic}/u.test(inner);
  const letters = inner.replace(/[^\p{L}]/gu, '');
  const word = cased(state === 'blocked' ? 'blocked' : box ? 'complete' : 'completed', letters);
  const mark = state === 'blocked' ? '⚠️ ' : '✅ ';
  return `${tail}${box ? (state === 'blocked' ? '[ ] ' : '[x] ') : ''}${emoji || state === 'blocked' ? mark : ''}${word}${tail}`;
}

/** The word that a JSON file already uses for complete tasks, or the usual one. */
export function jsonStatus(list: TaskList, state: 'complete' | 'blocked'): string {
  const used = everyTask(list.tasks).flatMap((task: Task) => task.marks).find((mark) => mark.kind === 'value' && mark.state === state)?.text;
  return JSON.stringify(used ?? (state === 'complete' ? 'completed' : 'blocked'));
}

function cased(word: string, like: string): string {
  if (like.length > 1 && like === like.toUpperCase() && like !== like.toLowerCase()) return word.toUpperCase();
  return like === '' || /^\p{Lu}/u.test(like) ? `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}` : word;
}
