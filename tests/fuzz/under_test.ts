/**
 * Everything that is fuzzed, in one module: it is bundled, instrumented and loaded by
 * engine/program.ts.
 *
 * @module
 */
export * as registry from "../../backends/registry.ts";
export * as testmode from "../../backends/testmode/mod.ts";
export * as dlmArgs from "../../backends/dlm/lock_args.ts";
export * as dlmQuorum from "../../backends/dlm/quorum.ts";
export * as dlmStructs from "../../backends/dlm/structs.ts";
export * as dlmSystem from "../../backends/dlm/system_files.ts";
export * as dlmTools from "../../backends/dlm/tools.ts";
export * as dlmValues from "../../backends/dlm/value_block.ts";
export * as idmRecords from "../../backends/idm/drive_records.ts";
export * as sanlockArgs from "../../backends/sanlock/lock_args.ts";
export * as sanlockLease from "../../backends/sanlock/delta_lease.ts";
export * as sanlockStructs from "../../backends/sanlock/structs.ts";
export * as sanlockValues from "../../backends/sanlock/value_block.ts";
export * as adoptFile from "../../core/adoption/adopt_file.ts";
export * as apiServer from "../../core/api/server.ts";
export * as api from "../../core/api/app.ts";
export * as dispatcher from "../../core/dispatcher.ts";
export * as engine from "../../core/engine.ts";
export * as lockService from "../../core/lock_service.ts";
export * as configText from "../../core/native/config_text.ts";
export * as frame from "../../core/native/frame.ts";
export * as info from "../../core/native/info.ts";
export * as plainText from "../../core/native/plain_text.ts";
export * as reply from "../../core/native/reply.ts";
export * as request from "../../core/native/request.ts";
export * as nativeServer from "../../core/native/server.ts";
export * as activation from "../../core/os/activation.ts";
export * as environment from "../../core/os/environment.ts";
export * as poller from "../../core/os/poller.ts";
export * as dmsetup from "../../ctl/make_safe/dmsetup.ts";
export * as formatInfo from "../../ctl/format_info.ts";
export * as getopt from "../../ctl/getopt.ts";
export * as killCommand from "../../ctl/stock/kill_command.ts";
export * as nativeText from "../../ctl/native_text.ts";
export * as planted from "./planted.ts";
