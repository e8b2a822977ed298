"""Runs commands of Ansible, one in each of many folders: it is loaded once, and each run is a process of its own.

Arguments: a folder each, which holds `command.json`: its `argv`, and its `cwd` where that is another. Into it go `said` and `complained` (the two outputs) and `code` (the
exit code).
"""

import json
import os
import sys

from ansible.cli.inventory import InventoryCLI
from ansible.cli.playbook import PlaybookCLI

COMMANDS = {'ansible-inventory': InventoryCLI, 'ansible-playbook': PlaybookCLI}
AT_ONCE = os.cpu_count() or 1


def run(folder):
    os.chdir(folder)
    os.environ['ANSIBLE_LOCAL_TEMP'] = folder
    with open('command.json') as source:
        command = json.load(source)
    for descriptor, name in ((1, 'said'), (2, 'complained')):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.chdir(command.get('cwd', folder))
    COMMANDS[command['argv'][0]].cli_executor(command['argv'])


def main(folders):
    running = {}
    while folders or running:
        while folders and len(running) < AT_ONCE:
            folder = folders.pop(0)
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                run(folder)
                os._exit(250)
            running[pid] = folder
        pid, status = os.wait()
        with open(os.path.join(running.pop(pid), 'code'), 'w') as code:
            code.write(str(os.waitstatus_to_exitcode(status)))


if __name__ == '__main__':
    main(sys.argv[1:])
