/**
 * Has mutants judged by a worker, which is ended and replaced if a mutant never comes to an end or
 * breaks it.
 *
 * @module
 */
import type { Case, Verdict } from "./judge.ts";

interface Message {
  ready?: boolean;
  /** What begins. */
  stage?: string;
  verdict?: Verdict;
}

export class Court implements Disposable {
  #worker: Worker | undefined;

  /** @param seconds after which a mutant counts as one that never ends. */
  constructor(private readonly seconds: number) {}

  async judge(about: Case): Promise<Verdict> {
    const worker = this.#worker ??= await newWorker();
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    let finder = "";
    const broken = (what: string) => {
      this[Symbol.dispose]();
      resolve({ finder, what });
    };
    const timer = setTimeout(() => broken("never ends"), this.seconds * 1000);
    worker.onmessage = ({ data }: MessageEvent<Message>) => {
      finder = data.stage ?? finder;
      if (data.verdict !== undefined) resolve(data.verdict);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      broken(event.message);
    };
    worker.postMessage(about);
    const verdict = await promise;
    clearTimeout(timer);
    return verdict;
  }

  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

/** A worker that listens. */
function newWorker(): Promise<Worker> {
  const worker = new Worker(new URL("./judge.ts", import.meta.url), { type: "module" });
  return new Promise((resolve) => worker.onmessage = () => resolve(worker));
}
