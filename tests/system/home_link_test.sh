#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real home link: an Ethernet segment with a home agent, a host, another router
# and a place for the mobile node.
#
#   cn --- router ---+--- host          2001:db8:1::/64, 192.0.2.0/24
#                    |
#          ha -------+------- mn (home0)
#           |                 |
#           +---- visited ----+ (wan0)  2001:db8:6::/64
#
# Detection of duplicate addresses, interception of packets of hosts and of other
# routers in both families, what a crash and a stop leave, returning home, being at
# home and away at once. The mobile node's signalling is done by hand.
# requirements: D-4.5-03 M-5.6.1-02 M-5.6.3-02 M-5.6.3-03 M-5.6.3-04 M-5.6.3-09 M-5.6.3-10
# requirements: M-5.6.3-11 M-5.6.3-12 M-5.6.3-13 M-6.3-06 M-A-01 M-A-03
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemon.sh"

HA6=2001:db8:1::1
HOA6=2001:db8:1::100
HOA4=192.0.2.100
TAKEN6=2001:db8:1::200
COA6=2001:db8:6::10

modprobe dsmip
namespaces ha host router cn mn
routers ha router
# The host learns who has an address from advertisements alone.
segment ha host router mn
number=1
for ns in ha router host; do
	ip -n $ns address add 2001:db8:1::$number/64 dev home0
	ip -n $ns address add 192.0.2.$number/24 dev home0
	number=$((number + 1))
done
HOST6=2001:db8:1::3
HOST4=192.0.2.3
wire router to-cn cn eth0
ip -n router address add 2001:db8:c::1/64 dev to-cn
ip -n router address add 198.51.100.1/24 dev to-cn
ip -n cn address add 2001:db8:c::2/64 dev eth0
ip -n cn address add 198.51.100.2/24 dev eth0
ip -n cn route add default via 2001:db8:c::1
ip -n cn route add default via 198.51.100.1
for ns in ha host; do
	ip -n $ns route add default via 2001:db8:1::2
	ip -n $ns route add default via 192.0.2.2
done
ip -n router address add $TAKEN6/64 dev home0
wire ha wan0 mn wan0
ip -n ha address add 2001:db8:6::1/64 dev wan0
ip -n mn address add $COA6/64 dev wan0
ip -n mn -6 route add $HA6/128 via 2001:db8:6::1
# Answers for an address only on the interface that has it.
in_ns mn sysctl -qw net.ipv4.conf.all.arp_ignore=1
mac_of() { ip -n "$1" -j link show home0 | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["address"])'; }
MN_MAC=$(mac_of mn)
HA_MAC=$(mac_of ha)

config() {
	cat >"$WORK/ha.toml" <<-TOML
		$(head_of ha home-agent)
		[home-agent]
		address6 = "$HA6"
		home-prefixes = ["2001:db8:1::/64"]
		on-stop = "${ON_STOP:-keep}"
		${HA_LINES:-}
		[home-agent.home-link]
		interface = "home0"
		${LINK_LINES:-}
		[[home-agent.node]]
		home-address = "$HOA6"
		home-addresses4 = ["$HOA4"]
		[[home-agent.node]]
		home-address = "$TAKEN6"
		${DEVICE_LINES:-}
	TOML
}
signal() { in_ns mn home_signalling.py "$@"; }
# The sequence number of the next Binding Update.
SEQUENCE=0
update() { # update DEV HOME OPTION...
	local device=$1 home=$2
	shift 2
	SEQUENCE=$((SEQUENCE + 1))
	ANSWER=$(signal update "$device" $HA6 "$home" --sequence $SEQUENCE "$@") || fail "no answer to: $*"
	info "$* -> $ANSWER"
}
neighbour() { # NS ADDRESS: the link-layer address that NS has for it on the home link
	ip -n "$1" -j neigh show "$2" dev home0 |
		python3 -c 'import json,sys; d=json.load(sys.stdin); print(d[0].get("lladdr","") if d else "")'
}
forget() { for ns in host router; do ip -n $ns neigh flush dev home0; done; }
# The node's tunnel; its addresses are on it, as long as it is away.
go_away() {
	ip -n mn -6 tunnel add home-tunnel mode any local $COA6 remote $HA6 encaplimit none
	ip -n mn link set home-tunnel up
	ip -n mn address add $HOA6/128 dev home-tunnel
	ip -n mn address add $HOA4/32 dev home-tunnel
	ip -n mn -6 route add default dev home-tunnel
	ip -n mn route add default dev home-tunnel
}
come_home() {
	ip -n mn link delete home-tunnel
	ip -n mn address add $HOA6/64 dev home0
	ip -n mn address add $HOA4/24 dev home0
	ip -n mn route add default via 2001:db8:1::2
	ip -n mn route add default via 192.0.2.2
	signal announce home0 $HOA6 $HOA4
}
leave_home() {
	ip -n mn route del default via 2001:db8:1::2
	ip -n mn route del default via 192.0.2.2
	ip -n mn address del $HOA6/64 dev home0
	ip -n mn address del $HOA4/24 dev home0
}
reaches() { # NS ADDRESS...
	local ns=$1 address
	shift
	for address; do
		in_ns "$ns" ping -c1 -W10 "$address" >/dev/null || fail "ping from $ns to $address"
	done
}
in_capture() { tcpdump -r "$ARTIFACTS/home.pcap" -n "$1" 2>/dev/null | grep -qE "$2"; }

