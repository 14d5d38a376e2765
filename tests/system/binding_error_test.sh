#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets with a Home Address option: without a binding they are dropped and
# answered with a Binding Error, from whichever protocol they are; a Binding
# Update is not asked for one. And the home agent asks for a binding that ends.
# Messages of return routability pass the home agent from and to any care-of address.
# requirements: M-6.4-01 M-6.5-01 M-6.5-02 M-6.5-03 M-6.5-04 M-5.9-02 M-9.3.1-02 M-9.3.1-03
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemon.sh"

HA6=2001:db8:1::1
HOA6=2001:db8:1::100
COA6=2001:db8:6::10
ELSE6=2001:db8:6::11

modprobe dsmip
namespaces ha mn cn
routers ha
wire ha wan0 mn wan0
ip -n ha address add 2001:db8:6::1/64 dev wan0
ip -n ha address add $HA6/128 dev lo
ip -n mn address add $COA6/64 dev wan0
ip -n mn address add $ELSE6/64 dev wan0
ip -n mn -6 route add $HA6/128 via 2001:db8:6::1
CN6=2001:db8:c::2
wire ha cn0 cn eth0
ip -n ha address add 2001:db8:c::1/64 dev cn0
ip -n cn address add $CN6/64 dev eth0
ip -n cn route add default via 2001:db8:c::1
cat >"$WORK/ha.toml" <<-TOML
	$(head_of ha home-agent)
	[store]
	enabled = false
	[home-agent]
	address6 = "$HA6"
	home-prefixes = ["2001:db8:1::/64"]
	[home-agent.refresh]
	request-before = "1h"
	[[home-agent.node]]
	home-address = "$HOA6"
TOML
start_ha
capture ha wan0 errors "ip6"

counted() { [ "$(daemon_counter "$1")" -ge "$2" ]; }
error_to() { # WHAT CARE_OF WANTED_STATUS
	expect_equal "answer to $1 from $2" "status $3 home $HOA6 to $2" \
		"$(in_ns mn home_address_option.py error wan0 $HA6 $HOA6 "$2" "$1")"
}
say "Without a binding: dropped, and answered with Binding Error 1"
for what in udp tcp echo; do error_to $what $COA6 1; done
expect_equal "counted" 3 "$(daemon_counter drop_home_address_option_unbound)"

say "A message of unknown type behind the option: status 2"
error_to mh=99 $COA6 2

say "A Binding Update is not asked for a binding"
answer=$(in_ns mn home_signalling.py update wan0 $HA6 $HOA6 --care-of $COA6 --sequence 1 \
	--lifetime 600 --bid 7=$COA6)
expect_match "registration" "^status 0 " "$answer"

say "Bound: not said to be unbound; from another address: Binding Error 1"
in_ns mn home_address_option.py send wan0 $HA6 $HOA6 $COA6 udp
wait_until "the packet of the bound node counted" counted drop_home_address_option_unused 1
error_to udp $ELSE6 1
expect_equal "Binding Errors" 5 "$(daemon_counter binding_errors_sent)"

say "HoTI is forwarded from each registered care-of address, HoT goes to one of them"
answer=$(in_ns mn home_signalling.py update wan0 $HA6 $HOA6 --care-of $ELSE6 --sequence 2 \
	--lifetime 600 --bid 8=$ELSE6)
expect_match "second care-of address" "^status 0 " "$answer"
heard() { [ "$(grep -c "$1" "$ARTIFACTS/$2.log")" -ge "$3" ]; }
start hoti ip netns exec cn tcpdump -Z root -l -n -i eth0 "ip6 and src $HOA6 and ip6[6] == 135 and ip6[42] == 1"
start hot ip netns exec mn tcpdump -Z root -l -n -i wan0 "ip6[6] == 41 and ip6[46] == 135 and ip6[82] == 3"
wait_until "captures" heard "listening on" hoti 1
wait_until "captures" heard "listening on" hot 1
number=0
for care_of in $COA6 $ELSE6; do
	number=$((number + 1))
	in_ns mn home_address_option.py mobility $HOA6 $CN6 1 "$care_of" $HA6
	wait_until "HoTI from $care_of" heard "$HOA6 > $CN6" hoti $number
done
in_ns cn home_address_option.py mobility $CN6 $HOA6 3
wait_until "HoT in the tunnel" heard "$CN6 > $HOA6" hot 1
answer=$(in_ns mn home_signalling.py update wan0 $HA6 $HOA6 --care-of $ELSE6 --sequence 3 \
	--lifetime 0 --bid 8)
expect_match "second care-of address given up" "^status 0 " "$answer"

say "A binding that ends is asked about through the tunnel, by its BID"
start request ip netns exec mn home_address_option.py request wan0 $HA6 $HOA6 $COA6
answer=$(in_ns mn home_signalling.py update wan0 $HA6 $HOA6 --care-of $COA6 --sequence 4 \
	--lifetime 12 --bid 7=$COA6)
expect_match "short registration" "^status 0 .* lifetime 12 " "$answer"
# shellcheck disable=SC2154 # PID_name is set by start
wait "$PID_request" || fail "no request came"
expect_equal "request" "bids 7" "$(cat "$ARTIFACTS/request.log")"
expect_match "counted" "^[1-3]$" "$(daemon_counter refresh_requests_sent)"
