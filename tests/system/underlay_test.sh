#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Home agent and mobile node with outer packets in VRFs, [device] underlay: binding and traffic over both families; nothing
# comes in or leaves when the VRF is deleted, not even with the addresses in the default VRF; all goes on when it is back.
# The home network and the node's programs stay in the default VRF.
# The rule for packets: parts underlay_* of kmod_packets_test.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

modprobe vrf
roaming_network

# home addresses by another wire than tunnels, which are in VRF "outer"
wire core to-home ha eth1
ip -n core address add 2001:db8:f1::1/64 dev to-home
ip -n core address add 198.51.101.1/24 dev to-home
ip -n ha address add 2001:db8:f1::2/64 dev eth1
ip -n ha address add 198.51.101.2/24 dev eth1
ip -n core route replace 2001:db8:1::/64 via 2001:db8:f1::2
ip -n core route replace 192.0.2.128/25 via 198.51.101.2
ip -n core route add $HA6/128 via 2001:db8:f::2
ip -n ha route replace default via 198.51.101.1
ip -n ha route replace default via 2001:db8:f1::1

# outer_addresses: of eth0, which loses the IPv6 ones when it moves to another VRF
outer_addresses() {
	ip -n ha address replace 2001:db8:f::2/64 dev eth0
	ip -n ha address replace $HA4/25 dev eth0
}
make_outer() {
	ip -n ha link add outer type vrf table 77
	ip -n ha link set outer up
	ip -n ha link set eth0 master outer
	outer_addresses
	ip -n ha address add $HA6/128 dev outer
	ip -n ha route replace vrf outer default via 192.0.2.126
	ip -n ha route replace vrf outer default via 2001:db8:f::1
}

ip -n mn link add uplink type vrf table 77
ip -n mn link set uplink up
for access in wan6 wan4; do ip -n mn link set $access master uplink; done
# An address that outer packets of the node must not have.
ip -n mn link add inside type dummy
ip -n mn link set inside up
ip -n mn address add 2001:db8:99::1/64 dev inside
ip -n mn address add 203.0.113.240/32 dev inside

with_underlay() { sed -i "s/^\[control\]/[device]\nunderlay = \"$2\"\n&/" "$1"; }
ha_config
mn_config
with_underlay "$WORK/ha.toml" outer
with_underlay "$WORK/mn.toml" uplink

say "without the VRF the daemon says what it wants"
expect_refused "start" 'underlay in \[device\] wants an interface or VRF outer' in_ns ha dsmipd --config "$WORK/ha.toml"
make_outer

# both_homes WHERE: the correspondent reaches both home addresses.
both_homes() {
	local address
	for address in $HOA6 $HOA4; do
		wait_until "$address, $1" in_ns cn ping -c1 -W2 "$address"
	done
}
silence() { ! in_ns cn ping -c3 -i0.2 -W1 $HOA6 && ! in_ns cn ping -c3 -i0.2 -W1 $HOA4; }
rises() { [ "$(counter ha "$1")" -gt "$2" ]; }

say "over IPv6"
start_ha
attach wan6
start_mn
wait_bound ha 'via 2001:db8:6:'
both_homes "over IPv6"
expect_match "settings at the home agent" 'underlay outer ' "$(in_ns ha dsmipctl device show)"
expect_match "settings at the node" 'underlay uplink ' "$(in_ns mn dsmipctl device show)"

say "over IPv4"
in_ns mn ip link set wan4 up
ip -n mn address replace 203.0.113.10/25 dev wan4
ip -n mn route replace vrf uplink default via 203.0.113.1 dev wan4
ip -n mn link set wan6 down
wait_bound ha 'via 203.0.113.10'
both_homes "over IPv4"
if bound ha '2001:db8:99::1|203.0.113.240'; then fail "an address outside the underlay became a care-of address"; fi

say "the VRF of the home agent is deleted"
before=$(counter ha tx_underlay)
ip -n ha link del outer
outer_addresses
wait_until "the daemon says so" grep -q 'underlay outer is gone' "$ARTIFACTS/ha.log"
in_ns core ping -c1 -W2 $HA4 >/dev/null || fail "the address is not in the default VRF"
silence || fail "packets for the node go by the default VRF"
rises tx_underlay "$before" || fail "tx_underlay does not count what is not sent"
before=$(counter ha rx_underlay)
# From the registered end point, to the address where it was heard before.
if in_ns mn ping -c3 -i0.2 -W1 -I $HOA4 $CN4; then fail "packets of the node come in by the default VRF"; fi
rises rx_underlay "$before" || fail "rx_underlay does not count what is not taken"

say "the VRF is back, with another index"
make_outer
wait_until "the daemon says so" grep -q 'underlay outer is back' "$ARTIFACTS/ha.log"
both_homes "after the VRF has come back"

stop mn ha
