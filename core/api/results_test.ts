/** Tests of the table from results to HTTP status codes. */
import { assert, assertEquals } from "@std/assert";
import { Errno, type ErrnoName } from "../errno.ts";
import { alreadyHeld, statusOf, succeeded } from "./results.ts";

const cases: [number, ErrnoName[]][] = [
  [200, ["EALREADY"]],
  [404, ["ENOLS", "ENOENT", "EUNATCH"]],
  [409, ["EAGAIN", "EBUSY", "EEXIST", "ESTALE", "ESTARTING", "ECANCELED", "ENOTEMPTY", "EORPHAN"]],
  [410, ["EVGKILLED", "EREMOVED"]],
  [422, ["EARGS", "EINVAL", "EHOSTID"]],
  [501, ["EPROTONOSUPPORT"]],
  [503, ["EMANAGER", "ENOLCK", "ELOCKIO", "EIO", "ENOMEM"]],
  [504, ["ETIMEDOUT"]],
];

for (const [status, names] of cases) {
  Deno.test(`${names.join(", ")} become ${status}`, () => {
    for (const name of names) assertEquals(statusOf(-Errno[name]), status, name);
  });
}

Deno.test("every named result has a status that fits a refusal", () => {
  for (const [name, errno] of Object.entries(Errno)) {
    if (name !== "EALREADY") assert(statusOf(-errno) >= 400, name);
  }
});

Deno.test("0 and counts are successes, numbers without a name are the daemon's fault", () => {
  assertEquals([statusOf(0), statusOf(3), statusOf(-9999)], [200, 200, 500]);
});

Deno.test("a lock held before counts as success", () => {
  assert(succeeded(-Errno.EALREADY) && alreadyHeld(-Errno.EALREADY));
  assert(succeeded(0) && !alreadyHeld(0));
  assert(!succeeded(-Errno.EAGAIN));
});