capture host home0 home "icmp6 or arp or ip6 proto 135"
config
start_ha

say "Hosts of the home link have its MTU, tunnels theirs"
mtus() { echo "$(in_ns ha cat /sys/class/net/dsmip0/mtu) $(ha_ctl device show | grep -o 'tunnel-mtu [0-9]*')"; }
expect_equal "MTU of device and tunnels" "1500 tunnel-mtu 1448" "$(mtus)"
# whole NS ADDRESS...: 1500 octets in one piece
whole() {
	local ns=$1 address octets
	shift
	for address; do
		octets=1472
		[[ $address != *:* ]] || octets=1452
		in_ns "$ns" ping -c1 -W10 -M "do" -s $octets "$address"
	done
}
whole ha $HOST6 $HOST4 >/dev/null || fail "1500 octets from the home agent to the host"

say "A first registration: the address is proved unique, claimed, and announced"
update wan0 $HOA6 --care-of $COA6 --home4 $HOA4 --link-local
expect_match "answer" "^status 0 sequence 1 lifetime 600" "$ANSWER"
go_away
wait_until "detection seen by the host" in_capture 'icmp6 and src ::' "neighbor solicitation, who has $HOA6"
wait_until "detection of the link-local address" in_capture 'icmp6 and src ::' 'who has fe80::100'
wait_until "advertisement seen by the host" in_capture 'icmp6' "neighbor advertisement, tgt is $HOA6"
wait_until "advertisement of the link-local address" in_capture 'icmp6' 'neighbor advertisement, tgt is fe80::100'
wait_until "gratuitous ARP" in_capture 'arp' "Request who-has $HOA4 .*tell $HOA4"
expect_equal "claimed home addresses" 1 "$(daemon_counter home_link_claimed)"

say "Packets of a host and of another router are intercepted, in both families"
reaches host $HOA6 $HOA4
reaches cn $HOA6 $HOA4
expect_equal "IPv6 neighbour of the host" "$HA_MAC" "$(neighbour host $HOA6)"
expect_equal "IPv4 neighbour of the host" "$HA_MAC" "$(neighbour host $HOA4)"
expect_equal "IPv6 neighbour of the router" "$HA_MAC" "$(neighbour router $HOA6)"
in_ns mn ping -c1 -W10 -I $HOA6 $HOST6 >/dev/null || fail "ping from the node to the host"
in_ns mn ping -c1 -W10 -I $HOA4 $HOST4 >/dev/null || fail "ping from the node to the host, IPv4"
reaches host $HA6
reaches ha $HOST6 $HOST4
expect_equal "proxies in the kernel" "" "$(ip -n ha neigh show proxy; ip -n ha -6 neigh show proxy)"
for ns in host cn ha; do
	for address in $HOA6 $HOA4; do
		expect_match "1500 octets from $ns to $address" 'mtu[ =:]+1448' "$(whole $ns "$address" 2>&1 || :)"
	done
