"""Tells ansible-core's words as JSON: its keywords by place, the lookups that it can loop by, the options of ansible-playbook."""

import json

from ansible.cli.playbook import PlaybookCLI
from ansible.playbook.block import Block
from ansible.playbook.handler import Handler
from ansible.playbook.loop_control import LoopControl
from ansible.playbook.play import Play
from ansible.playbook.playbook_include import PlaybookInclude
from ansible.playbook.role import Role
from ansible.playbook.role.definition import RoleDefinition
from ansible.playbook.task import Task
from ansible.plugins.loader import lookup_loader

places = {
    'play': [Play],
    'import_playbook': [PlaybookInclude],
    'block': [Block],
    'task': [Task],
    'handler': [Handler],
    'role': [Role, RoleDefinition],
    'loop_control': [LoopControl],
}
keywords = {
    place: sorted({name for each in classes for name in each.fattributes})
    for place, classes in places.items()
}
lookups = sorted({path.rsplit('/', 1)[-1].removesuffix('.py') for path in lookup_loader.all(path_only=True)})
cli = PlaybookCLI(['ansible-playbook'])
cli.init_parser()
options = [
    {'names': action.option_strings, 'takes_value': action.nargs != 0, 'repeats': 'Append' in type(action).__name__}
    for action in cli.parser._actions
    if action.option_strings
]
print(json.dumps({'keywords': keywords, 'lookups': lookups, 'options': options}))
