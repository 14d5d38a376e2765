#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The netlink library against a real kernel: links, addresses, routes, rules, what the link monitor
# hears of them, and the XFRM states that let Mobile IPv6 headers in.
# subject: programs
. "$(dirname "$0")/lib.sh"

namespaces check ha mn
say "Requests to rtnetlink and XFRM"
in_ns check sysctl -qw net.ipv6.conf.all.accept_dad=1 net.ipv6.conf.default.accept_dad=1
in_ns check dsmip-netlink-check

say "The kernel takes Home Address options and type 2 routing headers only with their states"
HA6=2001:db8:7::1 COA6=2001:db8:7::2 HOA6=2001:db8:1::100
wire ha ha0 mn mn0
ip -n ha address add $HA6/64 dev ha0 nodad
ip -n mn address add $COA6/64 dev mn0 nodad
ip -n mn address add $HOA6/128 dev lo nodad home
in_ns mn ip -6 route add default via $HA6
in_ns ha ip -6 route add $HOA6/128 via $COA6

# Exit status 1 = the header kept its message out; anything else above 0 is a broken probe.
hao() { in_ns mn mobility_probe.py home-address-option ha mn0 $COA6 $HOA6 $HA6; }
route2() { in_ns ha mobility_probe.py routing-header mn ha0 $HA6 $COA6 $HOA6; }
refused() {
	local status=0
	"$@" || status=$?
	[ "$status" -eq 1 ]
}

refused hao || fail "a Home Address option was taken without a state"
in_ns ha dsmip-nl xfrm-accept hao ::
hao || fail "a Home Address option was not taken in spite of its state (any address)"
in_ns ha dsmip-nl xfrm-stop hao ::
refused hao || fail "a Home Address option was taken after its state had gone"
in_ns ha dsmip-nl xfrm-accept hao $HA6
hao || fail "a Home Address option was not taken in spite of its state ($HA6)"

refused route2 || fail "a type 2 routing header was taken without a state"
in_ns mn dsmip-nl xfrm-accept route2 ::
route2 || fail "a type 2 routing header was not taken in spite of its state (any address)"
in_ns mn dsmip-nl xfrm-stop route2 ::
refused route2 || fail "a type 2 routing header was taken after its state had gone"
in_ns mn dsmip-nl xfrm-accept route2 $HOA6
route2 || fail "a type 2 routing header was not taken in spite of its state ($HOA6)"
expect_refused "the same state twice" 'EEXIST' in_ns mn dsmip-nl xfrm-accept route2 $HOA6

expect_match "states of the home agent" "proto hao .*mode ro" \
	"$(in_ns ha ip xfrm state list | tr '\n' ' ')"
expect_match "flags of the state" "wildrecv" "$(in_ns ha ip xfrm state list)"
