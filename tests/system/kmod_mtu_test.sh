#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real TCP and UDP through every format over a path narrower than both its ends, with no MTU set anywhere:
#
#     cn ---- ha ---- r1 ==== r2 ---- mn        ==== : 1400, then 1280 octets, the others 1500
#
# The traffic goes between mn, under its home addresses, and cn as well as ha itself, both ways. Then the same with
# the messages of path MTU discovery swallowed on the way: what is lost, and what an operator can set
# (Documentation/mtu.md). Before that, with nothing narrow anywhere, ha has a home link with a host on it, whose packets
# pass through the device beside those for mn, as whole home prefixes lead into it.
#
# Every width with every format takes long under emulation: DSMIP_MTU_ALL=1 has it; without, each width,
# each outer family and each kind of format comes at least once.
# timeout: 3600
. "$(dirname "$0")/lib.sh"

CN6=2001:db8:c::2 CN4=198.51.100.2
HA6=2001:db8:f::1 HA4=192.0.2.1
MN6=2001:db8:6::2 MN4=203.0.113.2
HOA6=2001:db8:a::1 HOA4=100.64.0.1
TARGETS=("$CN6" "$CN4" 2001:db8:c::1 198.51.100.1)

network() {
	modprobe dsmip
	namespaces cn ha r1 r2 mn
	routers ha r1 r2
	wire cn eth0 ha to-cn
	wire ha eth0 r1 to-ha
	wire r1 narrow r2 narrow
	wire r2 to-mn mn eth0
	local words
	for words in "cn eth0 $CN6/64 $CN4/24" "ha to-cn 2001:db8:c::1/64 198.51.100.1/24" "ha eth0 $HA6/64 $HA4/24" \
		"r1 to-ha 2001:db8:f::2/64 192.0.2.2/24" "r1 narrow 2001:db8:e::1/64 10.0.0.1/24" \
		"r2 narrow 2001:db8:e::2/64 10.0.0.2/24" "r2 to-mn 2001:db8:6::1/64 203.0.113.1/24" \
		"mn eth0 $MN6/64 $MN4/24"; do
		read -r ns dev six four <<<"$words"
		ip -n "$ns" address add "$six" dev "$dev"
		ip -n "$ns" address add "$four" dev "$dev"
	done
	for words in "cn 2001:db8:c::1 198.51.100.1" "ha 2001:db8:f::2 192.0.2.2" "r1 2001:db8:e::2 10.0.0.2" \
		"r2 2001:db8:e::1 10.0.0.1" "mn 2001:db8:6::1 203.0.113.1"; do
		read -r ns six four <<<"$words"
		ip -n "$ns" route add default via "$six"
		ip -n "$ns" route add default via "$four"
	done
	for ns in ha mn; do
		ip -n $ns link add dsmip0 type dsmip
		ip -n $ns link set dsmip0 up
	done
	in_ns ha dsmip-nl device-set dsmip0 --role home-agent --home-agent4 $HA4 --home-agent6 $HA6
	in_ns mn dsmip-nl device-set dsmip0 --role mobile-node --home-agent4 $HA4 --home-agent6 $HA6 --udp-port 5000
	ip -n ha route add $HOA6 dev dsmip0
	ip -n ha route add $HOA4 dev dsmip0
	ip -n mn address add $HOA6/128 dev dsmip0
	ip -n mn address add $HOA4/32 dev dsmip0
	ip -n mn route add 2001:db8:c::/64 dev dsmip0 src $HOA6
	ip -n mn route add 198.51.100.0/24 dev dsmip0 src $HOA4
	start serve-cn ip netns exec cn mtu_traffic.py serve
	start serve-ha ip netns exec ha mtu_traffic.py serve
	wait_until "servers" grep -q listening "$ARTIFACTS/serve-cn.log" "$ARTIFACTS/serve-ha.log"
	wait_until "servers" grep -q listening "$ARTIFACTS/serve-ha.log"
}

