#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Other programs remove what the daemons have set on their hosts: policy rules, routes, addresses, XFRM states; they set
# the device down, move it into a VRF, switch IPv6 off on it, rename it, delete it. What can be put back is put back, counted
# and logged; connections survive, and nothing of the node leaves without a tunnel. What cannot be put back ends the daemon.
# timeout: 1200
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

NET6=2001:db8:aaaa::/48
NET4=10.1.0.0/24
modprobe vrf
roaming_network
# What comes for the correspondent by an access network itself.
in_ns core nft -f - <<-NFT
	table inet untunnelled {
		chain arriving {
			type filter hook prerouting priority raw;
			iifname { "visited4", "visited6" } ip daddr $CN4 counter
			iifname { "visited4", "visited6" } ip6 daddr $CN6 counter
		}
	}
NFT
untunnelled() { in_ns core nft list table inet untunnelled | grep -o 'packets [0-9]*' | tr '\n' ' '; }
NONE='packets 0 packets 0 '

HA_NODES="prefixes6 = [\"$NET6\"]
prefixes4 = [\"$NET4\"]" ha_config
MN_LINES="mobile-router = true
prefixes6 = [\"$NET6\"]
prefixes4 = [\"$NET4\"]" mn_config
routers mn
start_ha
attach wan4
attach wan6
start_mn
wait_bound ha 'via '
ip -n mn address add 2001:db8:aaaa::1/64 dev lo
ip -n mn address add 10.1.0.1/24 dev lo
INSIDE="2001:db8:aaaa::1 10.1.0.1"
ip -n core route add $NET6 via 2001:db8:f::2
ip -n core route add $NET4 via $HA4

# One that is stopped does not end either.
# shellcheck disable=SC2154 # set by start
test_cleanup() { kill -CONT "$PID_ha" "$PID_mn" 2>/dev/null; }
# reachable WHAT: the correspondent reaches the node and its network.
reachable() {
	local address
	for address in $HOA6 $HOA4 $INSIDE; do
		wait_until "$address, $1" in_ns cn ping -c1 -W1 "$address"
	done
}
# settings NS: what the daemon has set there; the kernel's own routes are its business.
settings() {
	local family
	for family in -4 -6; do
		# Of those with the same priority only one matches: their order is not told.
		ip -n "$1" $family rule show | grep -E '^4(19|200)' | sort || :
		ip -n "$1" $family route show table all proto 191 | sort
		ip -n "$1" $family -o address show dev dsmip0 scope global | sed 's/^[0-9]*: //'
	done
	# Not indices and times.
	ip -n "$1" xfrm state | grep -E 'proto (hao|route2)' || :
	ip -n "$1" xfrm policy | grep -E 'src|ptype' | sed -E 's/index [0-9]+//'
	ip -n "$1" -o link show dsmip0 | grep -oE 'dsmip0: <[^>]*'
}
restored() {
	settings "$1" >"$ARTIFACTS/$1.now"
	cmp -s "$ARTIFACTS/$1.settings" "$ARTIFACTS/$1.now"
}
count() { # DAEMON KEY
	in_ns "$1" dsmipctl --socket "/run/dsmip/$1.sock" status --json |
		python3 -c 'import json,sys; print(json.load(sys.stdin)["counters"][sys.argv[1]])' "$2"
}
# removed NS WHAT KIND COMMAND: everything is as before again, and KIND counted.
removed() {
	local ns=$1 what=$2 kind=$3 before
	shift 3
	before=$(count "$ns" "host_restored_$kind")
	"$@"
	wait_until "$what: put back" restored "$ns"
	(($(count "$ns" "host_restored_$kind") > before)) || fail "$what: not counted as $kind"
	reachable "$what"
	info "$ns: $what"
}

reachable "at the start"
for ns in mn ha; do settings $ns >"$ARTIFACTS/$ns.settings"; done
expect_equal "restored at the start" "0 0" "$(count mn host_restorations) $(count ha host_restorations)"
start sink6 ip netns exec mn traffic.py sink $HOA6 5000 "$WORK/sink6"
start sink4 ip netns exec mn traffic.py sink $HOA4 5001 "$WORK/sink4"
listening() { [ "$(ip netns exec mn ss -Hltn 'sport >= 5000 and sport <= 5001' | wc -l)" = 2 ]; }
wait_until "sinks" listening
start source6 ip netns exec cn traffic.py source $HOA6 5000 "$WORK/source6" --stop "$WORK/stop"
start source4 ip netns exec cn traffic.py source $HOA4 5001 "$WORK/source4" --stop "$WORK/stop"
start from6 ip netns exec mn ping -i 0.05 -I $HOA6 $CN6
start from4 ip netns exec mn ping -i 0.05 -I $HOA4 $CN4

rules_gone() { # NS: all that are not the kernel's, as systemd-networkd does when it starts
	local family priority
	for family in -4 -6; do
		for priority in $(ip -n "$1" $family rule show | sed -nE 's/^(4(18[89]|19[0-9]|200)):.*/\1/p'); do
			ip -n "$1" $family rule del pref "$priority" 2>/dev/null || :
		done
	done
}
table_flushed() { for family in -4 -6; do ip -n "$1" $family route flush table 4191; done; }
routes_flushed() { for family in -4 -6; do ip -n "$1" $family route flush proto 191; done; }
down_and_up() { for state in down up; do ip -n "$1" link set dsmip0 $state; done; }
ipv6_off_and_on() { for value in 1 0; do in_ns "$1" sysctl -qw net.ipv6.conf.dsmip0.disable_ipv6=$value; done; }
into_vrf() {
	ip -n "$1" link add red type vrf table 88
	ip -n "$1" link set red up
	ip -n "$1" link set dsmip0 master red
}
out_of_vrf() {
	ip -n "$1" link set dsmip0 nomaster
	ip -n "$1" link delete red
}
# Renamed while the daemon does not look: it would set the device up at once, and kernels before 6.2 rename none that is up.
renamed() {
	local pid="PID_$1"
	kill -STOP "${!pid}"
	ip -n "$1" link set dsmip0 down
	ip -n "$1" link set dsmip0 name other
	kill -CONT "${!pid}"
}
xfrm_flushed() {
	ip -n "$1" xfrm state flush
	ip -n "$1" xfrm policy flush ptype sub
}

say "Of a mobile node"
removed mn "rules removed one by one" rules rules_gone mn
removed mn "table flushed" routes table_flushed mn
removed mn "addresses flushed" addresses ip -n mn address flush dev dsmip0
removed mn "home address without its flag" addresses ip -n mn address change $HOA6/128 dev dsmip0
removed mn "down and up" links down_and_up mn
removed mn "IPv6 off and on" addresses ipv6_off_and_on mn
removed mn "XFRM flushed" xfrm xfrm_flushed mn
removed mn "renamed" links renamed mn
expect_equal "packets that left without a tunnel" "$NONE" "$(untunnelled)"

say "Nothing leaves without a tunnel while the daemon has not heard of it yet"
# unheard WHAT COMMAND...: from both home addresses, and without one over the families in OPEN, while mn cannot put
# anything back.
unheard() {
	local what=$1
	shift
	kill -STOP "$PID_mn"
	"$@"
	in_ns mn ping -c2 -i0.1 -W1 -I $HOA6 $CN6 || :
	in_ns mn ping -c2 -i0.1 -W1 -I $HOA4 $CN4 || :
	if [[ ${OPEN:-} == *6* ]]; then in_ns mn ping -c2 -i0.1 -W1 $CN6 || :; fi
	if [[ ${OPEN:-} == *4* ]]; then in_ns mn ping -c2 -i0.1 -W1 $CN4 || :; fi
	expect_equal "packets without a tunnel, $what" "$NONE" "$(untunnelled)"
	kill -CONT "$PID_mn"
	wait_until "$what: put back" restored mn
}
rule_gone() { for family in -4 -6; do while ip -n mn $family rule del pref "$1" 2>/dev/null; do :; done; done; }
unheard "table flushed" table_flushed mn
unheard "device down" ip -n mn link set dsmip0 down
unheard "rules into the table gone" rule_gone 4192
unheard "guards gone" rule_gone 4198

say "Of a home agent"
removed ha "rules removed" rules rules_gone ha
removed ha "routes flushed" routes routes_flushed ha
removed ha "routes of the device flushed" routes ip -n ha route flush dev dsmip0
removed ha "down and up" links down_and_up ha
removed ha "IPv6 off and on" routes ipv6_off_and_on ha
removed ha "XFRM flushed" xfrm xfrm_flushed ha
into_vrf ha
wait_until "what is possible in a VRF" restored ha
removed ha "into a VRF and out again" routes out_of_vrf ha

say "News that were lost"
# lose_news NS: more removals, of routes that nobody misses, than a socket has room for
lose_news() {
	local pid="PID_$1" i
	for i in {1..16000}; do
		echo "route add unreachable 10.$((i / 250)).$((i % 250)).0/24 table 99 proto 191"
		echo "route del unreachable 10.$((i / 250)).$((i % 250)).0/24 table 99 proto 191"
	done >"$WORK/storm"
	kill -STOP "${!pid}"
	ip -n "$1" -batch "$WORK/storm"
	rules_gone "$1"
	kill -CONT "${!pid}"
}
removed ha "rules removed, unheard" rules lose_news ha
(($(count ha host_news_lost) > 0)) || fail "no news were lost: nothing was tested"

say "Connections have survived"
connections_end 6 4

say "A program that removes the same thing again and again"
remove_it() { ip -n mn -6 rule del pref 4191 2>/dev/null || :; }
slowed_down() {
	# Asking for the counter takes longer than removing a rule.
	for _ in {1..10}; do
		remove_it
		poll_pause
	done
	(($(count mn host_restorations_delayed) > delayed + 2))
}
delayed=$(count mn host_restorations_delayed)
wait_until "pauses between restorations" slowed_down
before=$(count mn host_restorations)
begin=$SECONDS
while ((SECONDS < begin + 6)); do
	remove_it
	poll_pause
done
rounds=$(($(count mn host_restorations) - before))
info "$rounds restorations in 6 s"
((rounds <= 12)) || fail "$rounds restorations in 6 s"
wait_until "the rule" restored mn
reachable "after that"
# shellcheck disable=SC2154 # set by start
kill "$PID_from6" "$PID_from4"
expect_equal "packets that left without a tunnel" "$NONE" "$(untunnelled)"

say "What cannot be put back ends the daemon with an error"
# ended DAEMON ERROR
ended() {
	local pid="PID_$1" status=0
	gone() { ! kill -0 "${!pid}"; }
	wait_until "the end of $1" gone
	wait "${!pid}" || status=$?
	expect_equal "exit status of $1" 1 $status
	tail -n1 "$ARTIFACTS/$1.log" | grep -q "critical: $2" || fail "error of $1: $(tail -n1 "$ARTIFACTS/$1.log")"
}
in_ns mn sysctl -qw net.ipv6.conf.dsmip0.disable_ipv6=1
ip -n ha link delete dsmip0
ended ha 'the device dsmip0 (interface [0-9]*) was deleted'
ended mn 'what was removed from the host could not be put back for 30 s: .*disable_ipv6'

say "Started again by a supervisor, they go on"
in_ns mn sysctl -qw net.ipv6.conf.dsmip0.disable_ipv6=0
start_ha
sed -i 's/^\[mobile-node\]/&\nroute = "all"/' "$WORK/mn.toml"
start_mn
reachable "after a restart"

say "All traffic of a node by way of its home agent: neither does that leave without a tunnel"
settings mn >"$ARTIFACTS/mn.settings"
OPEN="4 6"
in_ns mn ping -c1 -W5 $CN4 >/dev/null || fail "no way to $CN4"
in_ns mn ping -c1 -W5 $CN6 >/dev/null || fail "no way to $CN6"
unheard "table flushed, all traffic" table_flushed mn
# Over IPv6 the kernel gives who has no address that of an access then, which is as good as asking for it by name.
OPEN=4
unheard "device down, all traffic" ip -n mn link set dsmip0 down
OPEN="4 6"
unheard "rule for everything gone" rule_gone 4195
# What leads past the guards leads nowhere then, and past them again afterwards.
unheard "end of the guards gone" rule_gone 4200
in_ns mn ping -c1 -W5 -I wan4 203.0.113.1 >/dev/null || fail "an access is closed to those who want it"
in_ns mn ping -c1 -W5 -I wan4 192.0.2.126 >/dev/null || fail "what is behind an access is closed to those who want it"
# The kernel prefers a home address, also for who asks for an interface (RFC 6724, 5).
care_of6=$(ip -n mn -6 -o address show dev wan6 scope global | sed 's,.*inet6 \([^/]*\)/.*,\1,')
in_ns mn ping -c1 -W5 -I "$care_of6" 2001:db8:f::1 >/dev/null || fail "what is behind an access is closed to those who want it, IPv6"

say "A device that is deleted"
ip -n mn link delete dsmip0
ended mn 'the device dsmip0 (interface [0-9]*) was deleted'
if in_ns mn ping -c1 -W1 -I $HOA4 $CN4 >/dev/null 2>&1; then fail "somebody answers though there is no tunnel"; fi
expect_equal "packets that left without a tunnel" "$NONE" "$(untunnelled)"
stop ha
