# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP errors about outer packets: what becomes of them."""
import itertools
import json
import pathlib
import select
import socket
import struct
import subprocess

from bench import *  # noqa: F403
from dsmip_netlink import CREATE, REPLACE, Requests, binding, node
from packet_bench import PATIENCE, nl_json, run
from packets import *  # noqa: F403

SENDER4, SENDER6 = "192.0.2.200", "2001:db8:1::200"      # correspondent that can be told, on tun0
KINDS = list(enumerate(itertools.product((4, 6), ENCAPS), 1))


def sender(version):
    return SENDER6 if version == 6 else SENDER4


def icmp4(src, dst, kind, code, rest, quoted, tos=0):
    data = struct.pack("!BBHI", kind, code, 0, rest) + quoted
    return ip4(src, dst, 1, data[:2] + struct.pack("!H", checksum(data)) + data[4:], tos=tos)


def icmp6(src, dst, kind, code, rest, quoted):
    data = struct.pack("!BBHI", kind, code, 0, rest) + quoted
    return ip6(src, dst, ICMPV6, with_checksum(src, dst, ICMPV6, data, 2))


def router_error(outer, kind, code, rest, packet, to=None, quote=None):
    """An error of a router on the way about `packet`."""
    if outer == 4:
        return icmp4("192.0.2.250", to or HA4, kind, code, rest, packet[:quote or 548])
    return icmp6("2001:db8:1::250", to or HA6, kind, code, rest, packet[:quote or 1232])


def relayed(inner, mtu, quoted):
    """What the source of the inner packet hears: unreachable, or `mtu` when it is not 0. `quoted` octets of the
    inner packet were in the error, and each hop passes on only so many."""
    version = inner[0] >> 4
    if version == 4:
        return icmp4(HA4, SENDER4, 3, 4 if mtu else 1, mtu, inner[:min(quoted, 548)], tos=0xC0)
    return icmp6(HA6, SENDER6, 2 if mtu else 1, 0 if mtu else 3, mtu, inner[:min(quoted, 1232)])


def overhead(outer, encap):
    return (20 if outer == 4 else 40) + (encap != "direct") * 8 + ("tlv" in encap) * 4


def flush_routes():
    run("ip", "route", "flush", "cache")
    run("ip", "-6", "route", "flush", "cache")


def report(b, name, device, error, expect, counter):
    """`error` from the network; `expect` leaves in answer, or nothing; `counter` of `device` rises by one."""
    b.drain()
    before = b.counters()
    b.network.send(error)
    problem = b.compare(expect, b.wait(b.network)) if expect else None
    wanted = {f"{device}.{counter}": 1} if counter else {}
    changes = b.settle(before, wanted)
    if changes != wanted:
        problem = f"counters {changes}, wanted {wanted}; {problem}"
    stray = b.network.receive()
    if stray:
        problem = f"unexpected packet {stray[:128].hex()}; {problem}"
    b.result(name, problem)


def nodes(b):
    b.set_nodes("ha0", *(node_text(n, "via " + (far(outer, n) if encap == "direct" else
                                              end_point(far(outer, n), 5000 + n)) + " " + encap)
                       for n, (outer, encap) in KINDS))


def sent(b, inner):
    """The outer packet that ha0 makes of `inner`: an error is believed only if it quotes what was really sent."""
    b.drain()
    b.inner["ha0"].send(inner)
    return b.wait(b.network)


