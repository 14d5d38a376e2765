#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mobile node with one interface that goes to and fro between visited networks and a real home
# link, with and without loss of carrier. The kernel keeps old addresses, default routes and routes
# to hosts of former networks, and nobody flushes them.
#
#   cn --- core --- ha --- field-home (bridge)  2001:db8:1::/64 --+
#            |                                                     \
#            +--- field-a (bridge)  2001:db8:a::/64 ------------- port === wanx  mn
#            +--- field-b (bridge)  2001:db8:b::/64 --------------/
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemon.sh"

HA6=2001:db8:1::1
HOA6=2001:db8:1::100

modprobe dsmip
namespaces core ha cn mn
routers core ha
wire core to-cn cn eth0
ip -n core address add 2001:db8:c::1/64 dev to-cn
ip -n cn address add 2001:db8:c::2/64 dev eth0
ip -n cn route add default via 2001:db8:c::1
wire core to-ha ha eth0
ip -n core address add 2001:db8:f::1/64 dev to-ha
ip -n ha address add 2001:db8:f::2/64 dev eth0
ip -n ha route add default via 2001:db8:f::1
ip -n core route add 2001:db8:1::/64 via 2001:db8:f::2
mkdir -p /run/radvd
# advertise NS DEV PREFIX
advertise() {
	cat >>"$WORK/radvd-$1.conf" <<-RADVD
		interface $2 {
			AdvSendAdvert on;
			MinRtrAdvInterval 3;
			MaxRtrAdvInterval 4;
			MinDelayBetweenRAs 3;
			prefix $3 { };
		};
	RADVD
}
for field in a b home; do
	ip -n core link add field-$field type bridge mcast_snooping 0 forward_delay 0
	ip -n core link set field-$field up
done
for field in a b; do
	ip -n core address add 2001:db8:$field::1/64 dev field-$field
	advertise core field-$field 2001:db8:$field::/64
done
wire core to-home ha home0
ip -n core link set to-home master field-home
ip -n ha address add $HA6/64 dev home0
advertise ha home0 2001:db8:1::/64
for ns in core ha; do
	start "radvd-$ns" ip netns exec $ns radvd -n -C "$WORK/radvd-$ns.conf" -p /run/radvd/$ns.pid -m stderr
done
wire core port mn wanx
ip -n mn link set wanx down
in_ns mn sysctl -qw net.ipv6.conf.wanx.accept_ra=2 net.ipv6.conf.wanx.router_solicitations=3 \
	net.ipv6.conf.wanx.router_solicitation_interval=1
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
bound() { in_ns "$1" dsmipctl binding show | grep -qE "$2"; }
unbound() { ! bound "$1" .; }
moved_to() {
	local begin=$SECONDS
	wait_until "a binding in $1 at the home agent" bound ha "via 2001:db8:$1:"
	info "after $((SECONDS - begin)) s"
	wait_until "traffic by $1" in_ns cn ping -c1 -W2 $HOA6
}
# outcomes COUNT: so many de-registrations have ended.
outcomes() { [ "$(grep -c ' deregistered outcome=' "$ARTIFACTS/mn.log")" = "$1" ]; }
on_link() { ip -n mn -6 route show 2001:db8:1::/64 dev wanx proto kernel; }

cat >"$WORK/ha.toml" <<-TOML
	$(head_of ha home-agent)
	[store]
	enabled = false
	[home-agent]
	address6 = "$HA6"
	home-prefixes = ["2001:db8:1::/64"]
	[home-agent.home-link]
	interface = "home0"
	[[home-agent.node]]
	home-address = "$HOA6"
TOML
start_ha
node_config mn $HOA6 wanx
start_mn
reconnect a
ip -n mn link set wanx up

say "Abroad, and home"
moved_to a
plug home
wait_until "the end of the de-registration" outcomes 1
expect_match "its outcome" 'outcome="?accepted' "$(grep ' deregistered ' "$ARTIFACTS/mn.log")"
unbound ha || fail "at home, yet bound"
[ -n "$(on_link)" ] || fail "no route to the home link at home: nothing will be tested"

say "Abroad again: the home agent is not looked for on the new link"
plug a
moved_to a
expect_equal "route to the hosts of the home link" "" "$(on_link)"

say "Home and abroad again without loss of carrier"
reconnect home
wait_until "the end of the de-registration" outcomes 2
unbound ha || fail "at home, yet bound"
reconnect a
moved_to a

say "To and fro without loss of carrier"
reconnect b
moved_to b
reconnect a
moved_to a

say "Soon after a loss of carrier, too"
plug a
reconnect b
moved_to b
