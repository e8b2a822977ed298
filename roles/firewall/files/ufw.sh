#!/bin/sh
# Sets and deletes rules of ufw in one start of it: ufw is a program in Python, and starting that costs more than ten rules.
# ufw.sh COMMENT RULE...; a RULE is what `ufw` takes, without a comment: "allow in proto tcp from 192.0.2.1 to any port 6443".
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
ufw=$(command -v ufw) || {
  echo 'ufw is not installed' >&2
  exit 1
}

# What /usr/sbin/ufw does itself, for each rule; 97: this ufw is another program.
in_one_go() {
  python=$(sed -n '1s/^#! *//p' "$ufw")
  case $python in */python*) ;; *) return 97 ;; esac
  # shellcheck disable=SC2086 # an interpreter and its options
  $python - "$ufw" "$@" <<'END'
import gettext, sys
program, comment, rules = sys.argv[1], sys.argv[2], sys.argv[3:]
sys.argv = [program]
try:
    import ufw.common, ufw.frontend
    from ufw.util import create_lock, release_lock
    parse, UFWFrontend, UFWError = ufw.frontend.parse_command, ufw.frontend.UFWFrontend, ufw.common.UFWError
except (ImportError, AttributeError):
    sys.exit(97)
gettext.install(ufw.common.programName)
try:
    frontend = UFWFrontend(False)
    lock = create_lock()
    try:
        for rule in rules:
            words = rule.split()
            words = ['--force'] + words if words[0] == 'delete' else words + ['comment', comment]
            try:
                parsed = parse(['ufw'] + words)
            except ValueError:
                raise UFWError('it does not understand: ' + rule)
            print(frontend.do_action(parsed.action, parsed.data['rule'], parsed.data['iptype'], parsed.force))
    finally:
        release_lock(lock)
except UFWError as error:
    sys.stderr.write('%s\n' % error.value)
    sys.exit(1)
END
}

one_by_one() {
  comment=$1
  shift
  for rule; do
    # shellcheck disable=SC2086 # the words of a rule
    case $rule in
      delete\ *) "$ufw" --force $rule ;;
      *) "$ufw" $rule comment "$comment" ;;
    esac || return 1
  done
}

in_one_go "$@"
code=$?
if [ "$code" = 97 ]; then
  one_by_one "$@"
  code=$?
fi
exit "$code"
