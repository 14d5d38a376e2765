#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The device of the module: its life, its settings, its sockets, its namespace.
. "$(dirname "$0")/lib.sh"

# field NS DEV NAME: a field of the device as the module tells it.
field() { in_ns "$1" dsmip-nl --json device-get "$2" | sed -nE "s/.*\"$3\":\"?([^\",}]*).*/\1/p"; }
# sockets NS: local addresses of the UDP sockets, sorted.
sockets() { in_ns "$1" ss -Hunla | sed -E 's/^([^ ]+ +){3}([^ ]+) .*/\2/' | LC_ALL=C sort | tr '\n' ' '; }
set_device() { in_ns "$1" dsmip-nl device-set "${@:2}"; }

modprobe dsmip
namespaces a b

say "a device comes with safe values"
ip -n a link add d0 type dsmip
link=$(ip -n a -d link show d0)
expect_match "MTU" 'mtu 1448 ' "$link"
expect_match "limits of the MTU" 'minmtu 1280 maxmtu 65483' "$link"
expect_match "flags" '<NOARP>' "$link"
expect_equal "driver" dsmip "$(in_ns a ethtool -i d0 | sed -n 's/^driver: //p')"
expect_refused "MTU below IPv6's minimum" 'Invalid argument|less than' ip -n a link set d0 mtu 1279
expect_equal "nodes" 0 "$(field a d0 nodes)"
expect_equal "sockets before there is a role" "" "$(sockets a)"
ip -n a link set d0 up
expect_equal "no link-local address" "" "$(ip -n a -6 address show dev d0)"

say "a home agent listens on its own addresses, which need not be there yet"
set_device a d0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
expect_equal "sockets" "192.0.2.1:4191 [2001:db8::1]:4191 " "$(sockets a)"
expect_equal "role" home-agent "$(field a d0 role)"
expect_equal "UDP port" 4191 "$(field a d0 udp_port)"
set_device a d0 --udp-port 5000
expect_equal "sockets" "192.0.2.1:5000 [2001:db8::1]:5000 " "$(sockets a)"
set_device a d0 --home-agent4 192.0.2.9
expect_equal "only one address moved" "192.0.2.9:5000 [2001:db8::1]:5000 " "$(sockets a)"
set_device a d0 --home-agent4 0.0.0.0
expect_equal "a cleared address" "[2001:db8::1]:5000 " "$(sockets a)"
set_device a d0 --home-agent4 192.0.2.1 --udp-port 0
expect_equal "no UDP" "" "$(sockets a)"
set_device a d0 --udp-port 4191

say "a second device fits beside it"
ip -n a link add d1 type dsmip
set_device a d1 --role home-agent --home-agent4 192.0.2.2 --home-agent6 2001:db8::2
expect_equal "sockets" \
	"192.0.2.1:4191 192.0.2.2:4191 [2001:db8::1]:4191 [2001:db8::2]:4191 " "$(sockets a)"

say "a taken port is refused and nothing changes"
expect_refused "address and port of the other device" 'UDP_PORT is taken.*EADDRINUSE' \
	set_device a d1 --home-agent4 192.0.2.1 --fwmark 7
expect_equal "home agent address" 192.0.2.2 "$(field a d1 home_agent4)"
expect_equal "mark" 0 "$(($(field a d1 fwmark)))"
expect_equal "sockets" \
	"192.0.2.1:4191 192.0.2.2:4191 [2001:db8::1]:4191 [2001:db8::2]:4191 " "$(sockets a)"
# IPv4 would be free here, IPv6 is not: both or none.
expect_refused "taken in one family" 'UDP_PORT is taken.*EADDRINUSE' \
	set_device a d1 --home-agent4 192.0.2.3 --home-agent6 2001:db8::1
expect_equal "sockets" \
	"192.0.2.1:4191 192.0.2.2:4191 [2001:db8::1]:4191 [2001:db8::2]:4191 " "$(sockets a)"

