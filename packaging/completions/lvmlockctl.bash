# Made by scripts/completions.ts from what --help prints.
_lvmlock_vgs() {
  lvmlockctl --info 2>/dev/null | sed -n 's/^VG \([^ ]*\) lock_type=.*/\1/p'
}
_lvmlockctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
  COMPREPLY=()
  case $prev in
    --wait | -w) mapfile -t COMPREPLY < <(compgen -W "0 1" -- "$cur"); return ;;
    --kill | -k) mapfile -t COMPREPLY < <(compgen -W "$(_lvmlock_vgs)" -- "$cur"); return ;;
    --drop | -r) mapfile -t COMPREPLY < <(compgen -W "$(_lvmlock_vgs)" -- "$cur"); return ;;
    --gl-enable | -E) mapfile -t COMPREPLY < <(compgen -W "$(_lvmlock_vgs)" -- "$cur"); return ;;
    --gl-disable | -D) mapfile -t COMPREPLY < <(compgen -W "$(_lvmlock_vgs)" -- "$cur"); return ;;
    --set-remote-lv-lock) mapfile -t COMPREPLY < <(compgen -W "$(_lvmlock_vgs)" -- "$cur"); return ;;
    --lv-uuid) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
    --lock-mode) mapfile -t COMPREPLY < <(compgen -W "sh ex un" -- "$cur"); return ;;
    --socket-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --deadline) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
    --api-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --type) mapfile -t COMPREPLY < <(compgen -W "gl vg lv" -- "$cur"); return ;;
    --mode) mapfile -t COMPREPLY < <(compgen -W "sh ex" -- "$cur"); return ;;
    --lock-type) mapfile -t COMPREPLY < <(compgen -W "dlm sanlock idm" -- "$cur"); return ;;
    --lock-args) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
    --vg-uuid) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
    --host-id) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
    --unit) mapfile -t COMPREPLY < <(compgen -W "" -- "$cur"); return ;;
  esac
  case ${COMP_WORDS[1]} in
    status) words="--json --deadline --api-socket --socket-path --help" ;;
    lockspaces) words="--json --deadline --api-socket --socket-path --help $(_lvmlock_vgs)" ;;
    locks) words="--type --mode --names --json --deadline --api-socket --socket-path --help $(_lvmlock_vgs)" ;;
    watch) words="--json --deadline --api-socket --socket-path --help" ;;
    start) words="--lock-type --lock-args --vg-uuid --host-id --no-wait --json --deadline --api-socket --socket-path --help $(_lvmlock_vgs)" ;;
    stop) words="--force --json --deadline --api-socket --socket-path --help $(_lvmlock_vgs)" ;;
    drop) words="--json --deadline --api-socket --socket-path --help $(_lvmlock_vgs)" ;;
    lock) words="--persistent --lock-args --json --deadline --api-socket --socket-path --help gl vg lv sh ex $(_lvmlock_vgs)" ;;
    unlock) words="--lock-args --json --deadline --api-socket --socket-path --help gl vg lv $(_lvmlock_vgs)" ;;
    upgrade) words="--unit --json --deadline --api-socket --socket-path --help" ;;
    *) words="status lockspaces locks watch start stop drop lock unlock upgrade --help -h --quit -q --info -i --dump -d --wait -w --force -f --kill -k --make-safe --drop -r --gl-enable -E --gl-disable -D --stop-lockspaces -S --stderr -e --set-remote-lv-lock --lv-uuid --lock-mode --socket-path --deadline" ;;
  esac
  ((COMP_CWORD > 1)) || words="status lockspaces locks watch start stop drop lock unlock upgrade --help -h --quit -q --info -i --dump -d --wait -w --force -f --kill -k --make-safe --drop -r --gl-enable -E --gl-disable -D --stop-lockspaces -S --stderr -e --set-remote-lv-lock --lv-uuid --lock-mode --socket-path --deadline"
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _lvmlockctl lvmlockctl
