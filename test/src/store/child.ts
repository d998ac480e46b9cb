import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./child-program.ts', import.meta.url));

/** Node 20 does not run TypeScript; vite, which runs the tests, does. */
const RUN = "const { runnerImport } = await import('vite'); await runnerImport(process.argv[1]);";

/** Starts child-program.ts. @param options.maxFileKiB no file may grow beyond it */
export function startChild(task: string, directory: string, options: { readonly maxFileKiB?: number } = {}): ChildProcess {
  const node = [process.execPath, '--input-type=module', '--eval', RUN, PROGRAM, task, directory];
  const limit = options.maxFileKiB === undefined ? '' : `ulimit -f ${options.maxFileKiB * 2}; `;
  return spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What the child printed. @throws Error it ended badly */
export async function childReport(task: string, directory: string, options: { readonly maxFileKiB?: number } = {}): Promise<string> {
  const child = startChild(task, directory, options);
  let printed = '';
  child.stdout?.on('data', (chunk) => (printed += String(chunk)));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`the child ended with ${String(code)}`);
  return printed.trim();
}
