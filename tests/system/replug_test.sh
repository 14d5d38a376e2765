#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mobile node that changes network on the same interface, as a cable or a radio does it: the kernel
# keeps old addresses and routes beside the new ones, and nobody flushes them.
#
#   core --- field-a (bridge)  2001:db8:a::/64 --+
#       \                                         port === wanx  mn
#        +-- field-b (bridge)  2001:db8:b::/64 --+
# requirements: D-4.4.2-01
. "$(dirname "$0")/lib.sh"
. "$SYSTEM_DIR/roaming.sh"

roaming_network
for field in a b; do
	ip -n core link add field-$field type bridge mcast_snooping 0 forward_delay 0
	ip -n core link set field-$field up
	ip -n core address add 2001:db8:$field::1/64 dev field-$field
	cat >>"$WORK/fields.conf" <<-RADVD
		interface field-$field {
			AdvSendAdvert on;
			MinRtrAdvInterval 200;
			MaxRtrAdvInterval 600;
			prefix 2001:db8:$field::/64 { };
		};
	RADVD
done
start fields ip netns exec core radvd -n -C "$WORK/fields.conf" -p /run/radvd/fields.pid -m stderr
wire core port mn wanx
# plug FIELD: with loss of carrier.
plug() {
	ip -n core link set port down
	wait_until "loss of carrier" carrier_is 0
	ip -n core link set port master "field-$1"
	ip -n core link set port up
}
carrier_is() { [ "$(in_ns mn cat /sys/class/net/wanx/carrier)" = "$1" ]; }
has_address() { [[ $(ip -n mn -6 address show dev wanx) == *"inet6 $1"* ]]; }

ip -n mn link set wanx down
ip -n core link set port master field-a
ha_config
start_ha
mn_config
cat >>"$WORK/mn.toml" <<-TOML
	[[mobile-node.access]]
	interface = "wanx"
	bid = 4
	priority = 0
TOML
start_mn

say "Arrival in the first network"
attach wanx
wait_bound ha "via 2001:db8:a:"
wait_bound mn "via 2001:db8:a:"
in_ns cn ping -c1 -W5 $HOA6 >/dev/null

say "The cable goes into another network"
begin=$SECONDS
plug b
wait_bound ha "via 2001:db8:b:"
info "after $((SECONDS - begin)) s"
has_address 2001:db8:a: || fail "the kernel was to keep the old address: nothing was tested"
wait_until "traffic by the new network" in_ns cn ping -c1 -W2 $HOA6

say "And back: the old address, which is still there, is right again"
begin=$SECONDS
plug a
wait_bound ha "via 2001:db8:a:"
info "after $((SECONDS - begin)) s"
wait_until "traffic by the first network" in_ns cn ping -c1 -W2 $HOA6

say "Pulled and plugged in again in the same network: no move"
moves=$(mn_ctl status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["counters"]["moves"])')
refreshed=$(sequence_of ha $HOA6)
plug a
seen_again() { [ "$(sequence_of ha $HOA6)" != "$refreshed" ]; }
wait_until "a Binding Update after the replug" seen_again
wait_until "traffic" in_ns cn ping -c1 -W2 $HOA6
expect_equal "moves" "$moves" "$(mn_ctl status --json |
	python3 -c 'import json,sys; print(json.load(sys.stdin)["counters"]["moves"])')"

say "A kept IPv4 lease, and another network when the carrier is back: the other access serves"
ip -n mn link set wanx down
attach wan4
wait_bound ha "via 203.0.113.10"
attach wann
ip -n core link set visited4 down
wait_bound ha "via $NAT4"
ip -n core address del 203.0.113.1/25 dev visited4
ip -n core link set visited4 up
silent() { [[ $(ip -n mn neigh show 203.0.113.1 dev wan4) == *FAILED* ]]; }
wait_until "a gateway that does not answer" silent
wait_bound ha "via $NAT4"
wait_until "traffic by the other access" in_ns cn ping -c1 -W2 $HOA4

say "And back when its gateway is there"
begin=$SECONDS
ip -n core address add 203.0.113.1/25 dev visited4
wait_bound ha "via 203.0.113.10"
info "after $((SECONDS - begin)) s"
wait_until "traffic by the first access" in_ns cn ping -c1 -W2 $HOA4
