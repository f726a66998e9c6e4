/** The machines that there are builds for, and what each needs. @module */

export type Target = "x86_64" | "arm64";

export const targets: Target[] = ["x86_64", "arm64"];

/** Of the machine that we run on. */
export const ownTarget: Target = Deno.build.arch === "aarch64" ? "arm64" : "x86_64";

/** As Deno calls it. */
export const denoTarget: Record<Target, string> = {
  x86_64: "x86_64-unknown-linux-gnu",
  arm64: "aarch64-unknown-linux-gnu",
};

/** The npm package that holds the Deno executable. */
export const denoPackage: Record<Target, string> = {
  x86_64: "@deno/linux-x64-glibc",
  arm64: "@deno/linux-arm64-glibc",
};

/** The C compiler; for another machine that of Debian's cross compiling packages. */
export function compiler(target: Target): string {
  if (target === ownTarget) return "gcc";
  return target === "arm64" ? "aarch64-linux-gnu-gcc" : "x86_64-linux-gnu-gcc";
}

/** `e_machine` of the ELF header. */
export const elfMachine: Record<Target, number> = { x86_64: 62, arm64: 183 };