def icmp_relayed(b):
    """ICMP-4: hop limit exceeded and unreachable, by every format, to either inner family."""
    nodes(b)
    for (n, (outer, encap)), version in itertools.product(KINDS, (4, 6)):
        inner = datagram(sender(version), home(version, n), bytes(range(200)))
        packet = sent(b, inner)
        errors = {4: ((3, 0), (3, 1), (3, 2), (3, 3), (3, 13), (11, 0)), 6: ((1, 0), (1, 3), (1, 4), (3, 0))}[outer]
        for kind, code in errors:
            report(b, f"{version} in {outer} {encap}: ICMP {kind}/{code}", "ha0",
                   router_error(outer, kind, code, 0, packet), relayed(inner, 0, len(inner)), "icmp_relayed")
        others = {4: ((12, 0), (4, 0)), 6: ((3, 1), (4, 0), (4, 1), (4, 2))}[outer]
        for kind, code in others:
            report(b, f"{version} in {outer} {encap}: ICMP {kind}/{code} is not relayed", "ha0",
                   router_error(outer, kind, code, 0, packet), None, "icmp_other")
    # Only the first fragment tells whose the packet was.
    inner = datagram(SENDER4, home(4, 1), bytes(1200))
    first, later = fragments4(sent(b, inner), 640)
    report(b, "about a first fragment", "ha0", router_error(4, 11, 0, 0, first), relayed(inner, 0, 548 - 20),
           "icmp_relayed")
    report(b, "about a later fragment", "ha0", router_error(4, 11, 0, 0, later), None, "icmp_short")
    inner = datagram(SENDER6, home(6, 5), bytes(1200))
    first = fragments6(sent(b, inner), 640)[0]
    report(b, "about a first IPv6 fragment", "ha0", router_error(6, 3, 0, 0, first), relayed(inner, 0, 640),
           "icmp_relayed")
    # A limit that a tunnel inside ours found used up.
    inner = datagram(SENDER6, home(6, 5))
    limit = struct.pack("!BBBBBBBB", IPV6, 0, 4, 1, 0, 1, 1, 0)
    packet = ip6(HA6, far(6, 5), DSTOPTS, limit + inner)
    report(b, "encapsulation limit", "ha0", router_error(6, 4, 0, 44, packet), relayed(inner, 0, len(inner)),
           "icmp_relayed")
    report(b, "parameter problem elsewhere in the options", "ha0", router_error(6, 4, 0, 42, packet), None, "icmp_other")
    # An error about an error stays here.
    inner = icmp4(SENDER4, home(4, 1), 3, 1, 0, datagram(home(4, 1), SENDER4))
    report(b, "about an ICMP error", "ha0", router_error(4, 3, 1, 0, sent(b, inner)), None, "icmp_relayed")


def icmp_unsent(b):
    """Nobody can be told: there is no way back to the sender, or none to the other end whose path it is about."""
    nodes(b)
    packets = {n: sent(b, datagram(SENDER4, home(4, n))) for n, _ in KINDS}
    run("ip", "link", "set", "ha0", "down")
    for n, (outer, encap) in KINDS:
        report(b, f"in {outer} {encap}: the device is down", "ha0",
               router_error(outer, *((3, 1, 0) if outer == 4 else (1, 3, 0)), packets[n]), None, "icmp_unsent")
    run("ip", "link", "set", "ha0", "up")
    for n, outer, via, net in ((1, 4, "198.51.100.9", "198.51.100.0/24"), (2, 6, "2001:db8:9::9", "2001:db8:9::/64")):
        run("ip", "route", "add", net, "dev", "tun0")
        b.set_nodes("ha0", node_text(n, f"via {via}"))
        packet = sent(b, datagram(SENDER6, home(6, n), bytes(1300)))
        run("ip", "route", "del", net, "dev", "tun0")
        report(b, f"{outer}: too big for a path without a route", "ha0",
               router_error(outer, *((3, 4, 1300) if outer == 4 else (2, 0, 1300)), packet), None, "icmp_unsent")


