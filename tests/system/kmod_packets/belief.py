# SPDX-License-Identifier: GPL-2.0-or-later
"""Which ICMP errors about outer packets are believed: those that quote what was really sent, lately, and not too many."""
import itertools
import struct
import time

from bench import *  # noqa: F403
from icmp import KINDS, flush_routes, nodes, report, router_error, sender, sent
from offload import partial
from packet_bench import nl_json, run
from packets import *  # noqa: F403

PATH = 1390
BIG = 1300      # octets of an inner packet that outer DF is set for, and that fits a path of PATH
SEGMENTS = 8
FLOOD = 10000
SHARE = 50      # errors of a binding per second, and at once


def too_big(outer, packet, mtu=PATH):
    return router_error(outer, *((3, 4) if outer == 4 else (2, 0)), mtu, packet)


def unreachable(outer, packet):
    return router_error(outer, *((3, 1) if outer == 4 else (1, 3)), 0, packet)


def inner_packet(version, n, size=BIG, sport=1000):
    more = {"frag": DF} if version == 4 else {}
    return datagram(sender(version), home(version, n), bytes(size - (28 if version == 4 else 48)), sport, **more)


def outer_family(packet):
    return packet[0] >> 4


def with_ident(packet, ident, frag=DF):
    head = packet[:4] + struct.pack("!HH", ident & 0xFFFF, frag) + packet[8:10] + b"\0\0" + packet[12:20]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + packet[20:]


def ident_of(packet):
    return struct.unpack("!H", packet[4:6])[0]


def with_label(packet, label):
    return struct.pack("!I", struct.unpack("!I", packet[:4])[0] & ~0xFFFFF | label) + packet[4:]


def label_of(packet):
    return struct.unpack("!I", packet[:4])[0] & 0xFFFFF


def mtu_of(n):
    return nl_json("binding-get", "ha0", home(6, n))[0].get("mtu")


def forgeries(packet, other):
    """(what, packet) as somebody quotes it who knows the addresses and ports; `other`: a packet of another binding."""
    if outer_family(packet) == 4:
        ident = ident_of(packet)
        yield "identification 0", with_ident(packet, 0 if ident else 30000)
        yield "the identification before", with_ident(packet, ident - 1)
        yield "a far identification", with_ident(packet, ident + 64)
        yield "the identification of another binding", with_ident(packet, ident_of(other))
        yield "no DF", with_ident(packet, ident, 0)
    else:
        label = label_of(packet)
        yield "no label", with_label(packet, 0)
        yield "another label", with_label(packet, label ^ 1)
        yield "the label of another binding", with_label(packet, label_of(other))


def learns(b, name, packet, n, mtu=PATH):
    """An error about `packet` is believed."""
    report(b, name, "ha0", too_big(outer_family(packet), packet, mtu), None, "icmp_mtu")
    overhead = len(packet) - BIG if len(packet) < 1500 else 0
    b.check(f"{name}: tunnel MTU", mtu - overhead, mtu_of(n))
    flush_routes()


def quoted(b):
    """Genuine errors by every format; and those that quote something else."""
    for (n, (outer, encap)), version in itertools.product(KINDS, (4, 6)):
        name = f"{version} in {outer} {encap}"
        nodes(b)
        inner = inner_packet(version, n)
        packet, other = sent(b, inner), sent(b, inner_packet(version, n % 4 + 1 + 4 * (n > 4)))
        whole = mtu_of(n)
        for what, forged in forgeries(packet, other):
            report(b, f"{name}: too big, quotes {what}", "ha0", too_big(outer, forged), None, "icmp_forged")
            if what != "no DF":
                report(b, f"{name}: unreachable, quotes {what}", "ha0", unreachable(outer, forged), None, "icmp_forged")
            # The IPv4 stack itself believes what is said of UDP.
            if outer == 4 and encap != "direct":
                flush_routes()
            again = sent(b, inner)
            b.check(f"{name}: what is sent stays the same", packet, again)
            b.check(f"{name}: the tunnel MTU is as before", whole, mtu_of(n))
        if outer == 6:
            over = len(packet) - BIG + (20 if version == 4 else 40)
            report(b, f"{name}: no ports quoted", "ha0", router_error(outer, 2, 0, PATH, packet, quote=over + 3), None,
                   "icmp_short")


