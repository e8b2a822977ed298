"""Runs ansible-playbook for many folders: it is loaded once, and each run is a process of its own.

Arguments: a folder each, which holds `argv.json`. Into it go `said` (the output) and `code` (the exit code).
"""

import json
import os
import sys

from ansible.cli.playbook import PlaybookCLI

AT_ONCE = os.cpu_count() or 1


def play(folder):
    os.chdir(folder)
    os.environ['ANSIBLE_LOCAL_TEMP'] = folder
    with open('argv.json') as source:
        argv = json.load(source)
    said = os.open('said', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    PlaybookCLI.cli_executor(['ansible-playbook', *argv])


def main(folders):
    running = {}
    while folders or running:
        while folders and len(running) < AT_ONCE:
            folder = folders.pop(0)
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                play(folder)
                os._exit(250)
            running[pid] = folder
        pid, status = os.wait()
        with open(os.path.join(running.pop(pid), 'code'), 'w') as code:
            code.write(str(os.waitstatus_to_exitcode(status)))


if __name__ == '__main__':
    main(sys.argv[1:])
