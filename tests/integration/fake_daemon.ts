/**
 * A native daemon that answers what it is told to, for replies no real daemon gives on demand.
 * Arguments: a script file and a log file. The script, read anew for each connection, is a JSON
 * object: `replies` by request name (null closes the connection, "" is silence, absent is success),
 * `dump` is the text sent for info and dump. Each request is appended to the log as a JSON string.
 *
 * @module
 */
import { sendAll } from "../../core/os/datagram_out.ts";

export interface Script {
  replies?: Record<string, string | null>;
  dump?: string;
  /** Send only so many bytes of the dump. */
  dumpSent?: number;
}

export const ok = 'response = "OK"\nop = 10\nop_result = 0\nresult = 0\nresult_flags = "none"\n';
const hello = 'response = "OK"\nresult = 0\nprotocol = "lvmlockd"\nversion = 1\n';
const terminator = "\n##\n";

function replyTo(name: string, { replies = {}, dump = "" }: Script): string | null {
  const scripted = replies[name];
  if (scripted !== undefined) return scripted;
  if (name === "hello") return hello;
  if (name !== "info" && name !== "dump") return ok;
  return `response = "OK"\nresult = 0\ndump_len = ${new TextEncoder().encode(dump).length}\n`;
}

async function serve(connection: Deno.Conn, script: Script, logPath: string): Promise<void> {
  let text = "";
  const chunk = new Uint8Array(4096);
  for (;;) {
    const length = await connection.read(chunk);
    if (length === null) break;
    text += new TextDecoder().decode(chunk.subarray(0, length));
    if (!text.endsWith(terminator)) continue;
    const body = text.slice(0, -terminator.length);
    text = "";
    await Deno.writeTextFile(logPath, `${JSON.stringify(body)}\n`, { append: true });
    const name = /^request ?= ?"(.*)"/.exec(body)?.[1] ?? "";
    const reply = replyTo(name, script);
    if (reply === null) break;
    if (reply === "") continue;
    await connection.write(new TextEncoder().encode(reply + terminator));
    if (name === "info" || name === "dump") {
      const bytes = new TextEncoder().encode(script.dump ?? "").slice(0, script.dumpSent);
      await sendAll("@lvmlockd-dump.sock", bytes, 65536, 500);
    }
  }
  connection.close();
}

if (import.meta.main) {
  const [scriptPath, logPath] = Deno.args as [string, string];
  const listener = Deno.listen({ transport: "unix", path: "/run/lvm/lvmlockd.socket" });
  for await (const connection of listener) {
    await serve(connection, JSON.parse(await Deno.readTextFile(scriptPath)), logPath);
  }
}