def home_neighbour(b):
    """Nobody answers for a node that is at home: the sender hears of it as from a router."""
    run("ip", "link", "add", "home0", "type", "dummy")
    run("ip", "link", "set", "home0", "arp", "on", "addrgenmode", "none")
    run("ip", "link", "set", "home0", "up")

    def patience(milliseconds):
        for version in (4, 6):
            run("sysctl", "-qw", f"net.ipv{version}.neigh.home0.retrans_time_ms={milliseconds}")

    def waiting():
        return int(pathlib.Path("/sys/module/dsmip/refcnt").read_text(encoding="ascii"))
    requests = Requests()
    requests.binding_new("ha0", node(home(6, 1), binding(home_link=True, link=socket.if_nametoindex("home0"),
                                                         lifetime=3600000), home4=[home(4, 1)]), flags=CREATE | REPLACE)
    rest = waiting()
    patience(10)
    for version, round_ in itertools.product((4, 6), (1, 2)):
        inner = datagram(sender(version), home(version, 1), bytes(range(200)))
        b.drain()
        before = b.counters()
        b.inner["ha0"].send(inner)
        problem = b.compare(relayed(inner, 0, len(inner)), b.wait(b.network))
        changes = b.settle(before, {"ha0.tx_home_neighbour": 1})
        if changes != {"ha0.tx_home_neighbour": 1}:
            problem = f"counters {changes}; {problem}"
        b.result(f"home link: nobody answers, IPv{version}, packet {round_}", problem)
    # In pieces: the first is what the sender hears of.
    b.drain()
    before = b.counters()
    run("ip", "link", "set", "ha0", "mtu", "4000")
    b.inner["ha0"].send(datagram(SENDER4, home(4, 1), bytes(3000)))
    error = b.wait(b.network) or bytes(28)
    b.check("home link: nobody answers, three fragments", ({"ha0.tx_home_neighbour": 3}, (1, 3, 1)),
            (b.settle(before, {"ha0.tx_home_neighbour": 3}), (error[9], error[20], error[21])))
    b.check("home link: nothing more is said of the others", None, b.network.receive())
    run("ip", "link", "set", "ha0", "mtu", "1452")
    b.until("nobody waits any more", lambda: waiting() == rest)
    # A packet that waits keeps the module, but neither the link nor our device.
    patience(100000)
    before = b.counters()
    for version in (4, 6):
        b.inner["ha0"].send(datagram(sender(version), home(version, 1)))
    b.check("home link: packets that wait hold the module", rest + 2, waiting())
    run("ip", "link", "del", "home0")
    b.until("packets that waited on a link that is gone", lambda: waiting() == rest)
    b.check("home link: gone with what waited", {}, b.changes(before, b.counters()))


def icmp_ignored(b):
    """Errors about what is not ours change nothing."""
    nodes(b)
    cases = [(n, outer, encap) for n, (outer, encap) in KINDS if encap in ("direct", "udp", "udp-tlv")]
    for n, outer, encap in cases:
        inner = datagram(SENDER6, home(6, n), bytes(1300))
        big = {4: (3, 4, 1300), 6: (2, 0, 1300)}[outer]
        gone = {4: (3, 1, 0), 6: (1, 3, 0)}[outer]
        stranger = far(outer, 77)
        name = f"{outer} {encap}"
        for what, error in (("too big", big), ("unreachable", gone)):
            packet = tunnel(local(outer), stranger, encap, inner, PORT, 5000 + n)
            report(b, f"{name}: {what}, to another end point", "ha0", router_error(outer, *error, packet), None,
                   "icmp_end_point")
            packet = tunnel(local(outer), far(outer, n), encap, datagram(SENDER6, home(6, 99), bytes(1300)), PORT,
                            5000 + n)
            report(b, f"{name}: {what}, no such home address", "ha0", router_error(outer, *error, packet), None,
                   None if encap == "direct" else "icmp_end_point")
            if encap != "direct":
                packet = tunnel(local(outer), far(outer, n), encap, inner, PORT, 9)
                report(b, f"{name}: {what}, to another port", "ha0", router_error(outer, *error, packet), None,
                       "icmp_end_point")
                packet = tunnel(local(outer), far(outer, n), encap, inner, 9, 5000 + n)
                report(b, f"{name}: {what}, from another port", "ha0", router_error(outer, *error, packet), None, None)
            packet = tunnel(home_agent(outer), far(outer, n), encap, inner, PORT, 5000 + n)
            report(b, f"{name}: {what}, from another address", "ha0", router_error(outer, *error, packet), None, None)
            # The IPv4 stack itself believes what is said of UDP, so there is nothing to keep it from.
            if what == "too big" and outer == 4:
                continue
            other = "udp" if encap == "direct" else "direct"
            packet = tunnel(local(outer), far(outer, n), other, inner, PORT, 5000 + n)
            report(b, f"{name}: {what}, of another format", "ha0", router_error(outer, *error, packet), None,
                   "icmp_end_point")
        packet = tunnel(local(outer), far(outer, n), encap, inner, PORT, 5000 + n)
        header = overhead(outer, encap) + 40
        # Eight octets behind the outer IP header is the least that the stack hands on.
        for quote in ((20 if outer == 4 else 40) + 8, header - 1):
            report(b, f"{name}: {quote} octets quoted", "ha0", router_error(outer, *big, packet, quote=quote), None,
                   "icmp_short")
        # Nobody's path MTU has changed by all that.
        if outer == 4 and encap != "direct":
            flush_routes()
            continue
        b.outward(f"{name}: the path is as before", "ha0", inner,
                  tunnel(local(outer), far(outer, n), encap, inner, PORT, 5000 + n) if outer == 6 else
                  ip4(HA4, far(4, n), packet[9], packet[20:], frag=DF))


