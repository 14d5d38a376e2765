# SPDX-License-Identifier: GPL-2.0-or-later
"""Why packets are not sent, and those that are too big."""
import itertools
import struct

from bench import *  # noqa: F403
from packet_bench import nl, run
from packets import *  # noqa: F403


def transmit_drops(b):
    inner4, inner6 = datagram(CN4, home(4, 1)), datagram(CN6, home(6, 1))
    b.outward("device without a role", "raw0", inner4, "tx_no_role")
    for size in range(1, 20):
        b.outward(f"IPv4 cut off after {size}", "ha0", inner4[:size], "tx_malformed", proto=0x0800)
    for size in range(1, 40):
        b.outward(f"IPv6 cut off after {size}", "ha0", inner6[:size], "tx_malformed", proto=0x86DD)
    b.outward("IPv4 shorter than it says", "ha0", inner4[:-1], "tx_malformed")
    b.outward("IPv6 shorter than it says", "ha0", inner6[:-1], "tx_malformed")
    b.outward("IPv4 header length 4", "ha0", b"\x44" + inner4[1:], "tx_malformed", proto=0x0800)
    b.outward("IPv6 as IPv4", "ha0", inner6, "tx_malformed", proto=0x0800)
    b.outward("IPv4 as IPv6", "ha0", inner4, "tx_malformed", proto=0x86DD)
    b.outward("not IP", "ha0", inner4, "tx_malformed", proto=0x0806)
    b.outward("version 5", "ha0", b"\x55" + inner4[1:], "tx_malformed", proto=0x0800)
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp"))
    b.outward("unknown IPv4 home address", "ha0", datagram(CN4, home(4, 9)), "tx_no_node")
    b.outward("unknown IPv6 home address", "ha0", datagram(CN6, home(6, 9)), "tx_no_node")
    b.outward("link-local destination", "ha0", datagram(CN6, "fe80::1"), "tx_link_local")
    b.outward("link-local destination, IPv4", "ha0", datagram(CN4, "169.254.1.1"), "tx_link_local")
    for scope in ("ff02::1", "ff05::2", "ff0e::1", "224.0.0.1", "239.1.2.3", "255.255.255.255"):
        b.outward(f"to {scope}", "ha0", datagram(CN4 if "." in scope else CN6, scope), "tx_multicast")
    nl("device-set", "ha0", "--udp-port", "0")
    b.outward("UDP format without UDP port", "ha0", inner6, "tx_no_socket")
    nl("device-set", "ha0", "--udp-port", PORT, "--home-agent4", "0.0.0.0")
    b.outward("no home agent address of the outer family", "ha0", inner6, "tx_no_address")
    nl("device-set", "ha0", "--home-agent4", "192.0.2.77")
    b.outward("home agent address that is not on this host, IPv4", "ha0", inner6, "tx_no_route")
    nl("device-set", "ha0", "--home-agent4", HA4, "--home-agent6", "2001:db8:1::77")
    b.set_nodes("ha0", node_text(1, f"via {far(6, 1)}"))
    b.outward("home agent address that is not on this host, IPv6", "ha0", inner6, "tx_no_route")
    nl("device-set", "ha0", "--home-agent6", HA6)
    for via in ("198.51.100.9", "2001:db8:9::9"):
        b.set_nodes("ha0", node_text(1, f"via {via}"))
        b.outward(f"no route to {via}", "ha0", inner6, "tx_no_route")
        run("ip", "route", "add", via, "dev", "ha0")
        b.outward(f"route to {via} through the device itself", "ha0", inner6, "tx_loop")
        run("ip", "route", "replace", "unreachable" if ":" not in via else "blackhole", via)
        b.outward(f"{via} unreachable", "ha0", inner6, "tx_no_route")
        run("ip", "route", "del", via)
        run("ip", "route", "replace", via, "dev", "tun0")
        outer = 6 if ":" in via else 4
        b.outward(f"route to {via}, at last", "ha0", inner6, tunnel(local(outer), via, "direct", inner6))
        run("ip", "route", "del", via, "dev", "tun0")
    # the link of a binding is meant
    run("ip", "link", "add", "side0", "type", "dummy")
    run("ip", "link", "set", "side0", "up")
    b.set_nodes("ha0", node_text(1, f"via {far(6, 1)} link side0"))
    b.outward("no IPv6 route on the link of the binding", "ha0", inner6, "tx_no_route")
    run("ip", "link", "del", "side0")
    nl("device-set", "ha0", "--fwmark", "0x55")
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"))
    run("ip", "rule", "add", "fwmark", "0x55", "prohibit", "priority", "10")
    b.outward("outer packets have the mark of the device", "ha0", inner6, "tx_no_route", mark=0x66)
    run("ip", "rule", "del", "priority", "10")
    nl("device-set", "ha0", "--fwmark", "0")
    b.outward("and without it the other route", "ha0", inner6, tunnel(HA4, far(4, 1), "direct", inner6), mark=0x55)


