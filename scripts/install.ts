/**
 * Installs what `deno task build` has made, with manuals, systemd units and completions.
 *
 *     deno task install                            everything
 *     deno task install install_lvmlockctl         one of install_lvmlockd, install_lvmlockctl
 *     deno task install uninstall                  removes it again
 *
 * Places are taken from the environment, named as in makefiles: DESTDIR, prefix (/usr), sbindir,
 * mandir, unitdir, tmpfilesdir, sysconfdir, datadir. LVMLOCKD names another executable than
 * dist/lvmlockd.
 *
 * @module
 */
import { dirname, join } from "node:path";

const root = join(import.meta.dirname!, "..");

/** Where things go, without DESTDIR. */
export interface Places {
  sbindir: string;
  mandir: string;
  unitdir: string;
  tmpfilesdir: string;
  sysconfdir: string;
  datadir: string;
}

export interface InstallOptions {
  /** Put in front of every path that is written, not of those that are written into files. */
  destdir: string;
  /** The executable. */
  program: string;
  places: Places;
}

type Part = "lvmlockd" | "lvmlockctl";

interface Item {
  part: Part;
  /** Full path, without DESTDIR. */
  to: string;
  mode: number;
  /** File of the project; `@sbindir@` in it is replaced if `text`. */
  from?: string;
  text?: true;
  /** A symbolic link to this instead of a file. */
  link?: string;
  /** The administrator's from the moment it is there: neither replaced nor removed. */
  config?: true;
}

/** Reads the environment. */
export function optionsFrom(env: (name: string) => string | undefined): InstallOptions {
  const place = (name: string, otherwise: string) => env(name) || otherwise;
  const prefix = place("prefix", "/usr");
  return {
    destdir: env("DESTDIR") ?? "",
    program: env("LVMLOCKD") || join(root, "dist/lvmlockd"),
    places: {
      sbindir: place("sbindir", `${prefix}/sbin`),
      mandir: place("mandir", `${prefix}/share/man`),
      unitdir: place("unitdir", `${prefix}/lib/systemd/system`),
      tmpfilesdir: place("tmpfilesdir", `${prefix}/lib/tmpfiles.d`),
      sysconfdir: place("sysconfdir", "/etc"),
      datadir: place("datadir", `${prefix}/share`),
    },
  };
}

/** Everything that is installed. */
export function itemsOf({ program, places }: InstallOptions): Item[] {
  const { sbindir, mandir, unitdir, tmpfilesdir, sysconfdir, datadir } = places;
  const file = (part: Part, from: string, to: string): Item => {
    return { part, from: join(root, "packaging", from), to, mode: 0o644 };
  };
  const unit = (name: string): Item => {
    return { ...file("lvmlockd", `systemd/${name}`, `${unitdir}/${name}`), text: true };
  };
  const each = (part: Part): Item[] => [
    file(part, `man/${part}.8`, `${mandir}/man8/${part}.8`),
    file(part, `completions/${part}.bash`, `${datadir}/bash-completion/completions/${part}`),
    file(part, `completions/_${part}`, `${datadir}/zsh/vendor-completions/_${part}`),
    file(part, `completions/${part}.fish`, `${datadir}/fish/vendor_completions.d/${part}.fish`),
  ];
  return [
    { part: "lvmlockd", from: program, to: `${sbindir}/lvmlockd`, mode: 0o755 },
    { part: "lvmlockctl", link: "lvmlockd", to: `${sbindir}/lvmlockctl`, mode: 0o777 },
    ...each("lvmlockd"),
    ...each("lvmlockctl"),
    ...["lvmlockd.service", "lvmlockd.socket", "lvmlocks.service"].map(unit),
    file("lvmlockd", "tmpfiles/lvmlockd.conf", `${tmpfilesdir}/lvmlockd.conf`),
    {
      ...file("lvmlockd", "default/lvmlockd", `${sysconfdir}/default/lvmlockd`),
      config: true,
    },
  ];
}

/**
 * Installs some parts.
 * @returns the paths that are there now, with DESTDIR.
 * @throws {Deno.errors.NotFound} if the executable has not been built.
 */
export function install(options: InstallOptions, parts: readonly Part[]): string[] {
  Deno.statSync(options.program);
  return itemsOf(options).filter(({ part }) => parts.includes(part)).map((item) => {
    const to = options.destdir + item.to;
    Deno.mkdirSync(dirname(to), { recursive: true });
    if (!(item.config && exists(to))) put(item, to, options.places);
    return to;
  });
}

/** In one step, also in place of a program that runs. */
function put({ from, link, text, mode }: Item, to: string, { sbindir }: Places): void {
  const temporary = `${to}.new`;
  remove(temporary);
  if (link !== undefined) {
    Deno.symlinkSync(link, temporary);
  } else {
    if (text) {
      const words = Deno.readTextFileSync(from!).replaceAll("@sbindir@", sbindir);
      Deno.writeTextFileSync(temporary, words);
    } else {
      Deno.copyFileSync(from!, temporary);
    }
    Deno.chmodSync(temporary, mode);
  }
  Deno.renameSync(temporary, to);
}

/** Removes everything but what the administrator may have written. Returns what was there. */
export function uninstall(options: InstallOptions): string[] {
  return itemsOf(options).filter(({ config }) => !config)
    .map(({ to }) => options.destdir + to).filter(remove);
}

function remove(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

const targets: Record<string, readonly Part[] | "uninstall"> = {
  install: ["lvmlockd", "lvmlockctl"],
  install_lvmlockd: ["lvmlockd"],
  install_lvmlockctl: ["lvmlockctl"],
  uninstall: "uninstall",
};

/** Runs the command line. Returns the exit code. */
export function main(args: string[], options: InstallOptions): number {
  const names = args.length > 0 ? args : ["install"];
  const unknown = names.filter((name) => !Object.hasOwn(targets, name));
  if (unknown.length > 0) {
    console.error(`No target ${unknown.join(", ")}: ${Object.keys(targets).join(", ")}`);
    return 1;
  }
  for (const name of names) {
    const parts = targets[name]!;
    try {
      if (parts === "uninstall") {
        for (const path of uninstall(options)) console.log(`- ${path}`);
      } else for (const path of install(options, parts)) console.log(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.error(`${options.program} is not there: run deno task build first`);
      return 1;
    }
  }
  if (options.destdir === "") console.log("Now run: systemctl daemon-reload");
  return 0;
}

if (import.meta.main) {
  Deno.exit(main(Deno.args, optionsFrom((name) => Deno.env.get(name))));
}
