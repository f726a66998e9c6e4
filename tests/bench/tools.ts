/**
 * The programs the benchmark needs beside Deno: it compiles its C parts and finds the stock daemon,
 * and says plainly what is missing.
 *
 * @module
 */

/** Something outside the benchmark is missing or broken; the message says what to do. */
export class SetupError extends Error {}

/** Paths of the compiled C programs. */
export interface Programs {
  load: string;
  floor: string;
  http_load: string;
}

/** Output of a program that must succeed. Throws {@link SetupError} if it cannot be run or fails. */
export async function output(command: string, args: string[], hint: string): Promise<string> {
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(command, { args, stdout: "piped", stderr: "piped" }).output();
  } catch (cause) {
    throw new SetupError(`Cannot run ${command}: ${hint}`, { cause });
  }
  const decoder = new TextDecoder();
  if (!result.success) {
    throw new SetupError(`${command} failed (${result.code}): ${decoder.decode(result.stderr)}`);
  }
  return decoder.decode(result.stdout);
}

/** Compiles the load generators and the floor server into `directory`. */
export async function compile(directory: string): Promise<Programs> {
  const programs: Programs = {
    load: `${directory}/load`,
    floor: `${directory}/floor`,
    http_load: `${directory}/http_load`,
  };
  for (const [name, path] of Object.entries(programs)) {
    const source = new URL(`./${name}.c`, import.meta.url).pathname;
    await output(
      "cc",
      ["-O2", "-o", path, source],
      "a C compiler is needed (Debian: gcc, libc6-dev)",
    );
  }
  return programs;
}

/** Version line of the stock daemon. Throws {@link SetupError} if it is not installed. */
export async function stockVersion(): Promise<string> {
  return (await output("lvmlockd", ["--version"], "install it (Debian: lvm2-lockd)")).trim();
}
