/**
 * Files in memory, at the paths below {@link ROOT}, for the synchronous calls of Deno that the adoption
 * makes. A daemon can be made to die in the middle of its next write.
 *
 * @module
 */
import { Buffer } from "node:buffer";

export const ROOT = "/simulated/";

type FileCalls = Pick<
  typeof Deno,
  "openSync" | "renameSync" | "removeSync" | "readFileSync" | "readTextFileSync" | "readDirSync"
>;

interface File {
  text: string;
  links: number;
}

export class Disk {
  readonly #files = new Map<string, File>();
  /** By directory: what dies at the next write below it. */
  readonly #deadly = new Map<string, () => boolean>();
  /** Devices of device-mapper by directory of sysfs. */
  readonly devices = new Map<string, () => string[]>();

  /** At the next write below the directory `dies` is called; if it says so only a part is written. */
  dieAtWrite(directory: string, dies: () => boolean): void {
    this.#deadly.set(directory, dies);
  }

  /** Everything below a directory is lost: the machine has crashed. */
  clear(directory: string): void {
    for (const path of this.#files.keys()) if (path.startsWith(directory)) this.#files.delete(path);
    this.#deadly.delete(directory);
  }

  read(path: string): string | undefined {
    return this.#files.get(path)?.text;
  }

  /** Takes over file calls below {@link ROOT}, until the returned function is called. */
  install(): () => void {
    const { openSync, renameSync, removeSync, readFileSync, readTextFileSync, readDirSync } = Deno;
    const real: FileCalls = {
      openSync,
      renameSync,
      removeSync,
      readFileSync,
      readTextFileSync,
      readDirSync,
    };
    const ours = this.#calls() as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const [name, call] of Object.entries(real)) {
      const theirs = call as (...args: unknown[]) => unknown;
      (Deno as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
        const isOurs = String(args[0]).startsWith(ROOT);
        return isOurs ? ours[name]!(...args) : theirs(...args);
      };
    }
    return () => Object.assign(Deno, real);
  }

  #calls(): Record<keyof FileCalls, unknown> {
    return {
      openSync: (path: string, options: Deno.OpenOptions) => this.#open(path, options),
      renameSync: (from: string, to: string) => {
        const file = this.#file(from);
        const old = this.#files.get(to);
        if (old !== undefined) old.links = 0;
        this.#files.delete(from);
        this.#files.set(to, file);
      },
      removeSync: (path: string) => {
        this.#file(path).links = 0;
        this.#files.delete(path);
      },
      readFileSync: (path: string) => Buffer.from(this.#file(path).text, "latin1"),
      readTextFileSync: (path: string) => deviceText(path),
      readDirSync: (path: string) => (this.devices.get(path)?.() ?? []).map((name) => ({ name })),
    };
  }

  #file(path: string): File {
    const file = this.#files.get(path);
    if (file === undefined) throw new Deno.errors.NotFound(path);
    return file;
  }

  #open(path: string, { createNew }: Deno.OpenOptions) {
    if (createNew) this.#files.set(path, { text: "", links: 1 });
    const file = this.#file(path);
    return {
      statSync: () => ({ nlink: file.links }),
      writeSync: (bytes: Uint8Array) => this.#write(path, file, bytes),
      close: () => {},
    };
  }

  #write(path: string, file: File, bytes: Uint8Array): number {
    const text = Buffer.from(bytes).toString("latin1");
    for (const [directory, dies] of this.#deadly) {
      if (!path.startsWith(directory)) continue;
      this.#deadly.delete(directory);
      if (!dies()) continue;
      file.text += text.slice(0, text.length >> 1);
      throw new Error("The process died while it wrote");
    }
    file.text += text;
    return bytes.length;
  }
}

/** A device's directory is called `dm-<VG>-<LV UUID>`: what sysfs would say follows from that. */
function deviceText(path: string): string {
  const [, vg = "", lvUuid = ""] = /\/dm-([^-]*)-([^/]*)\/dm\//.exec(path) ?? [];
  if (path.endsWith("/uuid")) return `LVM-${undashed(vgUuidOf(vg))}${undashed(lvUuid)}\n`;
  return `${vg}-${lvUuid.slice(0, 6)}\n`;
}

const undashed = (uuid: string) => uuid.replaceAll("-", "");

/** UUIDs as LVM spells them, made of a name. */
export function uuidOf(name: string): string {
  const letters = name.padEnd(32, "0").slice(0, 32);
  return letters.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, "$1-$2-$3-$4-$5-$6-$7");
}

export function vgUuidOf(vgName: string): string {
  return uuidOf(`${vgName}G`);
}
