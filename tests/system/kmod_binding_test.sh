#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes and bindings over generic netlink: making, updating, replacing and
# deleting them, all or nothing; lifetimes; events.
. "$(dirname "$0")/lib.sh"

new() { in_ns a dsmip-nl binding-new d0 "$@"; }
del() { in_ns a dsmip-nl binding-del d0 "$@"; }
# A line for each binding, by home address, priority and BID.
lines() { in_ns a dsmip-nl bindings d0 | grep ' bid ' || :; }
line() { lines | sed -n "$1p"; }
bids() { lines | sed -E 's/.* bid ([0-9]+) .*/\1/' | tr '\n' ' '; }
field() { in_ns a dsmip-nl --json device-get d0 | sed -nE "s/.*\"$1\":([0-9]+).*/\1/p"; }
N1=2001:db8::101 N2=2001:db8::102

modprobe dsmip
namespaces a
ip -n a link add d0 type dsmip
expect_refused "a binding before the role" 'no ROLE.*EINVAL' \
	new --create --node "$N1 / via 198.51.100.1 lifetime 3600s"
in_ns a dsmip-nl device-set d0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
ip -n a link set d0 up

say "creating needs NLM_F_CREATE, an end point and a lifetime"
expect_refused "create" 'NLM_F_CREATE is not set.*ENOENT' new --node "$N1 / via 198.51.100.1 lifetime 3600s"
expect_refused "end point" 'needs CARE_OF4 or CARE_OF6.*EINVAL' new --create --node "$N1 / lifetime 3600s"
expect_refused "lifetime" 'needs a LIFETIME.*EINVAL' new --create --node "$N1 / via 198.51.100.1"
expect_refused "binding" 'at least one BINDING.*EINVAL' new --create --node "$N1"
expect_equal "nodes" 0 "$(field nodes)"
new --create --node "$N1 home4 192.0.2.130,192.0.2.131 / via 198.51.100.1:6000 udp claimed 10.0.0.9 prio 3 seq 77 flags nat,mcoa lifetime 3600s"
expect_match "as it was made" \
	"^$N1 bid 0 via 198.51.100.1:6000 udp .* nat mcoa .* seq 77 prio 3 claimed 10.0.0.9 home4 192.0.2.130,192.0.2.131$" "$(line 1)"
expect_refused "exclusive" 'exists already.*EEXIST' \
	new --create --excl --node "$N1 / via 198.51.100.2 lifetime 3600s"

say "an update keeps what it does not name; a new end point replaces all of it"
new --node "$N1 / seq 78"
expect_match "update" "via 198.51.100.1:6000 udp .* nat mcoa .* seq 78 prio 3 claimed 10.0.0.9 " "$(line 1)"
new --node "$N1 / via 198.51.100.7"
expect_match "new end point" "via 198.51.100.7 direct .* nat mcoa .* seq 78 prio 3 home4 192.0.2.130,192.0.2.131$" "$(line 1)"

say "several bindings, by priority and BID; replacing; deleting"
new --create --node "$N1 / bid 5 via 2001:db8:6::1 prio 1 lifetime 3600s / bid 2 via 198.51.100.2 prio 1 lifetime 3600s"
expect_equal "order" "2 5 0 " "$(bids)"
new --create --replace --node "$N1 / bid 2 seq 9 / bid 3 via 198.51.100.3 lifetime 3600s"
expect_equal "overwritten" "3 2 " "$(bids)"
expect_match "what was known of 2 stayed" 'bid 2 via 198.51.100.2 ' "$(line 2)"
expect_refused "deleting one that is not there" 'no such binding.*ENOENT' \
	del --node "$N1 / bid 2 / bid 4"
expect_equal "nothing was deleted" "3 2 " "$(bids)"
del --node "$N1 / bid 3"
expect_equal "left" "2 " "$(bids)"
del --node "$N1 / bid 2"
expect_equal "a node goes with its last binding" "0 0" "$(field nodes) $(field bindings)"
expect_refused "gone" 'no node has.*ENOENT' in_ns a dsmip-nl binding-get d0 $N1
expect_refused "its IPv4 home address too" 'no node has.*ENOENT' in_ns a dsmip-nl binding-get d0 192.0.2.130
expect_refused "deleting a node that is not there" 'no such node.*ENOENT' del --node $N1

