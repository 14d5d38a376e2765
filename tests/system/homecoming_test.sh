#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mobile node with one interface that goes to and fro between visited networks and a real home
# link, with and without loss of carrier. The kernel keeps old addresses, default routes and routes
# to hosts of former networks, and nobody flushes them.
#
# At home the node uses its home addresses there, without a tunnel, and connections go on.
#
#   cn --- core --- ha --- field-home (bridge)  2001:db8:1::/64 --+
#            |               |   host          192.0.2.128/25     |
#            |                                                    |
#            +--- field-a (bridge)  2001:db8:a::/64 ------------- port === wanx  mn
#            +--- field-b (bridge)  2001:db8:b::/64 --------------/
# requirements: M-A-03
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemon.sh"

HA6=2001:db8:1::1
HOA6=2001:db8:1::100
HOA4=192.0.2.130
CN6=2001:db8:c::2
CN4=198.51.100.2

modprobe dsmip
namespaces core ha cn mn host
routers core ha
wire core to-cn cn eth0
ip -n core address add 2001:db8:c::1/64 dev to-cn
ip -n core address add 198.51.100.1/25 dev to-cn
ip -n cn address add $CN6/64 dev eth0
ip -n cn address add $CN4/25 dev eth0
ip -n cn route add default via 2001:db8:c::1
ip -n cn route add default via 198.51.100.1
wire core to-ha ha eth0
ip -n core address add 2001:db8:f::1/64 dev to-ha
ip -n ha address add 2001:db8:f::2/64 dev eth0
ip -n core address add 192.0.2.126/25 dev to-ha
ip -n ha address add 192.0.2.1/25 dev eth0
ip -n ha route add default via 2001:db8:f::1
ip -n ha route add default via 192.0.2.126
ip -n core route add 2001:db8:1::/64 via 2001:db8:f::2
ip -n core route add 192.0.2.128/25 via 192.0.2.1
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
ip -n ha address add 192.0.2.129/25 dev home0
wire core to-host host eth0
ip -n core link set to-host master field-home
ip -n host address add 2001:db8:1::50/64 dev eth0 nodad
ip -n host address add 192.0.2.150/25 dev eth0
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
# lease: what a DHCP client gets at home; no_lease: and gives back elsewhere.
lease() {
	ip -n mn address add 192.0.2.140/25 dev wanx
	ip -n mn route add default via 192.0.2.129 dev wanx metric 200
}
no_lease() { ip -n mn address del 192.0.2.140/25 dev wanx; }
# way_of ADDRESS PEER: the interface by which packets from the home address leave.
way_of() { ip -n mn -j route get "$2" from "$1" | python3 -c 'import json,sys; print(json.load(sys.stdin)[0].get("dev"))'; }
leaves_by() { [ "$(way_of "$2" "$3")" = "$1" ]; }
on_wanx() { [[ $(ip -n mn address show dev wanx) == *" $1/"* ]]; }
not_on_wanx() { ! on_wanx "$1"; }
# at_home: the home address is used without a tunnel.
at_home() {
	wait_until "the home address at the home link" on_wanx $HOA6
	wait_until "packets by the home link" leaves_by wanx $HOA6 $CN6
	wait_until "traffic at home" in_ns cn ping -c1 -W2 $HOA6
	in_ns mn ping -c1 -W5 -I $HOA6 $CN6 >/dev/null
}
# connections_go_on FAMILY...: octets that are sent from now on arrive.
connections_go_on() {
	local family now
	for family; do
		now=$(octets "$WORK/source$family")
		wait_until "the IPv$family connection goes on" moved_beyond "$WORK/sink$family" "$((now + 100000))"
	done
}
neighbour_of_host() { ip -n host -j neigh show "$1" dev eth0 | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d[0].get("lladdr","") if d else "")'; }
mac_of() { ip -n "$1" -j link show "$2" | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["address"])'; }
host_sends_to() { [ "$(neighbour_of_host "$2")" = "$1" ]; }
on_link() { ip -n mn -6 route show 2001:db8:1::/64 dev wanx proto kernel; }

