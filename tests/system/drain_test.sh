#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A home agent is drained: its nodes go to a second one, with a TCP stream over
# IPv6 and over an IPv4 care-of address that live on. One node that does not
# understand is left. The second home agent:
#
#   ha2 --- core        2001:db8:1::2, 192.0.3.1: beside ha on the same home
#                       prefixes, which the core routes to one of them
#   mn2 --- core        203.0.114.0/25, IPv4 only
# subject: programs
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

SECOND6=2001:db8:1::2 SECOND4=192.0.3.1
HOA6_2=2001:db8:1::101 HOA4_2=192.0.2.131
OLD6=2001:db8:1::102

roaming_network
namespaces ha2 mn2
routers ha2
wire core to-ha2 ha2 eth0
ip -n core address add 2001:db8:e::1/64 dev to-ha2
ip -n core address add 192.0.3.126/25 dev to-ha2
ip -n ha2 address add 2001:db8:e::2/64 dev eth0
ip -n ha2 address add $SECOND4/25 dev eth0
ip -n ha2 address add $SECOND6/128 dev lo
ip -n ha2 route add default via 192.0.3.126
ip -n ha2 route add default via 2001:db8:e::1
ip -n core route add $SECOND6/128 via 2001:db8:e::2
wire core visited2 mn2 wan0
ip -n core address add 203.0.114.1/25 dev visited2
ip -n mn2 address add 203.0.114.10/25 dev wan0
ip -n mn2 route add default via 203.0.114.1

