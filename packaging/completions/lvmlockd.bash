# Made by scripts/completions.ts from what --help prints.
_lvmlockd() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  case $prev in
    --pid-file | -p) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --socket-path | -s) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --api-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --adopt-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --syslog-priority | -S) mapfile -t COMPREPLY < <(compgen -W "err warning notice info debug" -- "$cur"); return ;;
    --gl-type | -g) mapfile -t COMPREPLY < <(compgen -W "sanlock dlm idm" -- "$cur"); return ;;
    --host-id | -i) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
    --host-id-file | -F) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --sanlock-timeout | -o) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
    --adopt | -A) mapfile -t COMPREPLY < <(compgen -W "0 1" -- "$cur"); return ;;
    --kill-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --state-dir) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --embedded-name) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
    --info-layout) mapfile -t COMPREPLY < <(compgen -W "2.03.16 2.03.40" -- "$cur"); return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "--help -h --version -V --test -T --foreground -f --daemon-debug -D --pid-file -p --socket-path -s --api-socket --adopt-file --syslog-priority -S --gl-type -g --host-id -i --host-id-file -F --sanlock-timeout -o --adopt -A --hand-over --kill-path --state-dir --embedded-name --info-layout" -- "$cur")
}
complete -F _lvmlockd lvmlockd
