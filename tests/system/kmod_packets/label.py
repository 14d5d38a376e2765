# SPDX-License-Identifier: GPL-2.0-or-later
"""Flow labels of outer IPv6 headers (RFC 6438). All other parts switch them off and compare whole packets."""
import itertools
import struct

from bench import *  # noqa: F403
from offload import partial
from packet_bench import run
from packets import *  # noqa: F403

FLOWS = 32


def flow_labels(b):
    b.set_nodes("ha0", *(node_text(n, "via " + (far(6, n) if encap == "direct" else
                                              end_point(far(6, n), 5000 + n)) + " " + encap)
                       for n, encap in enumerate(ENCAPS, 1)))

    def mode(value, ranges=0):
        run("sysctl", "-qw", f"net.ipv6.auto_flowlabels={value}", f"net.ipv6.flowlabel_state_ranges={ranges}")

    def labels(packet, count=1, mark=0, gso=None):
        b.drain()
        b.inner["ha0"].send(packet, mark, gso=gso)
        got = [b.wait(b.network) for _ in range(count)]
        return {None if one is None else struct.unpack("!I", one[:4])[0] & 0xFFFFF for one in got}

    def udp(version, n, sport=1000, data=b"", **more):
        return datagram(cn(version), home(version, n), data, sport, 2000, **more)

    mode(0)
    b.check("none if the sysctl says so", {0}, labels(udp(6, 1)))
    for value in (1, 2, 3):
        mode(value)
        b.check(f"some with net.ipv6.auto_flowlabels={value}", True, labels(udp(6, 1)).isdisjoint({0, None}))
    mode(1, ranges=1)
    b.check("of the stateless range", True, min(labels(udp(6, 1)) | labels(udp(4, 1))) >= 0x80000)
    mode(1)
    for (n, encap), version in itertools.product(enumerate(ENCAPS, 1), (4, 6)):
        name = f"{version} in 6 {encap}"
        flow = labels(udp(version, n))
        b.check(f"one for all lengths, {name}", flow, labels(udp(version, n, data=bytes(900))))
        flows = set().union(*(labels(udp(version, n, sport)) for sport in range(1000, 1000 + FLOWS)))
        b.check(f"others for other ports, {name}", True, flow < flows and len(flows) >= FLOWS - 2)
        data, head = bytes(3000), 20 if version == 4 else 40
        packet = ip(cn(version), home(version, n), TCP, tcp(cn(version), home(version, n), 1000, 80, 1, 0x10, bytes(100)))
        big = ip(cn(version), home(version, n), TCP, tcp(cn(version), home(version, n), 1000, 80, 1, 0x10, data))
        gso = struct.pack("=BBHHHH", 1, 1 if version == 4 else 4, head + 20, 1000, head, 16)
        b.check(f"one for a TCP packet and segments, {name}", labels(packet), labels(partial(big), 3, gso=gso))
    pieces = set().union(*(labels(piece) for piece in fragments4(udp(4, 1, data=bytes(1000)), 400)))
    b.check("one for all fragments, IPv4", 1, len(pieces))
    pieces = [ip6(CN6, home(6, 1), FRAGMENT, struct.pack("!BBHI", UDP, 0, offset | (offset < 96), 7) + bytes(range(offset, offset + 48)))
              for offset in (0, 48, 96)]
    b.check("one for all fragments, IPv6", 1, len(set().union(*map(labels, pieces))))
    labelled = [labels(ip6(CN6, home(6, 1), FRAGMENT, piece[40:], label=77)) for piece in pieces]
    labelled.append(labels(ip6(CN6, home(6, 1), UDP, udp(6, 1)[40:], label=77)))
    labelled.append(labels(ip6(CN6, home(6, 1), UDP, udp(6, 1, 1001)[40:], label=77)))
    b.check("one for all that has the same inner label", 1, len(set().union(*labelled)))
    b.check("another for another inner label", False, labels(ip6(CN6, home(6, 1), UDP, udp(6, 1)[40:], label=78)) in labelled)
    told = set()
    for _ in range(8):
        inner = ip6(home(6, 9), HA6, MH, mobility_header(home(6, 9), HA6))
        mark = b.inward("a cookie", "ha0", tunnel(far(6, 9), HA6, "udp", inner, 6001, PORT), inner, cookie=True)
        told |= labels(ip6(HA6, home(6, 9), MH, mobility_header(HA6, home(6, 9), 6)), mark=mark)
    b.check("one for all cookies", (1, True), (len(told), told.isdisjoint({0, None})))
    mode(0)