done
whole ha $HOST6 $HOST4 >/dev/null || fail "1500 octets from the home agent to the host"

say "What is of one link stays there"
host_link_local=$(ip -n host -o -6 address show dev home0 scope link | sed -nE 's/.*inet6 ([^/]+).*/\1/p')
for destination in ff02::1 ff02::16 fe80::1234 "$host_link_local"; do
	signal tunnel $COA6 $HA6 $HOA6 "$destination"
done
signal tunnel $COA6 $HA6 $HOA6 $HOST6
wait_until "the last echo request, which is not" in_capture "src $HOA6" "$HOA6 > $HOST6: .*echo request, id 25205"
if in_capture "src $HOA6" "$HOA6 > f[ef].*echo request, id 25205"; then
	fail "a packet of link scope left the tunnel for the home link"
fi

sent() { ip -n ha -j -s link show dsmip0 | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["stats64"]["tx"]["packets"])'; }
before=$(sent)
expect_match "word to a host that wants the node's link-local address" "estination unreachable" \
	"$(in_ns host ping -c1 -W10 fe80::100%home0 2>&1 || :)"
expect_equal "packets into tunnels" "$before" "$(sent)"

say "An address that a neighbour has: status 134"
signal update wan0 $HA6 $TAKEN6 --care-of $COA6 >"$WORK/taken"
expect_match "answer" "^status 134 " "$(cat "$WORK/taken")"
reaches host $TAKEN6
expect_equal "IPv6 neighbour of the host" "$(mac_of router)" "$(neighbour host $TAKEN6)"

say "A daemon that dies answers for nobody; its successor does, and interrupts nothing"
kill_hard ha
reaches host $HOA6 $HOA4
forget
if in_ns host ping -c1 -W2 $HOA6 >/dev/null; then fail "somebody answers for $HOA6"; fi
# The device has that MTU already; it is that of tunnels that changes.
DEVICE_LINES=$'[device]\nmtu = 1500'
config
start_ha
expect_equal "MTU of device and tunnels" "1500 tunnel-mtu 1500" "$(mtus)"
forget
reaches host $HOA6 $HOA4
reaches cn $HOA6 $HOA4

say "No home link any more, by a reload: nobody answers for the node; there again, it is announced"
cp "$WORK/ha.toml" "$WORK/real.toml"
sed -i '/^\[home-agent.home-link\]/,/^interface/d' "$WORK/ha.toml"
before=$(ha_ctl binding show | grep -o '.*lifetime')
expect_match "difference" "home-agent.home-link.interface: .home0. -> not set" "$(ha_ctl reload)"
forget
if in_ns host ping -c1 -W2 $HOA6 >/dev/null; then fail "somebody answers for $HOA6"; fi
cp "$WORK/real.toml" "$WORK/ha.toml"
sed -i 's/^interface = .*/interface = "home9"/' "$WORK/ha.toml"
expect_refused "an interface that is not there" "there is no interface home9" ha_ctl reload
cp "$WORK/real.toml" "$WORK/ha.toml"
expect_match "difference" "home-agent.home-link.interface: not set -> .home0." "$(ha_ctl reload)"
reaches host $HOA6 $HOA4
reaches cn $HOA6 $HOA4
expect_equal "claimed home addresses" 1 "$(daemon_counter home_link_claimed)"
expect_equal "bindings" "$before" "$(ha_ctl binding show | grep -o '.*lifetime')"