say "IPv4 home addresses belong to one node"
new --create --node "$N1 home4 192.0.2.130 / via 198.51.100.1 lifetime 3600s"
expect_refused "of another" 'belongs to another node.*EADDRINUSE' \
	new --create --node "$N2 home4 192.0.2.131,192.0.2.130 / via 198.51.100.2 lifetime 3600s"
expect_refused "not taken by the refused one" 'no node.*ENOENT' in_ns a dsmip-nl binding-get d0 192.0.2.131
new --node "$N1 home4 192.0.2.132,192.0.2.130 / seq 1"
in_ns a dsmip-nl binding-get d0 192.0.2.132 >/dev/null
new --node "$N1 home4 none / seq 1"
expect_refused "cleared" 'no node.*ENOENT' in_ns a dsmip-nl binding-get d0 192.0.2.132
new --create --node "$N2 home4 192.0.2.130 / via 198.51.100.2 lifetime 3600s"
expect_refused "twice in one message" 'belongs to another node.*EADDRINUSE' new --create \
	--node "2001:db8::201 home4 192.0.2.200 / via 198.51.100.1 lifetime 3600s" \
	--node "2001:db8::202 home4 192.0.2.200 / via 198.51.100.1 lifetime 3600s"
del --all

say "a batch happens whole or not at all"
expect_refused "the third is bad" 'ENCAP in UDP needs a PORT.*EINVAL' new --create \
	--node "2001:db8::301 / via 198.51.100.1 lifetime 3600s" \
	--node "2001:db8::302 home4 192.0.2.99 / via 198.51.100.1 lifetime 3600s" \
	--node "2001:db8::303 / via 198.51.100.1 udp lifetime 3600s"
expect_equal "nodes" 0 "$(field nodes)"
new --create --node "2001:db8::301 / via 198.51.100.1 lifetime 3600s" \
	--node "2001:db8::302 home4 192.0.2.99 / via 198.51.100.1 lifetime 3600s"
expect_refused "one of the updates is bad" 'NLM_F_CREATE is not set.*ENOENT' \
	new --node "2001:db8::301 home4 192.0.2.98 / via 198.51.100.66" --node "2001:db8::302 / bid 7 via 198.51.100.2 lifetime 3600s"
expect_match "the other did not happen" 'via 198.51.100.1 ' "$(line 1)"
expect_refused "nor its address" 'no node.*ENOENT' in_ns a dsmip-nl binding-get d0 192.0.2.98
expect_refused "one node twice" 'HOME_ADDRESS is given twice.*EINVAL' \
	new --create --node "2001:db8::301 / seq 1" --node "2001:db8::301 / seq 2"
expect_refused "one BID twice" 'BID is given twice.*EINVAL' \
	new --create --node "2001:db8::301 / bid 1 via 198.51.100.1 lifetime 3600s / bid 1 via 198.51.100.2 lifetime 3600s"
expect_refused "one node twice" 'HOME_ADDRESS is given twice.*EINVAL' \
	del --node 2001:db8::301 --node 2001:db8::301
del --node 2001:db8::301 --node "2001:db8::302 / bid 0"
expect_equal "nodes" 0 "$(field nodes)"

say "bad values"
for bad in "$N1 / via 224.0.0.1 lifetime 3600s=care-of address is not" \
	"$N1 / via fe80::1 lifetime 3600s=care-of address is not" \
	"$N1 / via ::ffff:192.0.2.1 lifetime 3600s=care-of address is not" \
	"$N1 / via 0.0.0.0 lifetime 3600s=care-of address is not" \
	"ff02::1 / via 198.51.100.1 lifetime 3600s=HOME_ADDRESS is not" \
	"fe80::1 / via 198.51.100.1 lifetime 3600s=HOME_ADDRESS is not" \
	"$N1 home4 255.255.255.255 / via 198.51.100.1 lifetime 3600s=HOME_ADDRESS4 is not" \
	"$N1 home4 192.0.2.7,192.0.2.7 / via 198.51.100.1 lifetime 3600s=HOME_ADDRESS4 is given twice" \
	"$N1 / via 2001:db8:6::1 claimed 10.0.0.1 lifetime 3600s=CLAIMED4 needs an IPv4" \
	"$N1 / via 198.51.100.1 prio 128 lifetime 3600s=ERANGE" \
	"$N1 / via 198.51.100.1 lifetime 262141s=ERANGE" \
	"$N1 / via 198.51.100.1 link d0 lifetime 3600s=LINK is the device itself" \
	"$N1 / via 198.51.100.1 link 4711 lifetime 3600s=LINK does not exist"; do
	expect_refused "$bad" "${bad#*=}" new --create --node "${bad%%=*}"
