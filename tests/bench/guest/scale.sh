#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest of tests/bench/scale: many nodes on one device.
#   scale.sh NODES
# Prints   scale NODES INSTALL_S DUMP_S FLUSH_S OCTETS_PER_NODE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/network.sh"
PATH="$here/../../../build/ctl/bin:$PATH"
nodes=$1

# kernel_memory: what the kernel allocated, in octets, once what it frees later has been freed. Caches of files are not
# part of it, buffers of allocators are.
kernel_memory() {
	local before='' now='' same=0 end=$((SECONDS + 30))
	while ((same < 3 && SECONDS < end)); do
		echo 1 >/proc/sys/vm/stat_refresh
		now=$(awk '/^(Slab|VmallocUsed|Percpu|KernelStack|PageTables):/ { sum += $2 } END { printf "%d\n", sum * 1024 }' /proc/meminfo)
		if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
		before=$now
		poll_pause
	done
	echo "$now"
}
elapsed() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'; }

modprobe dsmip
ip link add t0 type dsmip
dsmip-nl device-set t0 --role home-agent --home-agent4 $HA4 --home-agent6 $HA6
ip link set t0 up
# What is allocated once for any number of nodes.
dsmip-nl bulk-add t0 16 --spread >/dev/null
dsmip-nl binding-del t0 --all
before=$(kernel_memory)
install=$(dsmip-nl bulk-add t0 "$nodes" --spread | sed -E 's/.* in ([0-9.e+-]*) s$/\1/')
memory=$((($(kernel_memory) - before) / nodes))
dump=$(python3 "$here/dump_time.py" t0 "$nodes")
start=$EPOCHREALTIME
dsmip-nl binding-del t0 --all
flush=$(elapsed "$start")
echo "scale $nodes $install $dump $flush $memory"
