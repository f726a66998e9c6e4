#!/bin/bash
# The guest's end of channel.ts, as a service: runs the commands that the host names on /dev/tty0.
# The end of the host's input powers the guest off, in order.
trap '' HUP # /dev/tty0 hangs up when the host's input ends
export LVM_SUPPRESS_FD_WARNINGS=1

serve() { # ID: runs one command and reports it
  local at=/run/shared/commands/$1 begun=${EPOCHREALTIME/./}
  (. "$at") > "$at.out" 2> "$at.err" < /dev/null 3>&-
  echo "@done $1 $? $((${EPOCHREALTIME/./} - begun))" >&3
}

exec 3<> /dev/tty0
stty raw -echo <&3
echo '@ready' >&3
while read -r id <&3; do serve "$id" & done
systemctl --no-block poweroff
exec sleep infinity
