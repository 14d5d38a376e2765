#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which binding real traffic takes: marks of nftables and tc before flow rules before priority and weight, a
# connection that stays, moves when its binding goes and comes back with it; a node that is at home.
#
#   cn ---- ha ==== access 1, access 2, home link ==== mn
# requirements: M-3-13 M-6.1-01
#
. "$(dirname "$0")/lib.sh"

HOME6=2001:db8:1::100 HOME4=192.0.2.130
CN6=2001:db8:c::2 CN4=198.51.100.2

modprobe dsmip
namespaces cn ha mn
routers ha
wire cn eth0 ha cn0
ip -n cn address add $CN4/24 dev eth0
ip -n cn address add $CN6/64 dev eth0
ip -n ha address add 198.51.100.1/24 dev cn0
ip -n ha address add 2001:db8:c::1/64 dev cn0
ip -n cn route add default via 198.51.100.1
# Below the MTU of the device, so that no first packet is lost to path MTU discovery.
ip -n cn -6 route add default via 2001:db8:c::1 mtu 1400
ip -n ha address add 192.0.2.1/32 dev lo
ip -n ha address add 2001:db8:1::1/128 dev lo
for n in 1 2; do
	wire ha "a$n" mn "a$n"
	ip -n ha address add "203.0.113.$((4 * n + 1))/30" dev "a$n"
	ip -n mn address add "203.0.113.$((4 * n + 2))/30" dev "a$n"
	ip -n mn route add 192.0.2.1 via "203.0.113.$((4 * n + 1))" dev "a$n" metric "$n"
done
wire ha home0 mn home0
for ns in ha mn; do ip -n $ns link add dsmip0 type dsmip; done
in_ns ha dsmip-nl device-set dsmip0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8:1::1
in_ns mn dsmip-nl device-set dsmip0 --role mobile-node --home-agent4 192.0.2.1 --home-agent6 2001:db8:1::1
for ns in ha mn; do ip -n $ns link set dsmip0 up; done
ip -n ha route add $HOME4 dev dsmip0
ip -n ha route add $HOME6 dev dsmip0
ip -n mn address add $HOME4/32 dev dsmip0
ip -n mn address add $HOME6/128 dev dsmip0
ip -n mn route add default dev dsmip0
ip -n mn -6 route add default dev dsmip0

away() { echo "/ bid $1 via 203.0.113.$((4 * $1 + 2)) lifetime 3600s"; }
bindings() { in_ns ha dsmip-nl binding-new dsmip0 --create --node "$HOME6 home4 $HOME4 $*"; }
in_ns mn dsmip-nl binding-new dsmip0 --create --node "$HOME6 home4 $HOME4 $(away 1) link a1 prio 1 $(away 2) link a2 prio 2"
bindings "$(away 1) prio 1 $(away 2) prio 2"

# Packets that went to each of the bindings 1 to 3.
sent() {
	local words bid=0 n=(0 0 0 0)
	while read -ra words; do
		case " ${words[*]}" in *' bid '*) bid=${words[2]} ;; esac
		case " ${words[*]}" in *' tx '*) n[bid]=${words[6]} ;; esac
	done < <(in_ns ha dsmip-nl bindings dsmip0)
	echo "${n[@]:1:3}"
}
# goes_by BID WHAT COMMAND...: all packets that COMMAND causes toward the node take this binding.
goes_by() {
	local bid=$1 what=$2 before after n
	shift 2
	read -ra before < <(sent)
	"$@" >/dev/null || fail "$what: $*"
	read -ra after < <(sent)
	for n in 1 2 3; do
		if ((n == bid)); then
			((after[n - 1] > before[n - 1])) || fail "$what: binding $n has sent nothing"
		else
			expect_equal "$what: packets by binding $n" "${before[n - 1]}" "${after[n - 1]}"
		fi
	done
	info "$what: binding $bid"
}
echo_server() {
	exec python3 -c 'import socket, threading
def serve(stream):
    while data := stream.recv(65536):
        stream.sendall(data)
def datagrams():
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("::", 5000))
    while True:
        s.sendto(*s.recvfrom(65536))
