/**
 * A connection to a lock daemon's native socket, as far as the benchmark needs one before it
 * measures: one request at a time, replies read as `key = value` lines.
 *
 * @module
 */

const END = "\n##\n";

/** Fields of a reply, strings without their quotes. */
export type Fields = ReadonlyMap<string, string>;

/** One connection. Requests must not overlap. */
export class NativeConnection implements Disposable {
  #conn: Deno.Conn;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Connects and shakes hands. Throws what `Deno.connect` throws, or if the answer is not OK. */
  static async open(path: string): Promise<NativeConnection> {
    const connection = new NativeConnection(await Deno.connect({ transport: "unix", path }));
    await connection.request({ request: "hello" });
    return connection;
  }

  /** Sends a request; throws unless it is answered with `op_result` (or `result`) 0. */
  async request(fields: Record<string, string | number>): Promise<Fields> {
    const lines = Object.entries(fields).map(([key, value]) =>
      typeof value === "number" ? `${key} = ${value}\n` : `${key} = "${value}"\n`
    );
    await this.#writeAll(new TextEncoder().encode(lines.join("") + END));
    const reply = parseFields(await this.#readMessage());
    const result = reply.get("op_result") ?? reply.get("result");
    if (reply.get("response") !== "OK" || result !== "0") {
      throw new Error(`${fields.request}: the daemon answered ${result ?? "without a result"}`);
    }
    return reply;
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += await this.#conn.write(bytes.subarray(done));
    }
  }

  async #readMessage(): Promise<string> {
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(4096);
    let text = "";
    while (!text.endsWith(END)) {
      const got = await this.#conn.read(chunk);
      if (got === null) throw new Error("The daemon closed the connection");
      text += decoder.decode(chunk.subarray(0, got), { stream: true });
    }
    return text.slice(0, -END.length);
  }
}

function parseFields(text: string): Fields {
  const fields = new Map<string, string>();
  for (const [, key, quoted, bare] of text.matchAll(/^(\w+) *= *(?:"(.*)"|(\S+))$/gm)) {
    fields.set(key!, quoted ?? bare!);
  }
  return fields;
}
