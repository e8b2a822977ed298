import { expandHome } from '../files/fragments.js'
import { shellScript } from '../script.js'
import { askHardware } from './ask-hardware.js'
import { askHost } from './ask-host.js'
import { askServices } from './ask-services.js'

/**
 * Everything that is asked of a host, in one script: `== name`, then what the host said. A group of facts is a function; the
 * variable `groups` names those that are called. Nothing here may fail or hang; what a host does not have is simply not said.
 */
export const factsScript = shellScript(
  'setup',
  'probe',
  ['groups', 'fact_path'],
  `${expandHome}PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
export PATH
has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '\\n== %s\\n' "$1"; }
# What a file holds, and its first line as $first: a host is asked for dozens of files of a line each, and a program for each
# would be most of the work.
show() {
  [ -r "$1" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do printf '%s\\n' "$line"; done 2>/dev/null <"$1"
}
first() {
  first=
  [ ! -r "$1" ] || read -r first 2>/dev/null <"$1"
}
wanted() {
  case " $groups " in
    *" $1 "*) return 0 ;;
    *) return 1 ;;
  esac
}
${askHost}${askHardware}${askServices}if wanted min; then facts_min; fi
if wanted hardware; then facts_hardware; fi
if wanted network; then facts_network; fi
if wanted virtual; then facts_virtual; fi
if wanted firewall; then facts_firewall; fi
if wanted k3s; then facts_k3s; fi
if wanted local; then
  fs_expand "$fact_path"
  fact_path=$fs_path
  facts_local
fi
say end`,
)