def icmp_too_big(b):
    """ICMP-4: what is told of a path MTU, and to whom."""
    nodes(b)
    for (n, (outer, encap)), version in itertools.product(KINDS, (4, 6)):
        over, name = overhead(outer, encap), f"{version} in {outer} {encap}"
        kind = (3, 4) if outer == 4 else (2, 0)
        for path, size, frag in ((1390, 1400, DF), (1300, 1400, DF), (1300, 1280, DF), (1300, 1400, 0)):
            tight = path - over
            more = {"frag": frag} if version == 4 else {}
            inner = datagram(sender(version), home(version, n), bytes(size - (28 if version == 4 else 48)), **more)
            if version == 6:
                tell = max(tight, 1280) if size > max(tight, 1280) else 0
            else:
                tell = tight if frag and size > tight else 0
            quoted = (548 if outer == 4 else 1232) - over
            # Routers fragment an outer IPv4 packet without DF, and so say nothing.
            told = outer == 6 or (frag if version == 4 else size > 1280)
            tell = tell if told else 0
            report(b, f"{name}: {size} octets {'' if frag else 'no '}DF, path MTU {path}", "ha0",
                   router_error(outer, *kind, path, sent(b, inner)), relayed(inner, tell, quoted) if tell else None,
                   "icmp_relayed" if tell else "icmp_mtu" if told else "icmp_forged")
            if told:
                b.check(f"{name}: tunnel MTU of the binding, path MTU {path}", tight,
                        nl_json("binding-get", "ha0", home(6, n))[0].get("mtu"))
            flush_routes()


