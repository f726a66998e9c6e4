/**
 * A file that is replaced as a whole or grows at its end, and survives the process at any moment:
 * there is the old content or the new one, a line that was appended or a beginning of it. What was
 * written is in the kernel's page cache; nothing is forced to disk.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Text is a byte string. All calls are synchronous and throw if the file cannot be written. */
export class DurableFile {
  #file: Deno.FsFile | undefined;

  constructor(readonly path: string) {}

  /** Is there a file of ours that can grow? Not if somebody removed it. */
  get isOpen(): boolean {
    return this.#file !== undefined && this.#file.statSync().nlink !== 0;
  }

  /** Must be open. One write(2), unless the kernel takes only a part. */
  append(text: string): void {
    writeAll(this.#file!, text);
  }

  /** Readable by its owner only, whatever the old one was. */
  replace(text: string): void {
    const fresh = `${this.path}.new`;
    removeFile(fresh); // of a process that died here
    const file = this.#create(fresh);
    try {
      writeAll(file, text);
      Deno.renameSync(fresh, this.path);
    } catch (error) {
      file.close();
      removeFile(fresh);
      throw error;
    }
    this.close();
    this.#file = file;
  }

  /** Where no descriptor is left, that of the old content is one. */
  #create(path: string): Deno.FsFile {
    const options = { append: true, createNew: true, mode: 0o600 };
    try {
      return Deno.openSync(path, options);
    } catch (error) {
      if (!this.#file || !isOutOfDescriptors(error)) throw error;
      this.close();
      return Deno.openSync(path, options);
    }
  }

  /** Tries whether {@link replace} would work, without doing it. */
  probe(): void {
    const fresh = `${this.path}.new`;
    removeFile(fresh);
    Deno.openSync(fresh, { write: true, createNew: true, mode: 0o600 }).close();
    removeFile(fresh);
  }

  remove(): void {
    this.close();
    removeFile(this.path);
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function isOutOfDescriptors(error: unknown): boolean {
  return ["EMFILE", "ENFILE"].includes((error as { code?: string }).code ?? "");
}

function writeAll(file: Deno.FsFile, text: string): void {
  let rest: Uint8Array = Buffer.from(text, "latin1");
  while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
