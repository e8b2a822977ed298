/**
 * `web_proxy`: takes the proxy that the host itself uses, or none where `$use_proxy` is no. sudo hands on none of its
 * variables, so where there is none those of /etc/environment count. wget knows the names in lower case alone, and curl
 * heeds no HTTP_PROXY.
 */
export const webProxy = `web_proxy() {
  if [ "$use_proxy" = no ]; then
    unset http_proxy https_proxy ftp_proxy all_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY
    return 0
  fi
  if [ -r /etc/environment ] && ! env | grep -q '^[A-Za-z]*_[Pp][Rr][Oo][Xx][Yy]='; then
    while IFS= read -r web_line || [ -n "$web_line" ]; do
      web_line=\${web_line#export }
      web_key=\${web_line%%=*}
      case $web_key in
        *[!A-Za-z_]*) ;;
        *_proxy | *_PROXY)
          web_value=\${web_line#*=}
          web_value=\${web_value#[\\"\\']}
          web_value=\${web_value%[\\"\\']}
          export "$web_key=$web_value"
          ;;
      esac
    done </etc/environment
  fi
  for web_key in http https ftp no; do
    web_upper=$(printf '%s' "$web_key" | tr '[:lower:]' '[:upper:]')
    eval "web_value=\\\${\${web_key}_proxy-\\\${\${web_upper}_PROXY-}}"
    [ -z "$web_value" ] || export "\${web_key}_proxy=$web_value"
  done
}
`

/**
 * `web_get FILE`: fetches `$url` with curl or wget into the file, `-` for the standard output; what the program says comes
 * on the standard error. Wants the variables of `webOptions`, and `$timeout` in whole seconds. `web_why TEXT`: of that, why.
 *
 * Busybox's wget has no -T where it was built so (Debian's: it crashes), and verifies no certificate unless a program of its
 * own does TLS for it (Alpine's ssl_client).
 */
export const webGet = `${webProxy}web_kind() {
  case $(wget --help 2>&1) in
    *BusyBox*'-T SEC'*) echo busybox ;;
    *BusyBox*) echo bare ;;
    *) echo gnu ;;
  esac
}
web_verifies() {
  [ "$1" = gnu ] && return 0
  web_tls=$(command -v ssl_client) || return 1
  # A name alone is a program within busybox itself.
  case $web_tls,$(readlink -f -- "$web_tls") in
    [!/]* | */busybox*) return 1 ;;
  esac
}
web_get() {
  web_proxy
  if command -v curl >/dev/null 2>&1; then
    case $1 in -) set -- - --max-time 60 ;; esac
    printf '%s' "$curl_config" | curl -fsSL --retry 2 --connect-timeout "$timeout" --speed-limit 1 \\
      --speed-time "$timeout" -K - -o "$@" -- "$url"
    return
  fi
  if ! command -v wget >/dev/null 2>&1; then
    echo 'neither curl nor wget is on this host' >&2
    return 1
  fi
  web_how=$(web_kind)
  if [ "$verify" = yes ] && ! web_verifies "$web_how"; then
    echo 'the wget of this host verifies no certificate: install curl, give a sha256, or set validate_certs: false' >&2
    return 1
  fi
  web_file=$1
  eval "set -- $wget_options"
  case $web_how in
    gnu) wget -nv -t 3 -T "$timeout" -O "$web_file" "$@" -- "$url" ;;
    busybox) wget -q -T "$timeout" -O "$web_file" "$@" -- "$url" ;;
    bare) timeout 3600 wget -q -O "$web_file" "$@" -- "$url" ;;
  esac
}
web_why() {
  web_line=$(printf '%s\\n' "$1" | sed -n 's/^curl: //p' | tail -n 1)
  [ -n "$web_line" ] || web_line=$(printf '%s\\n' "$1" |
    sed -e '/^ *$/d' -e 's/^wget: //' -e 's/^[-0-9]* [0-9:]* ERROR /ERROR /' | tail -n 1)
  printf '%s' "$web_line"
}
`
