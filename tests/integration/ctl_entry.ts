/**
 * The control tool by itself, without the daemon beside it in one program.
 *
 * @module
 */
import { runCtl } from "../../ctl/main.ts";

Deno.exit(await runCtl(Deno.args));
