#!/bin/sh
# What the k3s that runs here is told of its runtime, and how its own containerd counts. Reads only.
#   uses docker, uses unix:///...: another runtime than its own   runtime true, runtime false: SystemdCgroup of its own
# look.sh CONFIG_DIR DATA_DIR SERVICE_FILE
config=$1 data=$2 service=$3

# The last one counts, as for k3s: files in their order, then the words of the command.
{
  sed -n -e 's/^docker: *true *$/docker/p' -e 's/^container-runtime-endpoint: *//p' \
    "$config/config.yaml" "$config"/config.yaml.d/*.yaml
  tr -s " '\"\\\\\t" '\n' <"$service" |
    sed -n -e 's/^--docker$/docker/p' -e 's/^--container-runtime-endpoint=//p' -e '/^--container-runtime-endpoint$/{n;p;}'
} 2>/dev/null | tr -d "\"'" | tail -n 1 | sed 's/^/uses /'

sed -n 's/^[[:space:]]*SystemdCgroup *= *\([a-z]*\).*/runtime \1/p' "$data/agent/etc/containerd/config.toml" 2>/dev/null | sort -u
exit 0
