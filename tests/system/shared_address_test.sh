#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The private network that the node visits has the addresses of its home network, down to its own:
# home address and care-of address are equal, fixed or lent, with strict reverse path filtering.
. "$(dirname "$0")/lib.sh"
. "$SYSTEM_DIR/roaming.sh"

HOA4=10.0.0.10
PEER4=10.0.0.7 # at home; in the visited network nobody has it
roaming_network
in_ns mn sysctl -qw net.ipv4.conf.all.rp_filter=1
ip -n cn address add $PEER4/32 dev lo
ip -n core route add $PEER4/32 via $CN4
ip -n core route add 10.0.0.8/29 via $HA4

STREAM=0
# tcp_through FROM TO ADDRESS: a TCP connection from namespace FROM to ADDRESS of TO, whole.
tcp_through() {
	local n=$((++STREAM)) port=$((5000 + STREAM))
	start sink$n ip netns exec "$2" traffic.py sink "$3" $port "$WORK/sink$n"
	wait_until "sink $n" grep -q listening "$ARTIFACTS/sink$n.log"
	start source$n ip netns exec "$1" traffic.py source "$3" $port "$WORK/source$n" --stop "$WORK/stop$n"
	wait_until "TCP from $1 to $3" moved_beyond "$WORK/sink$n" 100000
	PEERS=$(in_ns "$2" ss -Htn state established "sport = :$port")
	: >"$WORK/stop$n"
	wait_until "stream $n to end" grep -q ' [0-9a-f]\{64\}$' "$WORK/sink$n"
	wait_until "source $n to end" grep -q ' [0-9a-f]\{64\}$' "$WORK/source$n"
	expect_equal "sum of stream $n" "$(cat "$WORK/source$n")" "$(cat "$WORK/sink$n")"
}
# traffic_passes: both families, both ways, from and to the home addresses.
traffic_passes() {
	tcp_through cn mn $HOA6
	tcp_through cn mn "$HOA4"
	ping_from_home $CN4
}
# traffic_goes_home: connections that choose no source address have the home address, and arrive
# with it.
traffic_goes_home() {
	tcp_through mn cn $CN4
	expect_match "who came to the correspondent" " $HOA4:" "$PEERS"
}
ping_from_home() { in_ns mn ping -c1 -W5 -I "$HOA4" "$1" >/dev/null || fail "no answer from $1"; }
shared() {
	mn_ctl status --json | python3 -c 'import json,sys
print(" ".join(s["interface"] + " " + s["address"]
               for s in json.load(sys.stdin)["mobile_node"]["shared_addresses"]))'
}
# own_address ADDRESS: what the visited network gives to the node.
own_address() {
	ip -n mn address flush dev wann
	ip -n mn address add "$1/24" dev wann
	ip -n mn route replace default via 10.0.0.1 dev wann metric 105
}
home4() { mn_ctl status --json | python3 -c 'import json,sys
print(json.load(sys.stdin)["mobile_node"]["home_address4"])'; }

say "A fixed home address"
HA_STATIC="home-addresses4 = [\"$HOA4\"]" ha_config
start_ha
attach wann
mn_config
sed -i 's/^lifetime = 600/lifetime = 24/' "$WORK/mn.toml"
start_mn
wait_bound ha "via $NAT4:[0-9]+ udp .*claimed $HOA4"
wait_bound mn "via $HOA4"
expect_equal "named in status" "wann $HOA4" "$(shared)"
expect_equal "lines in the log" 1 "$(grep -c home-address4-is-care-of "$ARTIFACTS/mn.log")"
traffic_passes
traffic_goes_home

say "Who is at home, and who is here"
ping_from_home $PEER4
in_ns cn ping -c1 -W5 -I $PEER4 $HOA4 >/dev/null
ip -n nat neigh flush dev private
in_ns nat ping -c1 -W5 -I 10.0.0.1 $HOA4 >/dev/null || fail "the router of the access is cut off"
tcp_through mn nat 10.0.0.1

say "Through refreshes"
seen_again() { [ "$(sequence_of ha $HOA6)" != "$refreshed" ]; }
for _ in 1 2; do
	refreshed=$(sequence_of ha $HOA6)
	wait_until "a refresh" seen_again
done
traffic_passes
expect_equal "lines in the log" 1 "$(grep -c home-address4-is-care-of "$ARTIFACTS/mn.log")"

say "All traffic by way of home"
stop mn
sed -i 's/^lifetime = 24/route = "all"\n&/' "$WORK/mn.toml"
start_mn
wait_bound mn "via $HOA4"
traffic_goes_home
ping_from_home $PEER4
tcp_through mn nat 10.0.0.1

say "Another address of the access: nothing special is left"
own_address 10.0.0.20
wait_bound mn "via 10.0.0.20"
expect_equal "named in status" "" "$(shared)"
expect_equal "special rules" "" "$(ip -n mn rule | grep ^4188: || :)"
traffic_passes
stop mn
stop ha
ip -n ha link delete dsmip0

say "A lent home address: never the care-of address"
HA_STATIC="" HA_STORE="" ha_config
sed -i 's,^address-pool = .*,address-pool = "10.0.0.8/31",' "$WORK/ha.toml"
start_ha
MN_HOA4=dynamic mn_config
start_mn
wait_bound mn "via 10.0.0.20"
lent=$(home4)
expect_match "lent" "^10\.0\.0\.[89]$" "$lent"
stop mn
own_address "$lent"
start_mn
wait_bound mn "via $lent"
HOA4=$(home4)
expect_match "lent" "^10\.0\.0\.[89]$" "$HOA4"
[ "$HOA4" != "$lent" ] || fail "the home agent lent the care-of address $lent"
expect_equal "named in status" "" "$(shared)"
traffic_passes

say "A lent one that the next network gives to the access"
own_address "$HOA4"
wait_bound mn "via $HOA4"
expect_equal "still the same" "$HOA4" "$(home4)"
expect_equal "named in status" "wann $HOA4" "$(shared)"
traffic_passes