threading.Thread(target=datagrams, daemon=True).start()
listener = socket.create_server(("::", 5000), family=socket.AF_INET6, dualstack_ipv6=True)
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()'
}
start server ip netns exec mn bash -c "$(declare -f echo_server); echo_server"
wait_until "server" grep -q listening "$ARTIFACTS/server.log"
# datagram ADDRESS PORT OCTETS: from this port, and back again
datagram() {
	in_ns cn python3 -c 'import socket, sys
address, port, octets = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
s.settimeout(20)
s.sendto(bytes(octets), (address, 5000))
assert len(s.recv(65536)) == octets' "$@"
}

say "priority, then flow rules, then marks"
for home in $HOME4 $HOME6; do goes_by 1 "lowest priority, $home" datagram "$home" 4001 10; done
in_ns ha dsmip-nl flow-new dsmip0 --create --node "$HOME6 / fid 1 prio 1 bids 2 sport 4002-4003 proto 17"
for home in $HOME4 $HOME6; do
	goes_by 1 "no rule, $home" datagram "$home" 4001 10
	goes_by 2 "rule, $home" datagram "$home" 4002 10
	goes_by 2 "rule, in fragments, $home" datagram "$home" 4003 4000
done
expect_match "as dsmipctl shows it" "^$HOME6 fid 1 prio 1 bids 2 sport 4002-4003 proto 17 dev dsmip0$" \
	"$(in_ns ha dsmipctl flow show $HOME4)"
expect_match "and the device" 'flows 1' "$(in_ns ha dsmipctl device show)"
in_ns ha dsmip-nl device-set dsmip0 --bid-mark-mask 0xf0000
in_ns ha nft -f - <<-'END'
	table inet choice {
		chain forward {
			type filter hook forward priority 0
			udp sport 4003 meta mark set 0x10000
			udp sport 4004 meta mark set 0x20000
		}
	}
END
for home in $HOME4 $HOME6; do
	goes_by 1 "mark of nftables against a rule, $home" datagram "$home" 4003 10
	goes_by 2 "mark of nftables without a rule, $home" datagram "$home" 4004 10
done
in_ns ha tc qdisc add dev cn0 ingress
in_ns ha tc filter add dev cn0 parent ffff: protocol ip u32 match ip sport 4005 0xffff action skbedit mark 0x20000
goes_by 2 "mark of tc" datagram $HOME4 4005 10
in_ns ha nft delete table inet choice
in_ns ha dsmip-nl device-set dsmip0 --bid-mark-mask 0
in_ns ha dsmip-nl flow-del dsmip0 --node $HOME6

