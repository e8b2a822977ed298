import { helpers } from '../../runner/expression/index.js'

/** docs/expressions.md: how expressions and templates are written, and every helper. */
export function expressionsPage(): string {
  const rows = helpers.map(({ signature, doc }) => `| \`${signature}\` | ${doc.replaceAll('|', '\\|')} |`)
  return `# Expressions and templates

\`npm run docs\` writes this page; the table comes from \`runner/expression/helpers.ts\`.

- \`when\`, \`changed_when\`, \`failed_when\`, \`until\`, \`break_when\` and \`that\` are JavaScript expressions, and must be a boolean:
  \`when: facts.os.family === 'debian'\`.
- Elsewhere a tag holds one: \`name: install k3s <%= k3s_version %>\`. A string that is one tag keeps the type of its value.
- Template files are EJS (\`templates/*.ejs\`): \`<%= value %>\`, and \`<% … %>\` for statements. Nothing is escaped. What is undefined, null
  or an object is an error with its place, never an empty string.
- A name must be defined, and that is checked before any host is touched. What may be absent is asked for as a member:
  \`vars.k3s_token ?? 'none'\`; of another host: \`hostvars[host].k3s_token ?? 'none'\`. \`omit\` takes an argument away.
- Values are data: what comes from a host, the command line, a prompt or a file is never compiled, whatever it looks like.
- JavaScript's own \`Object\`, \`Array\`, \`String\`, \`Number\`, \`Math\`, \`JSON\`, \`RegExp\`, \`Date\`, \`Set\` and \`Map\` are there;
  \`process\`, \`require\`, \`import\` and the like are not.

## Helpers
| helper | what it gives |
|---|---|
${rows.join('\n')}

## From Jinja
| Jinja | here |
|---|---|
| \`x \\| default('none')\` | \`vars.x ?? 'none'\` |
| \`x is defined\` | \`vars.x !== undefined\` |
| \`a \\| combine(b, recursive=true)\` | \`combine(a, b)\` |
| \`x \\| to_json\`, \`from_yaml\`, \`b64encode\`, \`hash('sha256')\` | \`toJson(x)\`, \`fromYaml(x)\`, \`b64encode(x)\`, \`sha256(x)\` |
| \`list \\| map(attribute='name') \\| list\` | \`list.map(item => item.name)\` |
| \`list \\| selectattr('up') \\| list\` | \`list.filter(item => item.up)\` |
| \`list \\| join(', ')\`, \`length\`, \`first\` | \`list.join(', ')\`, \`list.length\`, \`list[0]\` |
| \`a.version is version('1.30', '>=')\` | \`versionCompare(a.version, '1.30') >= 0\` |
| \`lookup('env', 'HOME')\` | \`env('HOME')\` |
| \`lookup('file', 'x')\` | \`readFile(playbook_dir + '/x')\` |
| \`x \\| ipaddr('net') \` | \`cidrContains(net, x)\`, \`cidrHost(net, n)\`, \`cidrSubnet(net, prefix, n)\` |
`
}
