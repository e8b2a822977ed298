/**
 * The groups `firewall` and `k3s`. Functions of sh; `has` and `say` are the script's. iptables-save reads without loading or
 * making a table, as `iptables -S` would; the older kind is only asked where the kernel has the table already.
 */
export const askServices = `facts_firewall() {
  say ufw; if has ufw; then echo there; grep '^ENABLED' /etc/ufw/ufw.conf 2>/dev/null; fi
  say firewalld; if has firewall-cmd; then echo there; has systemctl && systemctl is-active firewalld 2>/dev/null; fi
  say nftables; if has nft; then echo there; has systemctl && systemctl is-active nftables 2>/dev/null; fi
  say nft_tables; has nft && nft list tables 2>/dev/null
  say iptables; iptables=$(has iptables && iptables --version 2>/dev/null); echo "$iptables"
  say iptables_filter
  if has iptables && has iptables-save; then
    case $iptables in
      *nf_tables*) iptables-save -t filter 2>/dev/null ;;
      *) grep -qx filter /proc/net/ip_tables_names 2>/dev/null && iptables-save -t filter 2>/dev/null ;;
    esac | sed -n '/^:\\(INPUT\\|FORWARD\\|OUTPUT\\) /p;s/^-A .*/rule/p' | sort | uniq -c
  fi
}
facts_k3s() {
  say k3s
  if has k3s; then
    if has timeout; then timeout 10 k3s --version 2>/dev/null; else k3s --version 2>/dev/null; fi
  fi
  say k3s_server; sed -n 's/^server: *//p' /etc/rancher/k3s/config.yaml 2>/dev/null
  say k3s_service
  for service in k3s k3s-agent; do
    if [ -e "/etc/systemd/system/$service.service" ]; then
      echo "$service $(systemctl is-active "$service" 2>/dev/null)"
    elif [ -e "/etc/init.d/$service" ]; then
      if rc-service "$service" status >/dev/null 2>&1; then echo "$service active"; else echo "$service inactive"; fi
    fi
  done
}
`
