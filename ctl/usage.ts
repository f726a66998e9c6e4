/**
 * The usage text. Its first two lines and the options both tools share are those of the stock tool.
 *
 * @module
 */
export const usage = `lvmlockctl options
Options:
--help | -h
      Show this help information.
--quit | -q
      Tell lvmlockd to quit.
--info | -i
      Print lock state information from lvmlockd.
--dump | -d
      Print log buffer from lvmlockd.
--wait | -w 0|1
      Wait option for other commands.
--force | -f 0|1
      Force option for other commands.
--kill | -k <vgname>
      Kill access to the VG locks are lost (see lvmlockctl_kill_command).
--kill <vgname> --make-safe
      The same; without a kill command let all I/O to the VG's LVs fail. Check it, drop the locks.
--drop | -r <vgname>
      Clear locks for the VG when it is unused after kill (-k).
--gl-enable | -E <vgname>
      Tell lvmlockd to enable the global lock in a sanlock VG.
--gl-disable | -D <vgname>
      Tell lvmlockd to disable the global lock in a sanlock VG.
--stop-lockspaces | -S
      Stop all lockspaces.
--stderr | -e
      Send kill and drop messages to stderr instead of syslog
--set-remote-lv-lock <vgname> --lv-uuid <uuid> --lock-mode sh|ex|un
      Treat an LV as locked by another host (lvmlockd in --test only).
--socket-path <path>
      Socket of lvmlockd, instead of LVM_LVMLOCKD_SOCKET or the default.
--deadline <seconds>
      Give up after this time, instead of waiting for as long as it takes.

Commands (lvmlockctl <command> --help tells more):
      status lockspaces locks watch start stop drop lock unlock upgrade
`;