say "a mobile node listens everywhere, on one port in both families"
ip -n b link add d0 type dsmip
set_device b d0 --role mobile-node --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
port=$(field b d0 udp_port)
((port > 0)) || fail "no port was chosen"
expect_equal "sockets" "0.0.0.0:$port [::]:$port " "$(sockets b)"
expect_equal "port of the home agent" 4191 "$(field b d0 home_agent_port)"
set_device b d0 --home-agent4 192.0.2.77
expect_equal "the port stays when something else changes" "$port" "$(field b d0 udp_port)"
set_device b d0 --udp-port 4191
expect_equal "sockets" "0.0.0.0:4191 [::]:4191 " "$(sockets b)"
# From the wildcard to one address on the same port: the device gets past itself.
set_device b d0 --role home-agent --home-agent4 192.0.2.1
expect_equal "sockets" "192.0.2.1:4191 [2001:db8::1]:4191 " "$(sockets b)"
set_device b d0 --role mobile-node --udp-port 4191
expect_equal "sockets" "0.0.0.0:4191 [::]:4191 " "$(sockets b)"

say "contradictions are refused with a reason"
expect_refused "multicast" 'HOME_AGENT4 is not a unicast.*EINVAL' set_device a d0 --home-agent4 224.0.0.1
expect_refused "loopback" 'HOME_AGENT4 is not a unicast.*EINVAL' set_device a d0 --home-agent4 127.0.0.1
expect_refused "link-local" 'HOME_AGENT6 is not a global.*EINVAL' set_device a d0 --home-agent6 fe80::1
expect_refused "IPv4-mapped" 'HOME_AGENT6 is not a global.*EINVAL' \
	set_device a d0 --home-agent6 ::ffff:192.0.2.1
expect_refused "port of the home agent at itself" 'HOME_AGENT_PORT is for a mobile node.*EINVAL' \
	set_device a d0 --home-agent-port 4191
expect_refused "mask with a hole" 'not contiguous.*EINVAL' set_device a d0 --bid-mark-mask 0x50
expect_refused "mask over the cookie bit" 'reserved bit.*EINVAL' \
	set_device a d0 --bid-mark-mask 0xf0000000
expect_refused "mark with the cookie bit" 'reserved bit.*EINVAL' set_device a d0 --fwmark 0x80000001
expect_refused "cookie lifetime" 'ERANGE' set_device a d0 --cookie-lifetime 99ms
expect_refused "cookie lifetime" 'ERANGE' set_device a d0 --cookie-lifetime 601s
for limit in source network stranger; do
	expect_refused "$limit rate" 'ERANGE' set_device a d0 --$limit-rate 1000001
	expect_refused "$limit burst" 'ERANGE' set_device a d0 --$limit-burst 1000001
	expect_refused "$limit burst" 'ERANGE' set_device a d0 --$limit-burst 0
	set_device a d0 --$limit-rate 1000000 --$limit-burst 1000000
	expect_equal "$limit burst" 1000000 "$(field a d0 ${limit}_burst)"
	set_device a d0 --$limit-rate 0
	expect_equal "$limit rate" 0 "$(field a d0 ${limit}_rate)"
done
set_device a d0 --bid-mark-mask 0x00ff0000 --fwmark 0x7fffffff --cookie-lifetime 600s
expect_equal "mask" $((0x00ff0000)) "$(($(field a d0 bid_mark_mask)))"

say "a role stays while there are nodes"
in_ns a dsmip-nl binding-new d0 --create --node '2001:db8::100 / via 198.51.100.1 lifetime 3600s'
expect_refused "role" 'role cannot change.*EBUSY' set_device a d0 --role mobile-node
expect_equal "role" home-agent "$(field a d0 role)"
in_ns a dsmip-nl binding-del d0 --all
set_device a d0 --role mobile-node