# bind OUTER ENCAP: the one binding, at both ends; what was learned before is forgotten.
bind() {
	local care_of=$MN6 via
	[ "$1" = 6 ] || care_of=$MN4
	via=$care_of
	if [ "$2" != direct ]; then
		via=$care_of:5000
		[ "$1" = 4 ] || via="[$care_of]:5000"
	fi
	in_ns ha dsmip-nl binding-del dsmip0 --all
	in_ns mn dsmip-nl binding-del dsmip0 --all
	in_ns ha dsmip-nl binding-new dsmip0 --create --node "$HOA6 home4 $HOA4 / via $via $2 lifetime 3600s"
	in_ns mn dsmip-nl binding-new dsmip0 --create --node "$HOA6 home4 $HOA4 / via $care_of $2 lifetime 3600s"
	forget
}
forget() {
	local ns
	for ns in cn ha mn; do
		ip -n $ns route flush cache
		ip -n $ns -6 route flush cache
	done
}
narrow() {
	ip -n r1 link set narrow mtu "$1"
	ip -n r2 link set narrow mtu "$1"
}
tcp() { in_ns mn mtu_traffic.py tcp "$@"; }
udp() { in_ns mn mtu_traffic.py udp "$@"; }
# mtu NS: the tunnel MTU of the binding as the kernel has it
mtu() { in_ns "$1" dsmip-nl --json binding-get dsmip0 $HOA6 | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["mtu"])'; }
overhead() {
	local octets=40
	[ "$1" = 6 ] || octets=20
	case $2 in udp) octets=$((octets + 8)) ;; udp-tlv*) octets=$((octets + 12)) ;; esac
	echo $octets
}