say "The interface of the home link is deleted and made again: the home agent answers on the new one"
anycast_is_there() { ip -n ha -6 route show table local type anycast dev home0 | grep -q 2001:db8:1:0:fdff:ffff:ffff:fffe; }
wait_until "the anycast address" anycast_is_there
ip -n ha link delete home0
wait_until "the daemon says so" grep -q 'home link home0 is gone: nobody answers' "$ARTIFACTS/ha.log"
wire segment to-ha ha home0
ip -n segment link set to-ha master segment0
ip -n ha address add $HA6/64 dev home0
ip -n ha address add 192.0.2.1/24 dev home0
ip -n ha route add default via 2001:db8:1::2
ip -n ha route add default via 192.0.2.2
HA_MAC=$(mac_of ha)
reopened() { [ "$(daemon_counter home_link_reopened)" = "$1" ]; }
wait_until "the home link opened again" reopened 1
wait_until "the daemon says so" grep -q 'home link home0 is back' "$ARTIFACTS/ha.log"
heard() { [ "$(neighbour host $HOA6)" = "$HA_MAC" ]; }
wait_until "the neighbours hear of the new interface" heard
reaches host $HOA6 $HOA4
reaches cn $HOA6 $HOA4
expect_equal "IPv6 neighbour of the host" "$HA_MAC" "$(neighbour host $HOA6)"
expect_equal "claimed home addresses" 1 "$(daemon_counter home_link_claimed)"
expect_equal "bindings" "$before" "$(ha_ctl binding show | grep -o '.*lifetime')"
wait_until "the anycast address on the new interface" anycast_is_there
reaches ha $HOST6 $HOST4

say "It goes to another network namespace and comes back, as it was"
index=$(in_ns ha cat /sys/class/net/home0/ifindex)
ip -n ha link set home0 netns router name away
gone_again() { [ "$(grep -c 'home link home0 is gone' "$ARTIFACTS/ha.log")" = 2 ]; }
wait_until "the daemon says so" gone_again
ip -n router link set away netns ha name home0
expect_equal "interface index" "$index" "$(in_ns ha cat /sys/class/net/home0/ifindex)"
ip -n ha link set home0 up
ip -n ha address add $HA6/64 dev home0
ip -n ha address add 192.0.2.1/24 dev home0
ip -n ha route add default via 2001:db8:1::2
ip -n ha route add default via 192.0.2.2
wait_until "the home link opened again" reopened 2
forget
reaches host $HOA6 $HOA4
wait_until "the anycast address" anycast_is_there

say "A host that asks whether the home address is free hears that it is not"
before=$(daemon_counter home_link_solicitations_answered)
ip -n host address add $HOA6/128 dev home0 nodad
ip -n host address del $HOA6/128 dev home0
in_ns host sysctl -qw net.ipv6.conf.home0.accept_dad=1
ip -n host address add $HOA6/128 dev home0
wait_until "the duplicate is seen" bash -c "ip -n host -6 address show dev home0 | grep -q dadfailed"
ip -n host address del $HOA6/128 dev home0
((before < $(daemon_counter home_link_solicitations_answered))) || fail "nobody answered"

say "Returning home: an old Binding Update is refused, to the frame's sender; then packets go straight"
ip -n mn link set home-tunnel down
ip -n mn -6 route del $HA6/128
ip -n mn -6 route add $HA6/128 dev home0
REFUSED=$(signal update home0 $HA6 $HOA6 --sequence 1 --lifetime 0)
expect_match "refusal" "^status 135 sequence $SEQUENCE .*to $MN_MAC" "$REFUSED"
expect_equal "still claimed" 1 "$(daemon_counter home_link_claimed)"
update home0 $HOA6 --lifetime 0
expect_match "answer" "^status 0 sequence $SEQUENCE lifetime 0 to $MN_MAC" "$ANSWER"
expect_equal "claimed home addresses" 0 "$(daemon_counter home_link_claimed)"
come_home
reaches host $HOA6 $HOA4
expect_equal "IPv6 neighbour of the host" "$MN_MAC" "$(neighbour host $HOA6)"
expect_equal "IPv4 neighbour of the host" "$MN_MAC" "$(neighbour host $HOA4)"
forget
reaches host $HOA6 $HOA4
reaches cn $HOA6 $HOA4
reaches ha $HOA6 $HOA4
reaches mn $HA6 $HOST6 $HOST4
expect_equal "IPv6 neighbour of the router" "$MN_MAC" "$(neighbour router $HOA6)"