def path_mtu(b):
    """ICMP-1 to ICMP-3: what is above the tunnel MTU. Forwarded packets, whose senders can be told."""
    for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        run("sysctl", "-qw", f"{name}=1")
    for words in (("203.0.113.0/24", "dev", "ha0"), ("2001:db8:a::/64", "dev", "ha0")):
        run("ip", "route", "add", *words)
    run("ip", "link", "set", "ha0", "mtu", "1500")
    from4, from6 = "192.0.2.200", "2001:db8:1::200"

    def too_big(inner, mtu):
        if inner[0] >> 4 == 4:
            quoted = inner[:548]
            data = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + quoted
            return ip4(HA4, from4, 1, data[:2] + struct.pack("!H", checksum(data)) + data[4:], tos=0xC0)
        data = struct.pack("!BBHI", 2, 0, 0, mtu) + inner[:1232]
        return ip6(HA6, from6, ICMPV6, with_checksum(HA6, from6, ICMPV6, data, 2))

    def forward(name, n, inner, counter=None, expect=None, pieces=0, outer=4, encap="direct"):
        """Into the host from the network; through ha0; out again or an error. Returns what came out."""
        got = []
        b.drain()
        before = b.counters()
        b.network.send(inner)
        ttl = 8 if inner[0] >> 4 == 4 else 7
        hop = inner[:ttl] + bytes([inner[ttl] - 1]) + inner[ttl + 1:]
        if inner[0] >> 4 == 4:
            hop = hop[:10] + b"\0\0" + hop[12:]
            hop = hop[:10] + struct.pack("!H", checksum(hop[:20])) + hop[12:]
        if counter:
            problem = b.compare(expect(hop), b.wait(b.network))
        else:
            got = [b.wait(b.network) for _ in range(pieces)]
            wanted = tunnel(local(outer), far(outer, n), encap, hop, PORT, 5000 + n)
            if pieces == 1:
                if outer == 4:  # don't fragment where the inner packet says so
                    wanted = ip4(local(4), far(4, n), wanted[9], wanted[20:], frag=DF)
                problem = b.compare(wanted, got[0])
            elif None in got:
                problem = f"{sum(p is not None for p in got)} of {pieces} fragments came"
            else:
                proto, data = reassembled(got)
                same = (proto, data) == ((wanted[9], wanted[20:]) if outer == 4 else (wanted[6], wanted[40:]))
                problem = None if same else f"fragments {[p[:64].hex() for p in got]}, wanted {wanted[:64].hex()}"
        changes = b.settle(before, {f"ha0.{counter}": 1} if counter else {})
        if changes != ({f"ha0.{counter}": 1} if counter else {}):
            problem = f"counters {changes}; {problem}"
        stray = b.network.receive()
        b.result(name, f"stray {stray[:128].hex()}" if stray else problem)
        return got

    overheads = [(n, outer, encap, (20 if outer == 4 else 40) + (encap != "direct") * 8 + ("tlv" in encap) * 4)
                 for n, (outer, encap) in enumerate(itertools.product((4, 6), ENCAPS), 1)]
    b.set_nodes("ha0", *(node_text(n, "via " + (far(outer, n) if encap == "direct" else
                                              end_point(far(outer, n), 5000 + n)) + " " + encap)
                       for n, outer, encap, _ in overheads))
    for n, outer, encap, overhead in overheads:
        tight = 1500 - overhead
        name = f"in {outer} {encap}"
        inner = datagram(from6, home(6, n), bytes(tight - 48))
        forward(f"6 {name}: as long as fits", n, inner, pieces=1, outer=outer, encap=encap)
        forward(f"6 {name}: one more", n, datagram(from6, home(6, n), bytes(tight - 47)), "tx_too_big",
                lambda hop: too_big(hop, tight))
        run("ip", "route", "flush", "cache")
        run("ip", "-6", "route", "flush", "cache")
        inner = datagram(from4, home(4, n), bytes(tight - 28), frag=DF)
        forward(f"4 {name}: as long as fits", n, inner, pieces=1, outer=outer, encap=encap)
        forward(f"4 {name}: one more, DF", n, datagram(from4, home(4, n), bytes(tight - 27), frag=DF), "tx_too_big",
                lambda hop: too_big(hop, tight))
        run("ip", "route", "flush", "cache")
        forward(f"4 {name}: one more, no DF", n, datagram(from4, home(4, n), bytes(tight - 27)), pieces=2,
                outer=outer, encap=encap)
        # below 1280 nobody may be told less than 1280
        words = (far(outer, n), "dev", "tun0", "mtu", "1295")
        run("ip", "route", "add", *words)
        forward(f"6 {name}: 1280 over a path of 1295", n, datagram(from6, home(6, n), bytes(1280 - 48)), pieces=2,
                outer=outer, encap=encap)
        forward(f"6 {name}: 1281 over a path of 1295", n, datagram(from6, home(6, n), bytes(1281 - 48)), "tx_too_big",
                lambda hop: too_big(hop, 1280))
        run("ip", "route", "del", *words[:3])
        run("ip", "-6", "route", "flush", "cache")

    # an error from the path: learned, and the next sender told
    for n, outer, encap in ((1, 4, "direct"), (2, 4, "udp"), (5, 6, "direct"), (6, 6, "udp")):
        overhead = (20 if outer == 4 else 40) + (encap != "direct") * 8
        inner = datagram(from6, home(6, n), bytes(1400 - 48))
        # The error quotes what was sent: identification or flow label are told by nothing else.
        out, = forward(f"{outer} {encap}: before the error", n, inner, pieces=1, outer=outer, encap=encap)
        router = "192.0.2.250" if outer == 4 else "2001:db8:1::250"
        if outer == 4:
            data = struct.pack("!BBHHH", 3, 4, 0, 0, 1390) + out[:548]
            error = ip4(router, HA4, 1, data[:2] + struct.pack("!H", checksum(data)) + data[4:])
        else:
            data = struct.pack("!BBHI", 2, 0, 0, 1390) + out[:1232]
            error = ip6(router, HA6, ICMPV6, with_checksum(router, HA6, ICMPV6, data, 2))
        b.network.send(error)
        forward(f"{outer} {encap}: after an error of a router", n, inner, "tx_too_big",
                lambda hop: too_big(hop, 1390 - overhead))
        run("ip", "route", "flush", "cache")
        run("ip", "-6", "route", "flush", "cache")
    for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        run("sysctl", "-qw", f"{name}=0")
