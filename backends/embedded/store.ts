/**
 * What the embedded lock manager keeps across a crash of the daemon: the lockspaces that are started
 * and the persistent locks in them, in an SQLite database under /run. A change is durable when its
 * transaction is committed, that is, in the kernel's page cache: it survives the process, however
 * it dies, and is meant to go with the host's boot, as the LVs' activation does.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { LockType, Mode, ResourceType } from "../../core/types.ts";
import type { LockRecord, LockRecorder, LockspaceSpec, SavedLockspace } from "../lock_manager.ts";

/** Number of the tables' layout below. */
const FORMAT = 1;

const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lockspace (
    name TEXT PRIMARY KEY, vg_name TEXT NOT NULL, vg_uuid TEXT NOT NULL, vg_args TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lock (
    lockspace TEXT NOT NULL, type INTEGER NOT NULL, name TEXT NOT NULL,
    mode INTEGER NOT NULL, args TEXT NOT NULL, PRIMARY KEY (lockspace, type, name)
  ) WITHOUT ROWID;`;

/** Another daemon has the store open. */
export class StoreInUse extends Error {
  override name = "StoreInUse";
}

/** The store exists but cannot be read. */
export class StoreDamaged extends Error {
  override name = "StoreDamaged";
}

export class Store implements LockRecorder {
  readonly #db: DatabaseSync;
  readonly #putLock: StatementSync;
  readonly #dropLock: StatementSync;
  /** What an earlier boot left behind and was discarded: number of locks. */
  readonly discarded: number;

  /**
   * Opens or makes the store and keeps it locked against any other process.
   * @param bootId identity of this boot; records of another are discarded.
   * @throws {StoreInUse} if another daemon serves from it.
   * @throws {StoreDamaged} if it cannot be read.
   */
  constructor(private readonly path: string, bootId: string) {
    this.#db = open(path);
    try {
      this.#checkTables();
      this.discarded = this.#discardOldBoot(bootId);
      this.#putLock = this.#db.prepare("INSERT OR REPLACE INTO lock VALUES (?, ?, ?, ?, ?)");
      this.#dropLock = this.#db.prepare(
        "DELETE FROM lock WHERE lockspace = ? AND type = ? AND name = ?",
      );
    } catch (error) {
      this.#db.close();
      throw damaged(path, error);
    }
  }

  /** Nothing may be taken from, or discarded in, a store that is not as it was written. */
  #checkTables(): void {
    const verdict = Object.values(this.#db.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    if (verdict !== "ok") throw new Error(String(verdict));
    const format = this.#meta("format");
    if (format === undefined && this.#count("lock") + this.#count("lockspace") > 0) {
      throw new Error("it has no layout number");
    }
    if (format !== undefined && format !== String(FORMAT)) {
      throw new Error(`it has layout ${format}, this version reads ${FORMAT}`);
    }
  }

  #meta(key: string): unknown {
    return this.#db.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.value;
  }

  #count(table: "lock" | "lockspace"): number {
    return Number(this.#db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  }

  #discardOldBoot(bootId: string): number {
    if (this.#meta("boot") === bootId) return 0;
    const count = this.#count("lock");
    this.begin();
    this.#db.exec("DELETE FROM lock; DELETE FROM lockspace;");
    const put = this.#db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)");
    put.run("boot", bootId);
    put.run("format", String(FORMAT));
    this.commit();
    return count;
  }

  begin(): void {
    this.#db.exec("BEGIN");
  }

  commit(): void {
    this.#db.exec("COMMIT");
  }

  recordLockspace(spec: LockspaceSpec, joined: boolean): void {
    if (joined) {
      this.#db.prepare("INSERT OR REPLACE INTO lockspace VALUES (?, ?, ?, ?)")
        .run(spec.name, spec.vgName, spec.vgUuid, spec.vgArgs);
    } else {
      this.#db.prepare("DELETE FROM lockspace WHERE name = ?").run(spec.name);
      this.#db.prepare("DELETE FROM lock WHERE lockspace = ?").run(spec.name);
    }
  }

  recordLock(lockspaceName: string, { resource, mode }: LockRecord): void {
    if (mode === Mode.un) {
      this.#dropLock.run(lockspaceName, resource.type, resource.name);
    } else {
      const { type, name, lockArgs } = resource;
      this.#putLock.run(lockspaceName, type, name, mode, lockArgs);
    }
  }

  /** @throws {StoreDamaged} if a record makes no sense. */
  saved(): SavedLockspace[] {
    try {
      return this.#saved();
    } catch (error) {
      throw damaged(this.path, error);
    }
  }

  #saved(): SavedLockspace[] {
    const lost = this.#db.prepare(
      "SELECT lockspace FROM lock WHERE lockspace NOT IN (SELECT name FROM lockspace)",
    ).get();
    if (lost !== undefined) throw new Error(`a lock is in "${lost.lockspace}", which is missing`);
    const lockspaces = this.#db.prepare("SELECT * FROM lockspace ORDER BY name").all();
    const locks = this.#db.prepare("SELECT * FROM lock WHERE lockspace = ? ORDER BY type, name");
    return lockspaces.map((row) => ({
      spec: {
        name: String(row.name),
        vgName: String(row.vg_name),
        vgUuid: String(row.vg_uuid),
        vgArgs: String(row.vg_args),
        lockType: LockType.dlm,
        hostId: 0,
        pvPaths: [],
      },
      locks: locks.all(String(row.name)).map(decodeLock),
    }));
  }

  close(): void {
    this.#db.close();
  }
}

function decodeLock({ type, name, mode, args }: Record<string, unknown>): LockRecord {
  if (type !== ResourceType.gl && type !== ResourceType.vg && type !== ResourceType.lv) {
    throw new Error(`the lock "${name}" has type ${type}`);
  }
  if (mode !== Mode.sh && mode !== Mode.ex) {
    throw new Error(`the lock "${name}" has mode ${mode}`);
  }
  return { resource: { type, name: String(name), lockArgs: String(args) }, mode };
}

function damaged(path: string, cause: unknown): StoreDamaged {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StoreDamaged(
    `The lock store ${path} is damaged: ${why}. Deactivate the LVs of shared VGs, ` +
      "remove the file, then start again",
    { cause },
  );
}

/** The records are nobody else's to read. */
function open(path: string): DatabaseSync {
  const mask = Deno.umask(0o077);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    // The exclusive lock is taken with the first write and held until the process ends. A commit
    // reaches the page cache, which is all that a crash of the process needs.
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = OFF");
    db.exec("BEGIN EXCLUSIVE; COMMIT;");
    db.exec(TABLES);
    return db;
  } catch (error) {
    db?.close();
    const text = error instanceof Error ? error.message : String(error);
    if (text.includes("locked")) {
      throw new StoreInUse(`Another daemon has the lock store ${path} open`, { cause: error });
    }
    throw new StoreDamaged(`Cannot open the lock store ${path}: ${text}`, { cause: error });
  } finally {
    Deno.umask(mask);
  }
}
