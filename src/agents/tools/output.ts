import type {Redactor} from '../../core/redact.js';
import type {Captured} from '../../core/sandbox.js';
import {wellFormed} from '../plain-json.js';

/** Most characters of one tool result that a model is given. */
export const maxOutputCharacters = 30_000;

/** Most bytes to ask of each output stream for that: UTF-8 has up to four per character. */
export const maxOutputBytes = 4 * maxOutputCharacters;

/**
 * Text of an output stream without secrets: bytes that are no UTF-8 become U+FFFD, and a cut between head and tail is
 * told. What may be a part of a secret beside that cut is taken away with it.
 */
export function capturedText(captured: Captured, redact: Redactor): string {
  const head = Buffer.from(captured.head).toString('utf8');
  if (captured.tail.length === 0) return redact.text(head);
  const kept = redact.cut({head, tail: Buffer.from(captured.tail).toString('utf8')});
  const cut = captured.totalBytes - captured.head.length - captured.tail.length;
  return `${kept.head}\n[… ${cut} of ${captured.totalBytes} bytes were cut here …]\n${kept.tail}`;
}

/**
 * Keeps the first two thirds and the last third of a text that is too long, with a line between them that says what
 * was cut; the text is without secrets already. `totalBytes` is the size before any earlier cut. Lone surrogates become U+FFFD: no JSON text can carry them.
 */
export function cutOutput(text: string, totalBytes: number = Buffer.byteLength(text)): string {
  if (text.length <= maxOutputCharacters) return wellFormed(text);
  const kept = maxOutputCharacters - 200;
  const head = text.slice(0, Math.floor((kept * 2) / 3));
  const tail = text.slice(text.length - Math.floor(kept / 3));
  return wellFormed(`${head}\n[… cut: the whole has ${totalBytes} bytes; above are its first ${head.length} characters, below its last ${tail.length} …]\n${tail}`);
}
