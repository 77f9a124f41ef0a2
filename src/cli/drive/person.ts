import {once} from 'node:events';
import {StringDecoder} from 'node:string_decoder';
import {escapeText} from '../../core/escape.js';
import type {BoxTerminal, TerminalSize} from '../../core/sandbox.js';

/** Where the output of a command goes: text that is safe for a terminal. */
export interface Outputs {
  readonly stdout: (text: string) => unknown;
  readonly stderr: (text: string) => unknown;
}

/** The size of the terminal that stdout is; 80 by 24 when it does not say. */
export function terminalSize(): TerminalSize {
  const {columns, rows} = process.stdout as {readonly columns?: number; readonly rows?: number};
  return {columns: columns === undefined || columns < 1 ? 80 : columns, rows: rows === undefined || rows < 1 ? 24 : rows};
}

/** Ctrl-], so often in a row that nobody does it by accident: leaves a box that does not let anybody go. */
const leaveByte = 0x1d;
const leavePresses = 3;

/**
 * Connects this terminal with a shell in a box, byte by byte in both directions, and gives its exit code. Every key goes inside,
 * Ctrl-C too. What the box prints reaches the terminal as it is, for a shell needs that: titles, colours, whatever the terminal
 * can be told. Afterwards the terminal is put back into order, and answers that the box asked of it are thrown away.
 */
export async function connectTerminal(shell: BoxTerminal, signal: AbortSignal): Promise<number> {
  const {stdin, stdout} = process;
  const left = new AbortController();
  const until = AbortSignal.any([signal, left.signal]);
  const onSize = (): void => void shell.resize(terminalSize(), signal).catch(() => undefined);
  const onKeys = keysInto(shell, () => {
    left.abort();
  });
  stdin.setRawMode(true);
  stdin.on('data', onKeys).resume();
  stdout.on('resize', onSize);
  try {
    await printRaw(shell, until);
    return left.signal.aborted ? leftCode : await shell.exitCode(signal);
  } finally {
    stdin.off('data', onKeys);
    stdout.off('resize', onSize);
    await restoreTerminal();
    stdin.setRawMode(false).pause();
    stdin.unref();
  }
}

/** As a shell says that a terminal went away (128 + SIGHUP). */
const leftCode = 129;

function keysInto(shell: BoxTerminal, leave: () => void): (keys: Buffer) => void {
  let presses = 0;
  return (keys) => {
    for (const key of keys) presses = key === leaveByte ? presses + 1 : 0;
    if (presses >= leavePresses) leave();
    else void shell.write(keys);
  };
}

async function printRaw(shell: BoxTerminal, signal: AbortSignal): Promise<void> {
  const stop = (): void => void shell[Symbol.asyncDispose]();
  signal.addEventListener('abort', stop, {once: true});
  try {
    signal.throwIfAborted();
    for await (const {bytes} of shell.output) if (!process.stdout.write(bytes)) await once(process.stdout, 'drain', {signal});
  } catch (error) {
    // Left by the person: not an error.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Ends whatever sequence is open (CAN, ST), then modes that would make the next program unusable: soft reset (DECSTR), attributes,
 * cursor, wrapping, mouse, focus, bracketed paste, the other screen, character sets (xterm: "Control Sequences"). Not a full
 * reset, which would clear what the person still wants to read.
 */
const resetText = '\x18\x1b\\\x1b[!p\x1b[0m\x1b[?25h\x1b[?7h\x1b[?1l\x1b>\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?47l\x1b[?1047l\x1b[>4;0m\x1b[<u\x1b(B\x0f';
/** Asks a terminal what it is (DA1). It answers in order, so that what comes before the answer was asked for by the box. */
const fence = '\x1b[c';
// eslint-disable-next-line no-control-regex -- the answer of a terminal is a control sequence
const fenceAnswer = /\x1b\[\?[\d;]*c$/;
/** A terminal far away answers later than one here; one that never answers costs this once. */
const fenceMs = 500;

async function restoreTerminal(): Promise<void> {
  let heard = '';
  await new Promise<void>((done) => {
    const onAnswer = (bytes: Buffer): void => {
      heard = `${heard}${bytes.toString('latin1')}`.slice(-256);
      if (fenceAnswer.test(heard)) finish();
    };
    const timer = setTimeout(() => { finish(); }, fenceMs);
    const finish = (): void => {
      clearTimeout(timer);
      process.stdin.off('data', onAnswer);
      done();
    };
    process.stdin.on('data', onAnswer);
    process.stdout.write(`${resetText}${fence}`);
  });
}

/** Runs a command in a box without a terminal and gives its exit code. What it prints is escaped; its input is stdin, when that is a pipe or a file. */
export async function connectPlain(command: BoxTerminal, outputs: Outputs, signal: AbortSignal): Promise<number> {
  const stop = (): void => void command[Symbol.asyncDispose]();
  signal.addEventListener('abort', stop, {once: true});
  const input = new AbortController();
  const sending = sendInput(command, input.signal);
  try {
    signal.throwIfAborted();
    const decoders = {stdout: new StringDecoder(), stderr: new StringDecoder()};
    for await (const {stream, bytes} of command.output) outputs[stream](escapeText(decoders[stream].write(Buffer.from(bytes)), {lines: true}));
    for (const stream of ['stdout', 'stderr'] as const) outputs[stream](escapeText(decoders[stream].end(), {lines: true}));
    return await command.exitCode(signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    input.abort();
    await sending;
  }
}

async function sendInput(command: BoxTerminal, signal: AbortSignal): Promise<void> {
  const {stdin} = process;
  if (stdin.isTTY) {
    command.end();
    return;
  }
  const stop = (): void => void stdin.destroy();
  signal.addEventListener('abort', stop, {once: true});
  try {
    for await (const chunk of stdin) await command.write(chunk as Buffer);
    command.end();
  } catch {
    // The command has ended before its input.
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
