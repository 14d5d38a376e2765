#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mobile node that changes network on the same interface, as a cable or a radio does it: the kernel
# keeps old addresses and routes beside the new ones, and nobody flushes them.
#
#   core --- field-a (bridge)  2001:db8:a::/64 --+
#       \-- field-b (bridge)  2001:db8:b::/64 ---+ port === wanx  mn
#        +-- field-d (bridge)  2001:db8:d::/64 --+
#
# Their routers advertise once when asked, and then not for minutes.
# requirements: D-4.4.2-01
. "$(dirname "$0")/lib.sh"
. "$SYSTEM_DIR/roaming.sh"

roaming_network
for field in a b d; do
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
capture core port port ip6
# reconnect FIELD: without loss of carrier; plug FIELD: with it.
reconnect() { ip -n core link set port master "field-$1"; }
plug() {
	ip -n core link set port down
	wait_until "loss of carrier" carrier_is 0
	reconnect "$1"
	ip -n core link set port up
}
carrier_is() { [ "$(in_ns mn cat /sys/class/net/wanx/carrier)" = "$1" ]; }
has_address() { [[ $(ip -n mn -6 address show dev wanx) == *"inet6 $1"* ]]; }

carrier_changes() { in_ns mn cat "/sys/class/net/$1/carrier_changes"; }
moves() {
	mn_ctl status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["counters"]["moves"])'
}
# seen_since SEQUENCE: the home agent has had a later Binding Update.
seen_since() {
	local now
	now=$(sequence_of ha $HOA6)
	[ -n "$now" ] && [ "$now" != "$1" ]
}

ip -n mn link set wanx down
reconnect a
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
moves=$(moves)
refreshed=$(sequence_of ha $HOA6)
plug a
wait_until "a Binding Update after the replug" seen_since "$refreshed"
wait_until "traffic" in_ns cn ping -c1 -W2 $HOA6
expect_equal "moves" "$moves" "$(moves)"

# The node has nothing to send, so no neighbour is missed by the kernel, and no Binding Update is due.
changes=$(carrier_changes wanx)
for field in d b a; do
	say "Without a carrier event into field-$field, and nobody says a word"
	begin=$SECONDS
	reconnect $field
	wait_bound ha "via 2001:db8:$field:"
	info "after $((SECONDS - begin)) s"
	wait_until "traffic by field-$field" in_ns cn ping -c1 -W2 $HOA6
done
expect_equal "carrier changes" "$changes" "$(carrier_changes wanx)"

say "Stays where it is: nothing but a question now and then"
moves=$(moves)
refreshed=$(sequence_of ha $HOA6)
start questions ip netns exec core timeout 60 tcpdump -lni port -c 2 "icmp6 and (ip6[40] == 133 or ip6[40] == 135) and src host $(
	ip -n mn -6 -o address show dev wanx scope link | sed -nE 's,.* inet6 ([^/]+)/.*,\1,p'
)"
# shellcheck disable=SC2154 # set by start
wait "$PID_questions" || fail "the node did not ask twice in a minute"
expect_equal "moves" "$moves" "$(moves)"
expect_equal "sequence number" "$refreshed" "$(sequence_of ha $HOA6)"

say "An IPv4 lease that is kept over a loss of carrier in the same network: registered again, no move"
ip -n mn link set wanx down
attach wan4
wait_bound ha "via 203.0.113.10"
moves=$(moves)
refreshed=$(sequence_of ha $HOA6)
changes=$(carrier_changes wan4)
ip -n core link set visited4 down
lost_carrier() { [ "$(carrier_changes wan4)" != "$changes" ]; }
wait_until "loss of carrier" lost_carrier
ip -n core link set visited4 up
wait_until "a Binding Update after the loss of carrier" seen_since "$refreshed"
wait_bound ha "via 203.0.113.10"
wait_until "traffic" in_ns cn ping -c1 -W2 $HOA4
expect_equal "moves" "$moves" "$(moves)"

say "An IPv4 network that is left without a carrier event: its gateway does not answer"
attach wann
moves=$(moves)
changes=$(carrier_changes wan4)
begin=$SECONDS
ip -n core address del 203.0.113.1/25 dev visited4
wait_bound ha "via $NAT4"
info "after $((SECONDS - begin)) s"
wait_until "traffic by the other access" in_ns cn ping -c1 -W2 $HOA4
ip -n core address add 203.0.113.1/25 dev visited4
wait_bound ha "via 203.0.113.10"
expect_equal "carrier changes" "$changes" "$(carrier_changes wan4)"

say "A kept IPv4 lease, and another network when the carrier is back: the other access serves"
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

say "Another network with the same gateway address, without a carrier event: the node registers again"
detach wan4
wait_bound ha "via $NAT4"
refreshed=$(sequence_of ha $HOA6)
changes=$(carrier_changes wann)
begin=$SECONDS
ip -n nat link set private address 02:00:00:00:00:99
wait_until "a Binding Update by the other gateway" seen_since "$refreshed"
info "after $((SECONDS - begin)) s"
wait_until "traffic by the other gateway" in_ns cn ping -c1 -W2 $HOA4
expect_equal "carrier changes" "$changes" "$(carrier_changes wann)"
