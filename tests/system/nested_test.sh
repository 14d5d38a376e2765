#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mobile node visits the network of a mobile router: it registers through the
# router's tunnel and is reached through two tunnels, one in the other, while
# the router roams and the node notices nothing of it.
# shellcheck disable=SC2154 # PID_name is set by start
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
cat >"$WORK/guest.toml" <<-TOML
	role = "mobile-node"
	security = "none"
	[control]
	socket = "/run/dsmip/guest.sock"
	[mobile-node]
	home-address = "$GUEST6"
	home-agent6 = "$HA6"
	lifetime = 600
	[[mobile-node.access]]
	interface = "eth0"
TOML
start guest ip netns exec host dsmipd --config "$WORK/guest.toml"
wait_bound ha "$GUEST6 .*via 2001:db8:aaaa::2 .*direct"
guest_reached "over IPv6"

say "The router moves to IPv4, and behind a NAT; the guest's binding stays as it is"
before=$(in_ns ha dsmipctl binding show | sed -nE "s/^$GUEST6 .* seq ([0-9]+) .*/\1/p")
detach wan6
attach wan4
wait_bound ha "$HOA6 .*via 203.0.113.10[ :].*direct"
guest_reached "over IPv4"
detach wan4
attach wann
wait_bound ha "$HOA6 .*via $NAT4:.*udp"
guest_reached "behind the NAT"
expect_equal "sequence number of the guest" "$before" \
	"$(in_ns ha dsmipctl binding show | sed -nE "s/^$GUEST6 .* seq ([0-9]+) .*/\1/p")"

say "It registers anew through the router behind the NAT, and leaves"
kill -TERM "$PID_guest"
wait "$PID_guest" || fail "dsmipd of the guest ended with status $?"
guest_gone() { ! bound ha "^$GUEST6 "; }
wait_until "de-registration through the router" guest_gone
start guest ip netns exec host dsmipd --config "$WORK/guest.toml"
wait_bound ha "$GUEST6 .*via 2001:db8:aaaa::2 .*direct"
guest_reached "behind the NAT"
say "done"
