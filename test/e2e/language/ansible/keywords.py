"""Tells ansible-core's keywords as JSON: by place, and the lookups that it can loop by."""

import json

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
print(json.dumps({'keywords': keywords, 'lookups': lookups}))