# home_link: host on it, with a second pair of addresses that are those of a node at home, and a network behind that
home_link() {
	namespaces host
	wire ha home0 host home0
	ip -n ha address add 2001:db8:a::fe/64 dev home0 noprefixroute
	ip -n ha address add 100.64.0.254/24 dev home0 noprefixroute
	ip -n host address add 2001:db8:a::50/64 dev home0
	ip -n host address add 100.64.0.50/24 dev home0
	# Its servers answer from the first.
	ip -n host address add 2001:db8:a::60/64 dev home0 preferred_lft 0
	ip -n host address add 100.64.0.60/24 dev home0
	ip -n host address add 2001:db8:9::1/128 dev lo preferred_lft 0
	ip -n host address add 10.9.0.1/32 dev lo
	# Nobody speaks for the node on the link, as the daemon does.
	for destination in default $HOA6 2001:db8:a::70; do ip -n host route add "$destination" via 2001:db8:a::fe; done
	for destination in default $HOA4 100.64.0.70; do ip -n host route add "$destination" via 100.64.0.254; done
	for destination in 2001:db8:a::/64 100.64.0.0/24 2001:db8:9::/64 10.9.0.0/24; do
		ip -n ha route add $destination dev dsmip0
	done
	ip -n mn route add 2001:db8:a::/64 dev dsmip0 src $HOA6
	ip -n mn route add 100.64.0.0/24 dev dsmip0 src $HOA4
	start serve-host ip netns exec host mtu_traffic.py serve
	start serve-mn ip netns exec mn mtu_traffic.py serve
	wait_until "servers" grep -q listening "$ARTIFACTS/serve-host.log"
	wait_until "servers" grep -q listening "$ARTIFACTS/serve-mn.log"
	# No outer packet has to be fragmented in all this.
	in_ns r1 nft -f - <<-NFT
		table inet seen {
			chain forward {
				type filter hook forward priority filter;
				ip frag-off & 0x3fff != 0 counter
				exthdr frag exists counter
			}
		}
	NFT
}
outer_fragments() {
	local packets sum=0
	for packets in $(in_ns r1 nft list table inet seen | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'); do
		((sum += packets)) || :
	done
	echo "$sum"
}
device_mtu() { ip -n ha -j link show dsmip0 | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["mtu"])'; }
# echo_of ADDRESS OCTETS: how ping is asked for a packet of so many
echo_of() {
	local headers=28
	[[ $1 != *:* ]] || headers=48
	echo "-c1 -W10 -s $(($2 - headers)) $1"
}
# whole NS ADDRESS OCTETS: there and back in one piece
# shellcheck disable=SC2046
whole() { in_ns "$1" ping -M "do" $(echo_of "$2" "$3") >/dev/null || fail "$3 octets from $1 to $2"; }
# told NS ADDRESS OCTETS MTU: too big, and how much it may have
# shellcheck disable=SC2046
told() {
	forget
	expect_match "$3 octets from $1 to $2" "mtu[ =:]+$4\\b" "$(in_ns "$1" ping -M "do" $(echo_of "$2" "$3") 2>&1 || :)"
	forget
}
# sent: packets into the tunnel of the binding
sent() { in_ns ha dsmip-nl --json binding-get dsmip0 $HOA6 | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["tx_packets"])'; }

say "A network with one narrow link in the middle"
network

say "A home link without any binding: its hosts have its MTU"
home_link
expect_equal "MTU of the device without it" 1448 "$(device_mtu)"
in_ns ha dsmip-nl device-set dsmip0 --home-link home0
expect_equal "MTU of the device" 1500 "$(device_mtu)"
expect_equal "MTU of tunnels" 1448 "$(in_ns ha dsmip-nl --json device-get dsmip0 | sed -E 's/.*"tunnel_mtu":([0-9]+).*/\1/')"
for address in 2001:db8:a::50 100.64.0.50; do
	for ns in cn ha; do
		whole $ns $address 1500
		in_ns $ns ping -M dont -c1 -W10 -s 1472 $address >/dev/null || fail "fragments from $ns to $address"
		in_ns $ns mtu_traffic.py tcp $address
		in_ns $ns mtu_traffic.py bursts $address
		in_ns $ns mtu_traffic.py udp $address --largest 3000
	done
	in_ns host mtu_traffic.py tcp "${TARGETS[@]}"
done
expect_equal "refused for its size" 0 "$(counter ha tx_too_big)"

say "With a binding: what goes into a tunnel has the MTU of tunnels"
for outer in 4 6; do
	bind $outer direct
	for address in $HOA6 $HOA4; do
		for ns in cn ha host; do
			told $ns "$address" 1500 1448
			whole $ns "$address" 1448
			in_ns $ns mtu_traffic.py tcp "$address"
			forget
		done
	done
	in_ns mn mtu_traffic.py tcp 2001:db8:a::50 100.64.0.50
	forget
	for ns in cn ha; do
		before=$(sent)
		in_ns $ns ping -M dont -c1 -W10 -s 1472 $HOA4 >/dev/null || fail "fragments from $ns to $HOA4"
		expect_equal "fragments in the tunnel" $((before + 2)) "$(sent)"
		in_ns $ns mtu_traffic.py udp $HOA4 --largest 4000
		in_ns $ns mtu_traffic.py bursts $HOA4 --segment 1472
		# TCP whose segments may be fragmented.
		in_ns $ns sysctl -qw net.ipv4.ip_no_pmtu_disc=1
		in_ns $ns mtu_traffic.py tcp $HOA4
		in_ns $ns sysctl -qw net.ipv4.ip_no_pmtu_disc=0
	done
	for address in 2001:db8:a::50 100.64.0.50; do whole cn $address 1500; done
done
expect_equal "fragments of outer packets" 0 "$(outer_fragments)"

say "Other MTUs of tunnels, as the operator sets them"
bind 4 direct
ip -n ha link set dsmip0 mtu 1400
expect_equal "MTU of the device" 1500 "$(device_mtu)"
for address in $HOA6 $HOA4; do told cn "$address" 1500 1400; done
whole cn 2001:db8:a::50 1500
in_ns ha dsmip-nl device-set dsmip0 --tunnel-mtu 1500
expect_equal "MTU of the device" 1500 "$(device_mtu)"
for address in $HOA6 $HOA4; do told cn "$address" 1500 1480; done
ip -n ha link set dsmip0 mtu 1448
expect_equal "MTU of the device" 1500 "$(device_mtu)"
for address in $HOA6 $HOA4; do told cn "$address" 1500 1448; done

say "A node at home and the network behind it; a tunnel in a tunnel"
in_ns ha dsmip-nl binding-new dsmip0 --create --node "2001:db8:a::60 home4 100.64.0.60 / at-home link home0 lifetime 3600s" \
	--node "2001:db8:a::70 home4 100.64.0.70 / via $HOA4 direct lifetime 3600s"
in_ns ha dsmip-nl prefix-new dsmip0 --node "2001:db8:a::60 2001:db8:9::/64 10.9.0.0/24"
for address in 2001:db8:a::60 100.64.0.60 2001:db8:9::1 10.9.0.1; do whole cn $address 1500; done
for address in 2001:db8:a::70 100.64.0.70; do told cn $address 1500 1428; done
for address in $HOA6 $HOA4; do told cn "$address" 1500 1448; done

say "Another MTU of the home link"
for ns in ha host; do ip -n $ns link set home0 mtu 1700; done
expect_equal "MTU of the device" 1700 "$(device_mtu)"
for address in 2001:db8:a::50 100.64.0.50; do whole ha $address 1700; done
for address in $HOA6 $HOA4; do told ha "$address" 1700 1448; done
for ns in ha host; do ip -n $ns link set home0 mtu 1300; done
expect_equal "MTU of the device" 1448 "$(device_mtu)"
for address in 2001:db8:a::50 100.64.0.50 2001:db8:a::60 10.9.0.1; do told cn $address 1400 1300; done
for address in $HOA6 $HOA4; do told cn "$address" 1500 1448; done
in_ns cn mtu_traffic.py udp 100.64.0.50 --largest 3000
for ns in ha host; do ip -n $ns link set home0 mtu 1500; done

say "The home link goes, and comes back"
index=$(in_ns ha cat /sys/class/net/home0/ifindex)
ip -n ha link delete home0
expect_equal "MTU of the device" 1448 "$(device_mtu)"
ip link add home0 netns ha index "$index" type veth peer name home0 netns host
expect_equal "MTU of the device" 1500 "$(device_mtu)"
in_ns ha dsmip-nl device-set dsmip0 --home-link none
expect_equal "MTU of the device" 1448 "$(device_mtu)"
for destination in 2001:db8:a::/64 100.64.0.0/24 2001:db8:9::/64 10.9.0.0/24; do ip -n ha route del $destination dev dsmip0; done
cases="1400:4:udp-tlv 1400:6:direct 1280:4:direct 1280:4:udp 1280:6:udp 1280:6:udp-tlv-draft"
for width in 1400 1280; do
	narrow $width
	for outer in 4 6; do
		for encap in direct udp udp-tlv udp-tlv-draft; do
			case "${DSMIP_MTU_ALL:+all} $cases " in
			all* | *" $width:$outer:$encap "*) ;;
			*) continue ;;
			esac
			say "in IPv$outer $encap over a link of $width"
			bind $outer $encap
			expected=$((width - $(overhead $outer $encap)))
			tcp "${TARGETS[@]}" --only put
			expect_equal "tunnel MTU of the mobile node" $expected "$(mtu mn)"
			# Who knows a path MTU asks for smaller segments from the other side, too.
			forget
			tcp "${TARGETS[@]}" --only get
			expect_equal "tunnel MTU of the home agent" $expected "$(mtu ha)"
			if [ $width = 1280 ]; then udp "${TARGETS[@]}"; fi
		done
	done
