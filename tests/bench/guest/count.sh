#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest of tests/bench/instructions: packets through one variant, intervals marked for the counting plugin of
# QEMU.
#   count.sh VARIANT NODES FEW MANY ROUNDS DIRECTION...     to-node, from-node
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/network.sh"
PATH="$here/../../../build/ctl/bin:$PATH"
variant=$1 NODES=$2 few=$3 many=$4 rounds=$5

# arrived NS DEVICE: packets that came in.
arrived() { ip netns exec "$1" cat "/sys/class/net/$2/statistics/rx_packets"; }
# count NS DEVICE: intervals of FEW and of MANY packets in turn, ROUNDS times. All of them come through, or the variant
# does not work.
count() {
	local before came expected=$((warm + rounds * (few + many)))
	before=$(arrived "$@")
	"${send[@]}" "$warm" "$few" "$many" "$rounds"
	came=$(($(arrived "$@") - before))
	# The kernel has a word of its own to say now and then.
	((came >= expected && came < expected + 20)) ||
		fail "$variant: $came packets came to $2, not $expected"
}

# count_direction DIRECTION: all of the way, then without [ha]: sender, one cable and the drop.
count_direction() {
	local near end
	if [ "$1" = to-node ]; then
		send=(ip netns exec src "$here/count_sender.sh" "pktgen_send src0")
		near=ha-cn end=(mn mn0)
	else
		send=(ip netns exec mn "$here/count_sender.sh" "node_send $variant $NODES")
		near=ha-mn end=(cn cn0)
	fi
	count "${end[@]}"
	drop_at ha $near
	count ha $near
}

# Every node that gets packets gets some of these.
warm=300
[ "$NODES" = 1 ] || warm=$((12 * BUSY_NODES))
modprobe pktgen
make_network
make_source
make_variant "$variant"
case $variant in
wg?)
	# It does not send before the two have talked.
	make_node "$variant"
	ip netns exec cn ping -q -c 1 "$([ "$variant" = wg4 ] && echo $HOME4 || echo $HOME6)" >/dev/null
	drop_at mn mn0
	;;
esac
ip netns exec src bash -c ". $here/network.sh; pktgen_prepare src0 $(inner_family "$variant") $NODES"
grep -i " [tw] " /proc/kallsyms | gzip -1 >"$DSMIP_ARTIFACTS/symbols.gz"
for direction in "${@:6}"; do
	count_direction "$direction"
done
