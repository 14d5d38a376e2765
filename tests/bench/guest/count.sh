#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest of tests/bench/instructions: one variant, packets from [cn] to a node, intervals marked for the
# counting plugin of QEMU.
#   count.sh VARIANT FEW MANY ROUNDS
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/network.sh"
tree=$(cd "$here/../../.." && pwd)
export PATH="$tree/build/ctl/bin:$PATH"
variant=$1 few=$2 many=$3 rounds=$4

# arrived DEVICE: packets that came in through a device of [ha] or [mn].
arrived() {
	local ns=mn
	[ "$1" = mn0 ] || ns=ha
	ip netns exec $ns cat "/sys/class/net/$1/statistics/rx_packets"
}
# count DEVICE: intervals of FEW and of MANY packets in turn, ROUNDS times. All of them come through, or the variant does
# not work.
count() {
	local before came expected=$((300 + rounds * (few + many)))
	before=$(arrived "$1")
	ip netns exec cn bash "$here/count_sender.sh" "$few" "$many" "$rounds"
	came=$(($(arrived "$1") - before))
	# The kernel has a word of its own to say now and then.
	((came >= expected && came < expected + 20)) ||
		fail "$variant: $came packets came to $1, not $expected"
}

modprobe pktgen
make_network
make_variant "$variant"
ip netns exec cn bash -c ". $here/network.sh; pktgen_prepare $(inner_family "$variant")"
grep -i " [tw] " /proc/kallsyms | gzip -1 >"$DSMIP_ARTIFACTS/symbols.gz"
count mn0
# The same without [ha]: sender, one cable and the drop.
ip netns exec ha tc qdisc add dev ha-cn clsact
ip netns exec ha tc filter add dev ha-cn ingress matchall action drop
count ha-cn
