#!/bin/sh
# Tables of others may drop what nodes need, and no other table can overrule that. So each base chain of theirs for what comes
# in or passes through jumps first to a chain of ours beside it, whose rules only accept.
# nftables.sh look|set|remove COMMENT FILE RULES; a line of RULES is "input RULE" or "forward RULE".
# `look` says what `set` would change; nothing where nothing is to do.
doing=$1 comment=$2 file=$3 rules=$4
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export LC_ALL
ours=tsplay-k3s

# "FAMILY TABLE CHAIN HOOK" of each filter. What ufw, firewalld, Docker and kube-proxy make themselves is theirs to open.
chains() {
  nft list chains | sed -n '
    s/^table \([a-z0-9]*\) \([^ ]*\) {$/\1 \2/;t keep
    s/^[[:space:]]*chain \([^ ]*\) {$/\1/;t add
    s/^[[:space:]]*type filter hook \(input\|forward\) .*/\1/;t say
    b
    :keep
    h;b
    :add
    x;s/^\([^ ]* [^ ]*\).*/\1/;G;s/\n/ /;h;b
    :say
    G;s/^\([a-z]*\)\n\(.*\)/\2 \1/p' | while read -r family table chain hook; do
    case "$family $table $chain" in
      inet\ * | ip\ * | ip6\ *) ;;
      *) continue ;;
    esac
    case "$table $chain" in
      firewalld\ * | kube-proxy\ * | flannel* | tsplay* | *\ INPUT | *\ FORWARD) continue ;;
    esac
    echo "$family $table $chain $hook"
  done
}

# The rules for a hook that a family can have.
rules_of() {
  printf '%s\n' "$rules" | sed -n "s/^$2 //p" | case $1 in
    ip) grep -v '^ip6 ' ;;
    ip6) grep -v '^ip ' ;;
    *) cat ;;
  esac
}

# What is loaded at boot: it must stand even where the table of the others has gone.
text() {
  echo '# Kept by tsplay from the inventory: what other tables let through for k3s.'
  chains | while read -r family table chain hook; do
    mine=$ours-$hook
    echo "add table $family $table"
    echo "add chain $family $table $chain"
    echo "add chain $family $table $mine"
    echo "flush chain $family $table $mine"
    rules_of "$family" "$hook" | sed "s|.*|add rule $family $table $mine & comment \"$comment\"|"
    echo "insert rule $family $table $chain jump $mine comment \"$comment\""
  done
}

# The kernel's rules are printed in a way of its own: their number tells whether something was lost, the file what they are.
is_loaded() {
  chains | while read -r family table chain hook; do
    mine=$ours-$hook
    jumps=$(nft list chain "$family" "$table" "$chain" | grep -c "jump $mine ")
    first=$(nft list chain "$family" "$table" "$chain" | sed '/type filter/,$!d' | sed -n 2p)
    count=$(nft list chain "$family" "$table" "$mine" 2>/dev/null | grep -c "comment \"$comment\"")
    wanted=$(rules_of "$family" "$hook" | grep -c .)
    case $first in *"jump $mine "*) ;; *) jumps=0 ;; esac
    if [ "$jumps" != 1 ] || [ "$count" != "$wanted" ]; then echo "$family $table $chain"; fi
  done
}

# Jumps of ours, as commands that delete them.
old_jumps() {
  chains | while read -r family table chain hook; do
    nft -a list chain "$family" "$table" "$chain" |
      sed -n "s/.*jump $ours-$hook .*# handle \([0-9]*\)\$/delete rule $family $table $chain handle \1/p"
  done
}

old_chains() {
  chains | while read -r family table _ hook; do
    if nft list chain "$family" "$table" "$ours-$hook" >/dev/null 2>&1; then
      echo "flush chain $family $table $ours-$hook"
      echo "delete chain $family $table $ours-$hook"
    fi
  done
}

case $doing in
  look)
    there=$(chains)
    if [ -z "$there" ]; then
      if [ -e "$file" ]; then echo "$file"; fi
      exit 0
    fi
    if [ "$(text)" != "$(cat "$file" 2>/dev/null)" ]; then echo "$file"; fi
    is_loaded
    ;;
  set)
    umask 022
    mkdir -p -- "${file%/*}" || exit 1
    if [ -z "$(chains)" ]; then
      rm -f -- "$file"
      exit
    fi
    temp=$(mktemp "${file%/*}/.tsplay.XXXXXX") || exit 1
    trap 'rm -f -- "$temp"' EXIT
    text >"$temp" || exit 1
    { old_jumps; cat "$temp"; } | nft -f - || exit 1
    chmod 644 "$temp" && mv -f -- "$temp" "$file"
    ;;
  remove)
    { old_jumps; old_chains; } | nft -f - || exit 1
    rm -f -- "$file"
    ;;
esac
