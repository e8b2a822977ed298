#!/bin/sh
# Makes the cluster forget nodes, one after another: cordon, drain, etcd member, node, password. Runs on a server that
# stays. Says of each node "gone", "absent" (it was so before) or "kept" and why; a node that is kept works as before.
# forget.sh K3S DRAIN_SECONDS MEMBER_SECONDS FORCE NODE...
k3s=$1 drain_seconds=$2 member_seconds=$3 force=$4
shift 4
said=$(mktemp) || exit 1
trap 'rm -f -- "$said"' EXIT

kube() {
  "$k3s" kubectl "$@" </dev/null
}

# What is cordoned by us and not gone yet.
cordoned=
uncordon() {
  case " $cordoned " in *" $1 "*) kube uncordon "$1" >&2 ;; esac
}

# Whoever ends this script waits a second and then kills what is left of it: so this goes on without it.
# shellcheck disable=SC2317 # the trap calls it
give_up() {
  (
    trap '' HUP INT TERM
    for node in $cordoned; do uncordon "$node"; done
  ) >/dev/null 2>&1 &
  exit 143
}
trap give_up HUP INT TERM

# "present CORDONED READY ETCD REMOVED", each with a dash where it is not so; "absent"; fails where nobody answers.
look() {
  if kube get node "$1" --request-timeout=20s -o 'jsonpath=present {.spec.unschedulable}- {.status.conditions[?(@.type=="Ready")].status}- {.metadata.labels.node-role\.kubernetes\.io/etcd}- {.metadata.annotations.etcd\.k3s\.cattle\.io/removed-node-name}-' \
    2>"$said"; then return 0; fi
  if grep -q NotFound "$said"; then echo absent; else return 1; fi
}

# Why not, in one line.
last_words() {
  tail -n 1 "$said" | cut -c 1-300
}

keep() {
  uncordon "$1"
  echo "kept $1 $2"
}

drain() {
  kube drain "$1" --ignore-daemonsets --delete-emptydir-data --force --timeout="${drain_seconds}s" >&2 2>"$said" && return 0
  cat "$said" >&2
  [ "$force" = yes ] || return 1
  echo "$1 is not empty, and goes all the same" >&2
}

# k3s takes the member out and says so at the node.
leave_etcd() {
  kube annotate --overwrite node "$1" etcd.k3s.cattle.io/remove=true --request-timeout=20s >&2 2>"$said" || return 1
  end=$(($(date +%s) + member_seconds))
  while :; do
    case $(look "$1") in
      "present "*" "*" "*" -") ;;
      absent | "present "*) return 0 ;;
    esac
    [ "$(date +%s)" -lt "$end" ] || break
    sleep 0.5
  done
  echo "its etcd member was not removed within $member_seconds s" >"$said"
  kube annotate node "$1" etcd.k3s.cattle.io/remove- >&2
  return 1
}

delete_password() {
  kube delete secret "$1.node-password.k3s" -n kube-system --ignore-not-found --request-timeout=20s 2>"$said"
}

forget() {
  found=$(look "$1") || { keep "$1" "$(last_words)" && return; }
  if [ "$found" = absent ]; then
    password=$(delete_password "$1") || { keep "$1" "$(last_words)" && return; }
    if [ -n "$password" ]; then echo "gone $1"; else echo "absent $1"; fi
    return
  fi
  # shellcheck disable=SC2086 # five words
  set -- "$1" $found
  # Nobody ends the pods of a host that is dead.
  if [ "$4" = True- ] && ! drain "$1"; then keep "$1" "it could not be drained: $(last_words)" && return; fi
  if [ "$5" = true- ] && [ "$6" = - ] && ! leave_etcd "$1"; then keep "$1" "$(last_words)" && return; fi
  kube delete node "$1" --ignore-not-found --timeout=60s >&2 2>"$said" || { keep "$1" "$(last_words)" && return; }
  left=
  for each in $cordoned; do [ "$each" = "$1" ] || left="$left $each"; done
  cordoned=$left
  delete_password "$1" >&2 || echo "its password stays: $(last_words)" >&2
  echo "gone $1"
}

# All at first: what leaves one of them must not land on the next.
for node; do
  case $(look "$node") in
    "present - True- "*) kube cordon "$node" >&2 2>"$said" && cordoned="$cordoned $node" ;;
  esac
done
for node; do forget "$node"; done
exit 0