def genuine(b):
    nodes(b)
    for (n, (outer, encap)), version in itertools.product(KINDS, (4, 6)):
        name = f"{version} in {outer} {encap}"
        learns(b, f"{name}: too big", sent(b, inner_packet(version, n)), n)
        learns(b, f"{name}: too big, another flow", sent(b, inner_packet(version, n, sport=3000)), n)
        # All segments of a packet that was segmented behind the module.
        head, size = (20 if version == 4 else 40) + 20, BIG - (20 if version == 4 else 40) - 20
        more = {"frag": DF} if version == 4 else {}
        stream = ip(sender(version), home(version, n), TCP,
                    tcp(sender(version), home(version, n), 1000, 80, 1, 0x10, bytes(size * SEGMENTS)), **more)
        gso = struct.pack("=BBHHHH", 1, 1 if version == 4 else 4, head, size, head - 20, 16)
        b.drain()
        b.inner["ha0"].send(partial(stream), gso=gso)
        segments = [b.wait(b.network) for _ in range(SEGMENTS)]
        for at, segment in enumerate(segments):
            report(b, f"{name}: too big, segment {at}", "ha0", too_big(outer, segment), None, "icmp_mtu")
        flush_routes()


def idle(b):
    """Errors about bindings that sent nothing, or nothing lately."""
    nodes(b)
    packets = {n: sent(b, inner_packet(6, n)) for n, _ in KINDS}
    nodes(b)        # other bindings with the same end points
    for n, (outer, encap) in KINDS:
        for what, error in (("too big", too_big), ("unreachable", unreachable)):
            report(b, f"in {outer} {encap}: {what}, nothing sent so far", "ha0", error(outer, packets[n]), None,
                   "icmp_unsolicited")
    for n, _ in KINDS:
        b.check("what is sent afterwards", packets[n], sent(b, inner_packet(6, n)))
    n, (outer, _) = list(KINDS)[-1]     # the last that was sent anything
    error, before = unreachable(outer, packets[n]), b.counters()["ha0"]["icmp_unsolicited"]

    def silent():
        b.network.send(error)
        return b.counters()["ha0"]["icmp_unsolicited"] > before
    b.until("nothing sent lately", silent)
    b.drain()
    for n, (outer, encap) in KINDS:
        report(b, f"in {outer} {encap}: too big, nothing sent lately", "ha0", too_big(outer, packets[n]), None,
               "icmp_unsolicited")
        learns(b, f"in {outer} {encap}: too big, sent again", sent(b, inner_packet(6, n)), n)


def after(b, packets, *counters):
    """How much the counters of the device rise while `packets` come in, all of which move one of them."""
    before = b.counters()["ha0"]
    packets = list(packets)
    for packet in packets:
        b.network.send(packet)
    changed = {}

    def all_counted():
        nonlocal changed
        now = b.counters()["ha0"]
        changed = {name: now[name] - before[name] for name in counters}
        return sum(changed.values()) >= len(packets)
    b.until("all errors counted", all_counted)
    b.drain()
    return changed


def limited(b):
    """Floods: of guesses, and of errors that quote what was sent."""
    nodes(b)
    for n, outer in ((1, 4), (5, 6)):
        packet = sent(b, inner_packet(6, n))
        whole = mtu_of(n)
        if outer == 4:
            # All that are right come last.
            guesses = (with_ident(packet, ident_of(packet) + 1000 + i) for i in (*range(FLOOD), *range(64536, 64600)))
        else:
            guesses = (with_label(packet, (label_of(packet) + 1000 + i) & 0xFFFFF) for i in range(FLOOD))
        changed = after(b, (too_big(outer, guess) for guess in guesses), "icmp_forged", "icmp_rate", "icmp_mtu")
        b.check(f"{outer}: nobody guesses it", (0, whole, True),
                (changed["icmp_mtu"], mtu_of(n), changed["icmp_forged"] == FLOOD))
        report(b, f"{outer}: too big, right after so many wrong ones", "ha0", too_big(outer, packet), None, "icmp_rate")
        learns(b, f"{outer}: another binding is not concerned", sent(b, inner_packet(6, n + 1)), n + 1)
    for n, outer in ((3, 4), (7, 6)):
        packet = sent(b, inner_packet(6, n))
        begin = time.monotonic()
        changed = after(b, itertools.repeat(too_big(outer, packet), FLOOD), "icmp_mtu", "icmp_rate")
        most = SHARE * (2 + time.monotonic() - begin)
        b.check(f"{outer}: errors about one binding are acted on within its share", (True, True),
                (SHARE <= changed["icmp_mtu"] <= most, changed["icmp_rate"] > 0))
        flush_routes()
        learns(b, f"{outer}: others have theirs", sent(b, inner_packet(6, n + 1)), n + 1)


def belief(b):
    run("sysctl", "-qw", "net.ipv6.auto_flowlabels=1")
    for part in (genuine, idle, limited, quoted):
        part(b)
    run("sysctl", "-qw", "net.ipv6.auto_flowlabels=0")