say "a connection stays, whatever is refreshed, and moves with its binding"
bindings "$(away 1) prio 0 weight 1 $(away 2) prio 0 weight 1"
# The node comes to the same choice for the other direction.
in_ns mn dsmip-nl binding-new dsmip0 --node "$HOME6 / bid 1 prio 0 / bid 2 prio 0"
coproc CLIENT { exec ip netns exec cn python3 -c 'import socket, sys
stream = socket.create_connection((sys.argv[1], 5000))
for line in sys.stdin:
    left = 20000
    stream.sendall(bytes(left))
    while left:
        left -= len(stream.recv(left))
    print("back", flush=True)' $HOME6; }
BACKGROUND+=("$CLIENT_PID")
exchange() {
	local answer
	echo >&"${CLIENT[1]}"
	read -rt "$PATIENCE" answer <&"${CLIENT[0]}" && [ "$answer" = back ]
}
read -r one _ < <(sent)
exchange || fail "no answer over TCP"
read -r now _ < <(sent)
if ((now > one)); then mine=1 other=2; else mine=2 other=1; fi
goes_by $mine "the connection" exchange
bindings "/ bid $mine seq 7 lifetime 3600s / bid $other seq 7 lifetime 3600s"
goes_by $mine "after a refresh" exchange
in_ns ha dsmip-nl binding-new dsmip0 --replace --node "$HOME6 / bid $other seq 8 / bid $mine seq 8"
goes_by $mine "after a replacement" exchange
for ns in ha mn; do in_ns $ns dsmip-nl binding-del dsmip0 --node "$HOME6 / bid $mine"; done
goes_by $other "its binding deleted" exchange
bindings "$(away $mine)"
in_ns mn dsmip-nl binding-new dsmip0 --create --node "$HOME6 $(away $mine) link a$mine"
goes_by $mine "its binding back" exchange
for ns in ha mn; do in_ns $ns dsmip-nl binding-new dsmip0 --node "$HOME6 / bid $mine lifetime 1ms"; done
gone() { ! in_ns ha dsmip-nl bindings dsmip0 | grep -q "bid $mine "; }
wait_until "the end of its lifetime" gone
goes_by $other "its binding expired" exchange

in_ns mn dsmip-nl binding-new dsmip0 --create --node "$HOME6 $(away 1) link a1 $(away 2) link a2"

say "a node at home: frames to its link-layer address, IP packets as they are"
mac=$(in_ns mn cat /sys/class/net/home0/address)
ip -n mn address add $HOME4/24 dev home0
ip -n mn address add $HOME6/64 dev home0
ip -n ha address add 192.0.2.254/24 dev home0
ip -n ha address add 2001:db8:1::254/64 dev home0
ip -n mn route replace default via 192.0.2.254
ip -n mn -6 route replace default via 2001:db8:1::254
capture mn home0 home udp or icmp6 or arp
frames() { tcpdump -enr "$ARTIFACTS/home.pcap" "$@" 2>/dev/null; }
bindings "/ bid 3 at-home link home0 lladdr $mac prio 0 lifetime 3600s"
in_ns ha dsmip-nl binding-new dsmip0 --replace --node "$HOME6 / bid 3"
expect_match "as dsmipctl shows it" "bid 3 at home $mac dev dsmip0 .* link home0" "$(in_ns ha dsmipctl binding show)"
for home in $HOME4 $HOME6; do goes_by 3 "to the link address, $home" datagram "$home" 4010 10; done
seen() { frames -v "ether dst $mac and udp and src port 4010" | grep -q "$1"; }
wait_until "IPv4, decremented once" seen 'ttl 63'
wait_until "IPv6, decremented once" seen 'hlim 63'
for ns in ha mn; do ip -n $ns link set home0 mtu 1300; done
goes_by 3 "larger than the link, in fragments" datagram $HOME4 4011 4000
for ns in ha mn; do ip -n $ns link set home0 mtu 1500; done
in_ns ha dsmip-nl binding-new dsmip0 --node "$HOME6 / bid 3 at-home link home0"
ip -n ha neigh flush dev home0
for home in $HOME4 $HOME6; do
	goes_by 3 "to the address that was resolved, $home" datagram "$home" 4012 10
	expect_match "asked for $home" "lladdr $mac " "$(ip -n ha neigh show dev home0 to "$home")"
done
say "at home and away at once, and home no more"
bindings "$(away 1) prio 5"
in_ns ha dsmip-nl flow-new dsmip0 --create --node "$HOME6 / fid 1 prio 1 bids 1 sport 4013"
goes_by 3 "home by priority" datagram $HOME6 4012 10
goes_by 1 "away by rule" datagram $HOME6 4013 10
ip -n ha link set home0 down
drops=$(counter ha tx_home_link)
in_ns cn ping -c 1 -W 1 $HOME4 >/dev/null && fail "home link is down"
expect_equal "dropped with its name" $((drops + 1)) "$(counter ha tx_home_link)"
