"""What ansible-playbook did, a line of JSON for each result of a task, and one for the recap."""

import json

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'trace'

    def say(self, result, status):
        values = result._result
        items = values['results'] if 'results' in values and result._task.loop is not None else [values]
        shows = result._task.action == 'debug' and status in ('ok', 'changed')
        print(json.dumps({
            'task': result._task_fields.get('name') or result._task.action,
            'module': result._task.action,
            'host': result._host.name,
            'status': status,
            'says': [item.get('msg') for item in items if not item.get('skipped')] if shows else [],
        }))

    def v2_runner_on_ok(self, result):
        self.say(result, 'changed' if result._result.get('changed') else 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.say(result, 'failed')

    def v2_runner_on_skipped(self, result):
        self.say(result, 'skipped')

    def v2_runner_on_unreachable(self, result):
        self.say(result, 'unreachable')

    def v2_playbook_on_stats(self, stats):
        print(json.dumps({'stats': {host: stats.summarize(host) for host in stats.processed}}))
