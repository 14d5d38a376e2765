#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a device takes is charged to the memory control group of who made it: when it is made, set, and when packets of others
# have path cookies made. All of it is given back with the device.
# Needs a kernel with memory control groups: user-mode-linux has none, and there is nothing to show.
. "$(dirname "$0")/lib.sh"

groups=$WORK/groups
mkdir "$groups"
mount -t cgroup2 none "$groups"
if ! grep -qw memory "$groups/cgroup.controllers"; then
	say "this kernel has no memory control groups"
	umount "$groups"
	exit 0
fi
test_cleanup() { rmdir "$groups/maker"; umount "$groups"; }
echo +memory >"$groups/cgroup.subtree_control"
mkdir "$groups/maker"

# in_group COMMAND...
in_group() { (echo 0 >"$groups/maker/cgroup.procs" && exec "$@"); }
# charged KIND: octets of the group; every CPU keeps some to itself until it has many.
charged() { sed -n "s/^$1 //p" "$groups/maker/memory.stat"; }
kernel() { echo $(($(charged slab) + $(charged percpu) + $(charged vmalloc))); }
at_least() { (($($1) >= $2)); }
at_most() { (($($1) <= $2)); }
percpu() { charged percpu; }

modprobe dsmip
namespaces a
wire a out0 a in0
ip -n a address add 192.0.2.1/24 dev out0

say "making and setting devices"
processors=$(getconf _NPROCESSORS_CONF)
devices=100
# counters of 8 octets each, beside queues and statistics, on every processor
counters=$(grep -c '^	X(' "$TREE/kmod/dsmip.h")
batch() { for ((i = 0; i < devices; i++)); do echo "link $1 d$i${2:+ $2}"; done; }
batch add "type dsmip" >"$WORK/make"
batch del >"$WORK/delete"
before=$(kernel) before_percpu=$(percpu)
in_group ip -n a -batch "$WORK/make"
wait_until "charges of the parts per CPU" at_least percpu $((devices * counters * 8 * processors))
# rings, buckets of limits, fragments: 64, 96 and 4 KiB
wait_until "charges of devices" at_least kernel $((before + devices * 160 * 1024))
info "$devices devices: $((($(kernel) - before) / devices)) octets each, $(($(percpu) / devices)) of them per CPU"
ip -n a -batch "$WORK/delete"
wait_until "the parts per CPU are given back" at_most percpu "$before_percpu"
# The stack keeps a little for each name of a device that it has seen.
wait_until "all is given back" at_most kernel $((before + devices * 16 * 1024))

say "path cookies that packets have made"
in_group ip -n a link add d0 type dsmip
ip -n a link set d0 up
in_ns a dsmip-nl device-set d0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8:1::1 \
	--source-rate 0 --network-rate 0 --stranger-rate 0 --cookie-lifetime 600s
before=$(kernel)
in_ns a python3 - <<-PY
	import sys
	sys.path.insert(0, "$SYSTEM_DIR/tools")
	import socket
	from packets import *
	message = ip6("2001:db8:a::1", "2001:db8:1::1", MH, mobility_header("2001:db8:a::1", "2001:db8:1::1"))
	out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for _ in range(8192):
	    out.sendto(message, ("192.0.2.1", 4191))
PY
paths() { in_ns a dsmip-nl --json device-get d0 | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["paths"])'; }
wait_until "cookies" at_least paths 8000
# 120 octets and more
wait_until "charges of path cookies" at_least kernel $((before + 8000 * 120))
info "8192 path cookies: $((($(kernel) - before) / 8192)) octets each"
ip -n a link del d0
wait_until "all is given back" at_most kernel $((before + 64 * 1024))
