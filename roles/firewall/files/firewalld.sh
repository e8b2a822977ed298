#!/bin/sh
# Brings firewalld that runs to what it would load at its start.
# firewalld.sh reload... | "POLICY add|remove RULE"...
PATH=$PATH:/usr/sbin:/sbin
for change; do
  case $change in
    reload) exec firewall-cmd --reload ;;
  esac
done
for change; do
  policy=${change%% *}
  rest=${change#* }
  firewall-cmd --policy="$policy" "--${rest%% *}-rich-rule=${rest#* }" || exit 1
done
