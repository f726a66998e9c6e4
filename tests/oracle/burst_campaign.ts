import type { Options } from "./options.ts";
export function burstAll(_options: Options): Promise<number> {
  return Promise.resolve(1);
}