cat >"$WORK/ha.toml" <<-TOML
	$(head_of ha home-agent)
	[store]
	enabled = false
	[home-agent]
	address6 = "$HA6"
	address4 = "192.0.2.1"
	home-prefixes = ["2001:db8:1::/64"]
	[home-agent.home-link]
	interface = "home0"
	[[home-agent.node]]
	home-address = "$HOA6"
	home-addresses4 = ["$HOA4"]
TOML
start_ha
node_config mn $HOA6 wanx "home-agent4 = \"192.0.2.1\"
home-address4 = \"$HOA4\""
start_mn
reconnect a
ip -n mn link set wanx up

say "Abroad, and home"
moved_to a
start sink6 ip netns exec mn traffic.py sink $HOA6 5000 "$WORK/sink6"
start sink4 ip netns exec mn traffic.py sink $HOA4 5001 "$WORK/sink4"
listens() { in_ns mn ss -ltn | grep -q ":$1 "; }
wait_until "the sinks" listens 5000
wait_until "the sinks" listens 5001
start source6 ip netns exec cn traffic.py source $HOA6 5000 "$WORK/source6" --stop "$WORK/stop"
start source4 ip netns exec cn traffic.py source $HOA4 5001 "$WORK/source4" --stop "$WORK/stop"
connections_go_on 6 4
in_ns host ping -c1 -W5 $HOA6 >/dev/null
in_ns host ping -c1 -W5 $HOA4 >/dev/null
host_sends_to "$(mac_of ha home0)" $HOA6 || fail "the home agent does not answer for the node"
plug home
lease
wait_until "the end of the de-registration" outcomes 1
expect_match "its outcome" 'outcome="?accepted' "$(grep ' deregistered ' "$ARTIFACTS/mn.log")"
unbound ha || fail "at home, yet bound"
[ -n "$(on_link)" ] || fail "no route to the home link at home: nothing will be tested"
at_home
wait_until "what the node says about itself (IPv6)" host_sends_to "$(mac_of mn wanx)" $HOA6
wait_until "IPv4 by the home link" leaves_by wanx $HOA4 $CN4
wait_until "what the node says about itself (IPv4)" host_sends_to "$(mac_of mn wanx)" $HOA4
connections_go_on 6 4

say "Abroad again: the home agent is not looked for on the new link"
no_lease
plug a
moved_to a
expect_equal "route to the hosts of the home link" "" "$(on_link)"
not_on_wanx $HOA6 || fail "abroad, and the home address is still at the access"
leaves_by dsmip0 $HOA6 $CN6 || fail "abroad, and not by the tunnel: $(way_of $HOA6 $CN6)"
connections_go_on 6 4

say "Home and abroad again without loss of carrier"
reconnect home
wait_until "the end of the de-registration" outcomes 2
unbound ha || fail "at home, yet bound"
at_home
connections_go_on 6
reconnect a
moved_to a
connections_go_on 6 4

say "To and fro without loss of carrier"
reconnect b
moved_to b
reconnect a
moved_to a

say "Soon after a loss of carrier, too"
plug a
reconnect b
moved_to b

say "Nothing of the connections was lost"
connections_end 6 4

say "Started at home: the home address is used there, and taken along at the end"
stop mn
reconnect home
ip -n mn link set wanx down
ip -n mn link set wanx up
start_mn
at_home
stop mn
not_on_wanx $HOA6 || fail "the home address was left at the access"

say "Killed at home, started abroad: nothing of the stay is left"
lease
start_mn
at_home
wait_until "the IPv4 home address at the home link" on_wanx $HOA4
kill_hard mn
no_lease
plug a
start_mn
moved_to a
for address in $HOA6 $HOA4; do wait_until "$address away from the access" not_on_wanx "$address"; done
