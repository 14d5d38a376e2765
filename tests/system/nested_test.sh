#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mobile node visits the network of a mobile router: it registers through the
# router's tunnel and is reached through two tunnels, one in the other, while
# the router roams and the node notices nothing of it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

NET6=2001:db8:aaaa::/64 GUEST6=2001:db8:1::200

guest_reached() { wait_until "the guest's home address, router $1" in_ns cn ping -c1 -W2 $GUEST6; }

roaming_network
namespaces host
in_ns mn sysctl -qw net.ipv6.conf.all.forwarding=1
wire mn lan host eth0
ip -n mn address add 2001:db8:aaaa::1/64 dev lan
ip -n host address add 2001:db8:aaaa::2/64 dev eth0
ip -n host route add default via 2001:db8:aaaa::1
HA_STATIC="prefixes6 = [\"$NET6\"]" HA_NODES="[[home-agent.node]]
home-address = \"$GUEST6\"" ha_config
start_ha
MN_HOA4=dynamic MN_LINES="mobile-router = true
prefixes6 = [\"$NET6\"]" mn_config
attach wan6
start_mn
wait_bound ha "$HOA6 .*via 2001:db8:6:.*direct"

say "The guest registers from the network of the router, which is on IPv6"
node_config guest $GUEST6 eth0 "lifetime = 600"
start_daemon guest host
wait_bound ha "$GUEST6 .*via 2001:db8:aaaa::2 .*direct"
guest_reached "over IPv6"

say "The router moves to IPv4, and behind a NAT; the guest's binding stays as it is"
before=$(sequence_of ha $GUEST6)
detach wan6
attach wan4
wait_bound ha "$HOA6 .*via 203.0.113.10[ :].*direct"
guest_reached "over IPv4"
detach wan4
attach wann
wait_bound ha "$HOA6 .*via $NAT4:.*udp"
guest_reached "behind the NAT"
expect_equal "sequence number of the guest" "$before" "$(sequence_of ha $GUEST6)"

say "It registers anew through the router behind the NAT, and leaves"
stop guest
guest_gone() { ! bound ha "^$GUEST6 "; }
wait_until "de-registration through the router" guest_gone
start_daemon guest host
wait_bound ha "$GUEST6 .*via 2001:db8:aaaa::2 .*direct"
guest_reached "behind the NAT"
say "done"
