/** Running the programs that judge what is installed. @module */
import { assertEquals } from "@std/assert";

export const root = new URL("../../", import.meta.url).pathname;

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export async function run(words: string[], env: Record<string, string> = {}): Promise<Ran> {
  const [command, ...args] = words;
  const output = await new Deno.Command(command!, { args, env, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

/** Runs a program that must succeed and have nothing to complain about. Returns its output. */
export async function clean(words: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await run(words, env);
  assertEquals([code, stderr], [0, ""], words.join(" "));
  return stdout;
}

/** A directory that is removed at the end. */
export class Scratch implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Scratch> {
    return new Scratch(await Deno.makeTempDir({ prefix: "lvmlockd-install-" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