class Events:
    """The events of the family, as a program sees them."""

    def __init__(self):
        self.program = subprocess.Popen(("dsmip-nl", "--json", "events"), stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.program.stderr.readline()  # it listens

    def next(self, name):
        """The next event of this name."""
        while select.select([self.program.stdout], [], [], PATIENCE)[0]:
            line = self.program.stdout.readline()
            if not line:
                return None
            event = json.loads(line)
            event = event[0] if isinstance(event, list) else event
            if event.get("event") == name:
                return event
        return None

    def end(self):
        self.program.kill()
        self.program.communicate()


def path_mtu_events(b):
    """PATH_MTU when the tunnel MTU of a binding changes; the mark and the link of the packets decide the path."""
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"), node_text(2, f"bid 7 via [{far(6, 2)}]:5002 udp-tlv"))
    events = Events()
    for n, outer, encap in ((1, 4, "direct"), (2, 6, "udp-tlv")):
        inner = datagram(SENDER6, home(6, n), bytes(1260))
        packet = sent(b, inner)
        b.outward(f"{outer}: a first packet", "ha0", inner, packet)
        kind = (3, 4) if outer == 4 else (2, 0)
        report(b, f"{outer}: path MTU 1400", "ha0", router_error(outer, *kind, 1400, packet), None, "icmp_mtu")
        event = events.next("path-mtu") or {}
        node = (event.get("nodes") or [{}])[0]
        binding = (node.get("bindings") or [{}])[0]
        b.check(f"{outer}: event", (home(6, n), 7 if n == 2 else 0, 1400 - overhead(outer, encap)),
                (node.get("home_address"), binding.get("bid"), binding.get("mtu")))
        flush_routes()
        b.outward(f"{outer}: a packet after the news has been forgotten", "ha0", inner, packet)
        event = events.next("path-mtu") or {}
        node = (event.get("nodes") or [{}])[0]
        binding = (node.get("bindings") or [{}])[0]
        b.check(f"{outer}: event", 1500 - overhead(outer, encap), binding.get("mtu"))
    events.end()


def path_mtu_of_mark(b):
    """The path MTU is learned for the route that our packets take: by the mark of the device or the link of the
    binding, which the error itself has not."""
    from packet_bench import nl
    run("ip", "link", "add", "side0", "type", "dummy")
    run("ip", "link", "set", "side0", "up")
    nl("device-set", "ha0", "--fwmark", "0x55")
    for words in (("rule", "add", "fwmark", "0x55", "table", "55", "priority", "10"),
                  ("-6", "rule", "add", "fwmark", "0x55", "table", "55", "priority", "10"),
                  ("route", "add", "198.51.100.0/24", "dev", "side0"),
                  ("route", "add", "198.51.100.0/24", "dev", "tun0", "table", "55"),
                  ("-6", "route", "add", "2001:db8:9::/64", "dev", "side0"),
                  ("-6", "route", "add", "2001:db8:9::/64", "dev", "tun0", "table", "55")):
        run("ip", *words)
    marked = (("198.51.100.9", 4), ("2001:db8:9::9", 6))
    for how in ("mark", "link"):
        for via, outer in marked:
            b.set_nodes("ha0", node_text(1, f"via {via}" + (" link tun0" if how == "link" else "")))
            inner = datagram(SENDER6, home(6, 1), bytes(1352))
            more = {"frag": DF} if outer == 4 else {}
            b.outward(f"{outer} by {how}: as long as 1400", "ha0", inner, tunnel(HA4 if outer == 4 else HA6, via, "direct",
                                                                               inner, **more))
            report(b, f"{outer} by {how}: path MTU 1390", "ha0",
                   router_error(outer, *((3, 4) if outer == 4 else (2, 0)), 1390, sent(b, inner)),
                   relayed(inner, 1390 - overhead(outer, "direct"), (548 if outer == 4 else 1232) -
                           overhead(outer, "direct")), "icmp_relayed")
            b.check(f"{outer} by {how}: tunnel MTU", 1390 - overhead(outer, "direct"),
                    nl_json("binding-get", "ha0", home(6, 1))[0].get("mtu"))
        if how == "mark":
            flush_routes()
            nl("device-set", "ha0", "--fwmark", "0")
            for words in (("rule", "del", "priority", "10"), ("-6", "rule", "del", "priority", "10"),
                          ("route", "add", "198.51.100.0/24", "dev", "tun0", "metric", "9"),
                          ("-6", "route", "add", "2001:db8:9::/64", "dev", "tun0", "metric", "9000")):
                run("ip", *words)
    run("ip", "link", "del", "side0")
    for words in (("route", "del", "198.51.100.0/24", "dev", "tun0"),
                  ("-6", "route", "del", "2001:db8:9::/64", "dev", "tun0"),
                  ("route", "flush", "table", "55"), ("-6", "route", "flush", "table", "55")):
        run("ip", *words)