done

say "Path MTU messages are swallowed by the routers in the middle"
for ns in r1 r2; do
	in_ns $ns nft -f - <<-NFT
		table inet blackhole {
			chain output {
				type filter hook output priority filter;
				icmp type destination-unreachable drop
				icmpv6 type packet-too-big drop
			}
		}
	NFT
done
# lost: large segments never arrive; kept: what fits
lost() {
	tcp "${TARGETS[@]}" --octets 500
	expect_refused "$1: bulk data" . tcp "$CN6" --timeout 3
	expect_refused "$1: bulk data" . tcp "$CN4" --timeout 3
}
in_both() {
	in_ns ha "$@"
	in_ns mn "$@"
}
for outer in 4 6; do
	encap=udp-tlv
	say "in IPv$outer $encap over a link of 1280 without path MTU messages"
	narrow 1280
	bind $outer $encap
	lost "without any setting"
	if [ $outer = 4 ]; then
		info "DF clear: routers fragment"
		in_both dsmip-nl device-set dsmip0 --df clear
		forget
		tcp "${TARGETS[@]}"
		udp "$CN6" "$CN4"
		in_both dsmip-nl device-set dsmip0 --df auto
	fi
	info "MTU of the route to the end point"
	bind $outer $encap
	if [ $outer = 4 ]; then
		ip -n ha route add $MN4 via 192.0.2.2 mtu 1280
		ip -n mn route add $HA4 via 203.0.113.1 mtu 1280
	else
		ip -n ha route add $MN6 via 2001:db8:f::2 mtu 1280
		ip -n mn route add $HA6 via 2001:db8:6::1 mtu 1280
	fi
	tcp "${TARGETS[@]}"
	udp "$CN6" "$CN4"
	if [ $outer = 4 ]; then
		ip -n ha route del $MN4
		ip -n mn route del $HA4
	else
		ip -n ha route del $MN6
		ip -n mn route del $HA6
	fi
	info "maximum segment size clamped"
	bind $outer $encap
	for ns in ha mn; do
		in_ns $ns nft -f - <<-NFT
			table inet clamp {
				chain into {
					type filter hook postrouting priority mangle;
					oifname "dsmip0" meta nfproto ipv4 tcp flags syn tcp option maxseg size set 1188
					oifname "dsmip0" meta nfproto ipv6 tcp flags syn tcp option maxseg size set 1168
				}
				chain outof {
					type filter hook prerouting priority mangle;
					iifname "dsmip0" meta nfproto ipv4 tcp flags syn tcp option maxseg size set 1188
					iifname "dsmip0" meta nfproto ipv6 tcp flags syn tcp option maxseg size set 1168
				}
			}
		NFT
	done
	tcp "${TARGETS[@]}"
	in_both nft delete table inet clamp
	info "MTU of the device, over a link of 1400"
	narrow 1400
	bind $outer $encap
	lost "without any setting"
	for ns in ha mn; do ip -n $ns link set dsmip0 mtu 1340; done
	bind $outer $encap
	tcp "${TARGETS[@]}"
	udp "$CN6" "$CN4"
	for ns in ha mn; do ip -n $ns link set dsmip0 mtu 1448; done
done
say "Every format carries TCP over a narrow link"