say "Away again at once: the address is asked about again, and the host follows"
leave_home
ip -n mn -6 route del $HA6/128
ip -n mn -6 route add $HA6/128 via 2001:db8:6::1
update wan0 $HOA6 --care-of $COA6 --home4 $HOA4 --bid 1=$COA6
expect_match "answer" "^status 165|^status 0 " "$ANSWER"
go_away
reaches host $HOA6 $HOA4
expect_equal "IPv6 neighbour of the host" "$HA_MAC" "$(neighbour host $HOA6)"

say "At home and away at once: status 5, frames to the address that the node named"
capture mn home0 at-home "icmp6[icmp6type] == icmp6-echo or ether dst 02:00:00:00:be:ef"
# Over home0 this time; the tunnel goes on.
at_home_route() { ip -n mn -6 route "$1" $HA6/128 dev home0 metric 1; }
at_home_route add
update home0 $HOA6 --home4 $HOA4 --bid 2=$HOA6 --at-home --link-address "$MN_MAC"
at_home_route del
expect_match "answer" "^status 5 .*to $MN_MAC bid 2 5" "$ANSWER"
expect_match "bindings" "bid 2 at home $MN_MAC" "$(ha_ctl binding show)"
expect_equal "still claimed" 1 "$(daemon_counter home_link_claimed)"
in_ns ha dsmip-nl binding-new dsmip0 --node "$HOA6 / bid 1 prio 9"
in_ns host ping -c3 -i0.3 -W1 $HOA6 >/dev/null || :
at_home() { tcpdump -r "$ARTIFACTS/at-home.pcap" -en 2>/dev/null | grep -qE "$1"; }
wait_until "echo request in a frame of the home agent" \
	at_home "$HA_MAC > $MN_MAC.*$HOST6 > $HOA6: .*echo request"
expect_equal "IPv6 neighbour of the host" "$HA_MAC" "$(neighbour host $HOA6)"
say "Refused by configuration: status 169"
LINK_LINES='accept-simultaneous = false' ON_STOP=remove config
sed -i 's|^home-prefixes = .*|home-prefixes = ["2001:db8:1::/64", "2001:db8:7::/64"]|' "$WORK/ha.toml"
text=$(ha_ctl reload)
expect_match "difference" "home-agent.home-link.accept-simultaneous: true -> false" "$text"
expect_match "rule of the new home prefix" "to 2001:db8:7::/64 lookup 4191" "$(ip -n ha -6 rule)"
expect_match "what is at home stays" "bid 2 at home $MN_MAC" "$(ha_ctl binding show)"
expect_equal "still claimed" 1 "$(daemon_counter home_link_claimed)"
at_home_route add
update home0 $HOA6 --home4 $HOA4 --bid 2=$HOA6 --at-home --link-address "$MN_MAC"
at_home_route del
expect_match "answer" "^status 169 .*bid 2 169" "$ANSWER"

say "The sole router of the link: status 0, and neighbour discovery is the node's"
stop ha
rules() { { ip -n ha rule; ip -n ha -6 rule; } | grep -vE '^(0|32766|32767):' || :; }
expect_equal "rules left" "" "$(rules)"
if ip -n ha link show dsmip0 >/dev/null 2>&1; then fail "on-stop = remove left the device"; fi
reaches host $HA6 $HOST4
LINK_LINES='sole-router = true' config
start_ha
update wan0 $HOA6 --care-of $COA6 --home4 $HOA4 --bid 1=$COA6
expect_match "answer" "^status 0 " "$ANSWER"
at_home_route add
update home0 $HOA6 --home4 $HOA4 --bid 2=$HOA6 --at-home
expect_match "answer" "^status 0 .*to $MN_MAC bid 2 0" "$ANSWER"
expect_equal "claimed home addresses" 0 "$(daemon_counter home_link_claimed)"
in_ns ha dsmip-nl binding-new dsmip0 --node "$HOA6 / bid 1 prio 9"
come_home
reaches cn $HOA6 $HOA4
reaches ha $HOA6 $HOA4
say "done"
