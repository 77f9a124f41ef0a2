import {spawn} from 'node:child_process';
import {main, type Project} from './fixture.js';

/** The built command line in a terminal of its own: what is written comes as keys, what it prints as a screen would get it. */
export interface Terminal {
  readonly printed: () => string;
  type(keys: string): void;
  resize(rows: number, columns: number): void;
  /** Settles when it has printed this. */
  shows(text: string): Promise<void>;
  readonly exitCode: Promise<number | null>;
}

/** Bridges a pseudo-terminal: bytes in and out as they are, but for `NUL rows columns LF`, which sets its size; ends with the exit code of its child. */
const bridge = `
import fcntl, os, pty, select, struct, sys, termios
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
def size(rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
size(33, 111)
pending = b''
inputs = [0, master]
while True:
    for ready in select.select(inputs, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:
            data = b''
        if ready == master:
            if not data:
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            os.write(1, data)
            if b'\\x1b[c' in data:
                os.write(master, b'\\x1b[?62;c')
        elif not data:
            inputs.remove(0)
        else:
            pending += data
            while pending.startswith(b'\\0') and b'\\n' in pending:
                line, pending = pending.split(b'\\n', 1)
                rows, columns = line[1:].split()
                size(int(rows), int(columns))
            if pending and not pending.startswith(b'\\0'):
                os.write(master, pending)
                pending = b''
`;

const limitMs = 60_000;

/** Starts a command in a terminal of 33 rows and 111 columns. */
export function startInTerminal(project: Project, args: readonly string[]): Terminal {
  const child = spawn('python3', ['-c', bridge, process.execPath, main, ...args], {cwd: project.directory, env: {...project.env, TERM: 'xterm-256color'}, stdio: ['pipe', 'pipe', 'inherit']});
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  return {
    printed: () => printed,
    type: (keys) => void child.stdin.write(keys),
    resize: (rows, columns) => void child.stdin.write(`\0${rows} ${columns}\n`),
    async shows(text) {
      for (let waited = 0; !printed.includes(text); waited += 50) {
        if (waited > limitMs || child.exitCode !== null) throw new Error(`the terminal does not show ${JSON.stringify(text)} but ${JSON.stringify(printed)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    exitCode: new Promise((done) => child.on('close', done)),
  };
}