say "requests find their device, and only in their own namespace"
expect_refused "another kind" 'not of kind dsmip.*EOPNOTSUPP' in_ns a dsmip-nl device-get lo
expect_refused "no device" 'no such device.*ENODEV' in_ns a dsmip-nl device-get 4711
expect_equal "devices of a" "d0 d1 " "$(in_ns a dsmip-nl device-get |
	sed -nE 's/^(d[0-9]+): .*/\1/p' | sort | tr '\n' ' ')"
expect_refused "leaving the namespace" '.' ip -n a link set d0 netns b
# A user without CAP_NET_ADMIN learns nothing: bindings tell where people are.
expect_refused "reading without the capability" 'EPERM' \
	in_ns a setpriv --bounding-set -net_admin --inh-caps -net_admin dsmip-nl device-get d0
expect_refused "listening without the capability" 'EPERM' \
	in_ns a setpriv --bounding-set -net_admin --inh-caps -net_admin dsmip-nl events --count 1

say "settings are told to who listens"
start events ip netns exec a dsmip-nl --json events --count 1
wait_until "listener" grep -q listening "$ARTIFACTS/events.log"
set_device a d1 --fwmark 0x77
wait_until "the event" grep -q 'fwmark' "$ARTIFACTS/events.log"

say "the MTU of the device is that of its home link, where it is larger than that of tunnels"
mtu() { echo "$(in_ns a cat /sys/class/net/d1/mtu) $(field a d1 tunnel_mtu)"; }
expect_equal "MTU of device and tunnels" "1448 1448" "$(mtu)"
set_device a d1 --role home-agent
ip -n a link add home0 index 700 type dummy
set_device a d1 --home-link home0
expect_equal "with a home link" "1500 1448" "$(mtu)"
ip -n a link set home0 mtu 9000
expect_equal "with a larger one" "9000 1448" "$(mtu)"
ip -n a link set home0 mtu 1300
expect_equal "with a smaller one" "1448 1448" "$(mtu)"
ip -n a link set home0 mtu 65535
expect_equal "with one above what a device can have" "65483 1448" "$(mtu)"
ip -n a link set home0 mtu 1500
ip -n a link set d1 mtu 1280
expect_equal "as the operator sets it" "1500 1280" "$(mtu)"
ip -n a link set d1 mtu 2000
expect_equal "as the operator sets it" "2000 2000" "$(mtu)"
set_device a d1 --tunnel-mtu 1500
expect_equal "as the home link has it" "1500 1500" "$(mtu)"
expect_refused "tunnel MTU" ERANGE set_device a d1 --tunnel-mtu 1279
expect_refused "tunnel MTU" ERANGE set_device a d1 --tunnel-mtu 65484
set_device a d1 --tunnel-mtu 1400
expect_equal "after that" "1500 1400" "$(mtu)"
ip -n a link set home0 netns b
expect_equal "home link in another namespace" "1400 1400" "$(mtu)"
ip -n b link set home0 netns a
expect_equal "home link back" "1500 1400" "$(mtu)"
ip -n a link del home0
expect_equal "home link deleted" "1400 1400" "$(mtu)"
ip -n a link add home1 type dummy
expect_equal "another interface" "1400 1400" "$(mtu)"
ip -n a link add home0 index 700 type dummy
expect_equal "home link made again" "1500 1400" "$(mtu)"
set_device a d1 --home-link none
expect_equal "no home link" "1400 1400" "$(mtu)"
set_device a d1 --home-link home0
set_device a d1 --role mobile-node
expect_equal "another role" "1400 1400" "$(mtu)"
ip -n a link add d2 mtu 1300 type dsmip
expect_equal "as it was made" 1300 "$(field a d2 tunnel_mtu)"
ip -n a link del d2

say "sockets end with the device"
ip -n a link del d0
ip -n a link del d1
expect_equal "sockets" "" "$(sockets a)"