HA_NODES="[[home-agent.node]]
home-address = \"$HOA6_2\"
home-addresses4 = [\"$HOA4_2\"]
[[home-agent.node]]
home-address = \"$OLD6\""
ha_config
sed -e "s/\"$HA6\"/\"$SECOND6\"/; s/\"$HA4\"/\"$SECOND4\"/" -e 's/ha\.sock/ha2.sock/; s/ha\.db/ha2.db/' \
	"$WORK/ha.toml" >"$WORK/ha2.toml"
start_ha
start_daemon ha2

OTHER="[[mobile-node.home-agent]]
address6 = \"$SECOND6\"
address4 = \"$SECOND4\""
mn_config
echo "$OTHER" >>"$WORK/mn.toml"
node_config mn2 $HOA6_2 wan0 "home-agent4 = \"$HA4\"
home-address4 = \"$HOA4_2\"
lifetime = 600
$OTHER"
attach wan6
start_mn
start_daemon mn2
wait_bound ha "^$HOA6 .*via 2001:db8:6:.*direct"
wait_bound ha "^$HOA6_2 .*via 203.0.114.10"

# A node by hand: it knows nothing of RFC 5142.
by_hand() { # SEQUENCE LIFETIME: prints the answer
	in_ns cn home_signalling.py update eth0 $HA6 $OLD6 --care-of $CN6 --sequence "$1" --lifetime "$2"
}
expect_match "registration by hand" "^status 0 " "$(by_hand 1 600)"

# drain_status KEY: of the first home agent; null when it is not being drained.
drain_status() {
	ha_ctl status --json | python3 -c 'import json,sys
d=json.load(sys.stdin)["home_agent"]["drain"]
print("null" if d is None else d[sys.argv[1]])' "$1"
}
drained_to() { [ "$(drain_status left)" -le "$1" ]; }

say "Two streams run: to an IPv6 home address over IPv6, to an IPv4 home address over IPv4"
start sink6 ip netns exec mn traffic.py sink $HOA6 5000 "$WORK/sink6"
start sink4 ip netns exec mn2 traffic.py sink $HOA4_2 5000 "$WORK/sink4"
listening() { in_ns "$1" ss -Hltn "sport = :5000" | grep -q 5000; }
wait_until "a listener at mn" listening mn
wait_until "a listener at mn2" listening mn2
start source6 ip netns exec cn traffic.py source $HOA6 5000 "$WORK/source6" --stop "$WORK/stop"
start source4 ip netns exec cn traffic.py source $HOA4_2 5000 "$WORK/source4" --stop "$WORK/stop"
wait_until "stream over IPv6" moved_beyond "$WORK/sink6" 100000
wait_until "stream over IPv4" moved_beyond "$WORK/sink4" 100000

say "What cannot be is refused"
expect_refused "an IPv4 address" "carries IPv6 addresses only" ha_ctl drain --to $SECOND4
expect_refused "the home agent itself" "is this home agent" ha_ctl drain --to $HA6
expect_refused "a mobile node" "only a home agent" mn_ctl drain
expect_refused "nothing to stop" "not being drained" ha_ctl drain --stop
expect_equal "not being drained" null "$(drain_status left)"

say "The first home agent is drained, the home prefixes follow"
expect_match "answer" "^3 nodes to go" "$(ha_ctl drain --to $SECOND6 --rate 50)"
wait_bound ha2 "^$HOA6 .*via 2001:db8:6:.*direct"
wait_bound ha2 "^$HOA6_2 .*via 203.0.114.10"
ip -n core route replace 2001:db8:1::/64 via 2001:db8:e::2
ip -n core route replace 192.0.2.128/25 via $SECOND4
ip -n core route add $HA6/128 via 2001:db8:f::2
wait_until "all but the one that does not understand gone" drained_to 1
expect_equal "asked" 1 "$(drain_status asked)"
expect_equal "gone" 2 "$(drain_status gone)"
before6=$(octets "$WORK/sink6")
before4=$(octets "$WORK/sink4")
wait_until "the stream over IPv6 goes on" moved_beyond "$WORK/sink6" $((before6 + 100000))
wait_until "the stream over IPv4 goes on" moved_beyond "$WORK/sink4" $((before4 + 100000))
expect_match "mn" "\"home_agent6\":\"$SECOND6\"" "$(mn_ctl status --json)"

say "Whoever stays is refused when it renews, and new nodes are"
expect_match "refresh" "^status 129 " "$(by_hand 2 600)"
expect_match "why" "drained" "$(ha_ctl explain $OLD6)"
in_ns ha dsmipctl binding show | grep -q "^$OLD6 " || fail "its binding is gone before its time"
expect_match "de-registration" "^status 0 " "$(by_hand 3 0)"
wait_until "nobody left" drained_to 0
expect_match "new registration" "^status 129 " "$(by_hand 4 600)"
wait_until "the end is told" grep -q drain-complete "$ARTIFACTS/ha.log"

say "A mobile node's daemon that is replaced goes on with the second home agent"
kill_hard mn2
old=$(sequence_of ha2 $HOA6_2)
start_daemon mn2
renewed() { [ "$(sequence_of ha2 $HOA6_2)" != "$old" ]; }
wait_until "it renews its binding there" renewed
before4=$(octets "$WORK/sink4")
wait_until "the stream over IPv4 goes on" moved_beyond "$WORK/sink4" $((before4 + 100000))

say "A restart of the home agent's daemon ends draining"
kill_hard ha
start_ha
expect_equal "not being drained" null "$(drain_status left)"
expect_match "new registration" "^status 0 " "$(by_hand 5 600)"

say "And stopping does, too"
ha_ctl drain
expect_match "refresh" "^status 129 " "$(by_hand 6 600)"
ha_ctl drain --stop
expect_match "refresh" "^status 0 " "$(by_hand 7 600)"

say "The streams are whole"
touch "$WORK/stop"
for family in 6 4; do
	wait_until "stream $family to end" grep -q ' [0-9a-f]\{64\}$' "$WORK/sink$family"
	expect_equal "sum of stream $family" "$(cat "$WORK/source$family")" "$(cat "$WORK/sink$family")"
	info "IPv$family: $(octets "$WORK/sink$family") octets"
done
stop mn mn2
gone() {
	local shown
	shown=$(in_ns ha2 dsmipctl binding show) && [ -z "$shown" ]
}
wait_until "both de-registered at the second home agent" gone