done
many=
for n in {1..32}; do many+=" / bid $n via 198.51.100.$n:$n udp lifetime 3600s claimed 10.0.0.1"; done
many4=$(printf ',192.0.3.%d' {1..16})
new --create --node "$N1 home4 ${many4#,} $many"
expect_equal "as many bindings as there may be, in one reply" 32 \
	"$(in_ns a dsmip-nl binding-get d0 $N1 | grep -c ' bid ')"
expect_equal "and in a dump" 32 "$(lines | wc -l)"
expect_refused "one more" 'more than 32.*EINVAL' new --create --node "$N1 / bid 33 via 198.51.100.1 lifetime 3600s"
new --create --replace --node "$N1 / bid 33 via 198.51.100.1 lifetime 3600s"
expect_equal "replaced" "33 " "$(bids)"
del --all
expect_equal "emptied" "0 0" "$(field nodes) $(field bindings)"

say "a mobile node has no ports"
in_ns a dsmip-nl device-set d0 --role mobile-node
expect_refused "port" 'PORT is for a home agent.*EINVAL' \
	new --create --node "$N1 / via 198.51.100.1:99 udp lifetime 3600s"
new --create --node "$N1 / via 198.51.100.1 udp lifetime 3600s"
del --all
in_ns a dsmip-nl device-set d0 --role home-agent

say "a lifetime ends a binding, the last one its node; both are told"
start events ip netns exec a dsmip-nl --json events
wait_until "listener" grep -q listening "$ARTIFACTS/events.log"
new --create --node "$N1 home4 192.0.2.130 / bid 1 via 198.51.100.1 lifetime 300ms / bid 2 via 198.51.100.2 lifetime 900ms / bid 3 via 198.51.100.3 lifetime 3600s" \
	--node "$N2 / via 198.51.100.9 lifetime 300ms"
only3() { [ "$(bids)" = "3 " ]; }
wait_until "the end of the short ones" only3
expect_equal "nodes" 1 "$(field nodes)"
expect_refused "the node whose last binding ended" 'ENOENT' in_ns a dsmip-nl binding-get d0 $N2
expired() { [ "$(grep -c binding-expired "$ARTIFACTS/events.log")" = 3 ]; }
wait_until "three events" expired
expect_equal "counted" 3 "$(in_ns a dsmip-nl --json counters d0 | grep -oE '"binding_expired":[0-9]+' | cut -d: -f2)"
new --node "$N1 / bid 3 lifetime 262140s"
expect_match "renewed to the longest" 'lifetime 26[12][0-9]{3}s' "$(line 1)"
new --node "$N1 / bid 3 lifetime 100ms"
empty() { [ "$(field nodes)" = 0 ]; }
wait_until "shortened" empty

say "changes are told as they were asked for"
del_seen() { grep -q binding-del "$ARTIFACTS/events.log"; }
new --create --node "$N1 / via 198.51.100.1 seq 4242 lifetime 3600s"
del --node $N1
wait_until "the event" del_seen
grep -q 4242 "$ARTIFACTS/events.log" || fail "the event does not say what the request said"
refused=$(wc -l <"$ARTIFACTS/events.log")
new --node "$N1 / seq 1" 2>/dev/null && fail "should have been refused"
new --create --node "$N2 / via 198.51.100.1 seq 4343 lifetime 3600s"
wait_until "the event after" grep -q 4343 "$ARTIFACTS/events.log"
expect_equal "a refused request is no event" $((refused + 1)) "$(wc -l <"$ARTIFACTS/events.log")"
