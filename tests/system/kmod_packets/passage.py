# SPDX-License-Identifier: GPL-2.0-or-later
"""What gets in without a binding, row by row, and the neighbours of each row, which do not: a header more, another type, an
octet less, a source that nobody may have. Documentation/security.md has the same rows."""
import itertools
import struct

from bench import *  # noqa: F403
from packet_bench import Inner, nl, nl_json, run
from packets import *  # noqa: F403
from payload import gre, tlv

OWN4, OWN6 = "192.0.2.77", "2001:db8:9::77"     # addresses of this host that no device of ours has
ANYCAST6 = "2001:db8:9::"                       # its routers of that link
BAD_SOURCES = {
    "rx_inner_address": ("::", "::1", "fe80::1", "ff02::1", "ff0e::1", "::ffff:192.0.2.9"),
    "rx_inner_source": (HA6, FAR6, OWN6, ANYCAST6)}
FORMATS = list(itertools.product((4, 6), ENCAPS))


def message(proto, source, home_agent, size=16):
    """The first octets of what may get in."""
    return (mobility_header(source, home_agent) if proto == MH else bytes(range(16)))[:size]


def chain(*headers):
    """Extension headers in a row, each a function of the one that follows, and the last pair (protocol, data)."""
    *first, (proto, data) = headers
    for make in reversed(first):
        proto, data = make(proto, data)
    return proto, data


def options(content=b"", length=None):
    return lambda following, data: (DSTOPTS, destination_options(following, content, length) + data)


def hop_by_hop(following, data):
    return HOP_BY_HOP, bytes([following, 0, 1, 4, 0, 0, 0, 0]) + data


def authentication(following, data):
    return AH, bytes([following, 4, 0, 0]) + bytes(20) + data


def fragment(offset=0, more=0):
    return lambda following, data: (FRAGMENT, struct.pack("!BBHI", following, 0, offset | more, 7) + data)


def routing(home, **more):
    return lambda following, data: (ROUTING, routing_header(following, home, **more) + data)


def unlisted(last, home):
    """(name, headers) of what is on no list, whoever sends it; `last` makes the last pair."""
    mh, esp = last(MH), last(ESP)
    for name, other in (("UDP", UDP), ("TCP", TCP), ("ICMPv6", ICMPV6), ("nothing", NOTHING), ("IPv4", IPIP), ("IPv6", IPV6),
                        ("GRE", GRE), ("protocol 253", 253)):
        data = (other, b"" if other == NOTHING else bytes(40))
        yield name, (data,)
        yield f"destination options, {name}", (options(), data)
        yield f"destination options with a home address, {name}", (options(home_address_option(home)), data)
    for name, end in (("Mobility Header", mh), ("ESP", esp)):
        for what, headers in (
                ("hop-by-hop options", (hop_by_hop,)),
                ("two destination options headers", (options(), options())),
                ("hop-by-hop and destination options", (hop_by_hop, options())),
                ("destination and hop-by-hop options", (options(), hop_by_hop)),
                ("an authentication header", (authentication,)),
                ("destination options, authentication header", (options(), authentication)),
                ("a fragment header", (fragment(),)),
                ("a first fragment", (fragment(more=1),)),
                ("destination options, fragment header", (options(), fragment())),
                ("routing header of type 2, destination options", (routing(home), options())),
                ("destination options, routing header of type 2", (options(), routing(home))),
                ("two routing headers of type 2", (routing(home), routing(home))),
                ("an unknown option", (options(b"\x1e\2\0\0"),)),
                ("an unknown option that wants an answer", (options(b"\x9e\2\0\0"),)),
                ("a tunnel limit", (options(b"\4\1\4"),)),
                ("17 options", (options(bytes(17)),)),
                ("a home address of 15 octets", (options(home_address_option(home, 15)),)),
                ("a home address of 17 octets", (options(home_address_option(home, 17)),)),
                ("two home addresses", (options(home_address_option(home) * 2),)),
                ("an option beyond its header", (options(b"\1\x20\0\0"),)),
                ("half an option", (options(bytes(5) + b"\1"),)),
                ("options beyond the packet", (options(length=255),)),
                ("options to the end of the packet", (options(length=2),))):
            yield f"{what}, {name}", (*headers, end)
    for name, proto in (("Mobility Header", MH), ("ESP", ESP)):
        yield f"{name}, an octet short", (last(proto, 7),)
        yield f"destination options, {name}, an octet short", (options(), last(proto, 7))
    yield "half a destination options header", ((DSTOPTS, bytes([MH])),)
    yield "destination options and nothing", (options(), (MH, b""))


class Way:
    """One format that inner packets come in by, from somewhere that no node is bound to."""

    def __init__(self, b, device, outer, encap, remote, near, ports):
        self.bench, self.device, self.name = b, device, f"in {outer} {encap}"
        self.outer, self.encap, self.remote, self.near, self.ports = outer, encap, remote, near, ports

    def packet(self, inner):
        return tunnel(self.remote, self.near, self.encap, inner, *self.ports)

    def passes(self, name, inner):
        self.bench.inward(f"passage, {self.device} {self.name}: {name}", self.device, self.packet(inner), inner, cookie=True)

    def drops(self, name, inner, counter):
        self.bench.inward(f"passage, {self.device} {self.name}: {name}, no", self.device, self.packet(inner), counter)

    def misses(self, name, inners, good, counter):
        """What the list does not have. A direct one is left to other drivers; the good one shows that it went by."""
        if self.encap == "direct":
            self.bench.inward(f"passage, {self.device} {self.name}: none of {name}", self.device,
                              [*map(self.packet, inners.values()), self.packet(good)], good, cookie=True)
            return
        for what, inner in inners.items():
            self.drops(what, inner, counter)


def to_home_agent(b):
    """Signalling to a home agent of a node that it does not know."""
    b.flush("ha0")
    stranger = home(6, 9)

    def inner(*headers, source=stranger, to=HA6):
        return ip6(source, to, *chain(*headers))

    def last(proto, size=16, source=stranger):
        return proto, message(proto, source, HA6, size)
    rows = {}
    for name, proto in (("Mobility Header", MH), ("ESP", ESP)):
        rows |= {name: (last(proto),), f"destination options, {name}": (options(), last(proto)),
                 f"home address option, {name}": (options(home_address_option(home(6, 8))), last(proto)),
                 f"eight octets of {name}": (last(proto, 8),),
                 f"padding of one octet each, {name}": (options(bytes(6)), last(proto))}
    good = inner(last(MH))
    for outer, encap in FORMATS:
        way = Way(b, "ha0", outer, encap, far(outer, 1), local(outer), (0 if encap == "direct" else 6001, PORT))
        for name, headers in rows.items():
            way.passes(name, inner(*headers))
        for counter, sources in BAD_SOURCES.items():
            for source in sources:
                way.drops(f"Mobility Header from {source}", inner(last(MH, source=source), source=source), counter)
                way.drops(f"ESP behind options from {source}", inner(options(), last(ESP), source=source), counter)
                way.drops(f"home address {source}", inner(options(home_address_option(source)), last(MH)), counter)
        way.misses("what is not on the list",
                   {name: inner(*headers) for name, headers in itertools.chain(unlisted(last, home(6, 8)), (
                       ("routing header of type 2", (routing(home(6, 8)), last(MH))),))}, good, "rx_not_signalling")
        way.misses("other destinations",
                   {f"{name} to {to}": inner(end, to=to) for to in (OWN6, ANYCAST6, FAR6, CN6)
                    for name, end in (("Mobility Header", last(MH)), ("ESP", last(ESP)))} |
                   {f"IPv4 with protocol {proto}": ip4(CN4, HA4, proto, bytes(16)) for proto in (MH, ESP, DSTOPTS, UDP)},
                   good, "rx_no_node")
        for name, size in (("Mobility Header", 55), ("destination options", 63)):
            short = inner(last(MH)) if size == 55 else inner(options(), last(MH))
            way.drops(f"{name}, cut off", short[:size], "rx_truncated")
        # In pieces that the stack has put together the headers lie in several places.
        for size in (8, 16, 24, 48, 56, 64, 72):
            cut = fragments4 if outer == 4 else fragments6
            listed = inner(options(home_address_option(home(6, 8))), last(MH))
            b.inward(f"passage, {way.device} {way.name}: in pieces of {size} octets", "ha0", cut(way.packet(listed), size), listed,
                     cookie=True)
            if encap != "direct":
                b.inward(f"passage, {way.device} {way.name}: UDP behind options, in pieces of {size} octets, no", "ha0",
                         cut(way.packet(inner(options(home_address_option(home(6, 8))), (UDP, bytes(16)))), size), "rx_not_signalling")
    for encap, proto in itertools.product(("udp-tlv", "udp-tlv-draft"), (ESP, GRE)):
        packet = datagram(far(4, 1), HA4, tlv(encap, proto, bytes(40) if proto == ESP else gre(good)), 6001, PORT)
        before = b.counters()
        if proto == ESP:
            b.network.send(packet)
            b.check(f"passage, ha0 in 4 {encap}: ESP for the host", {"ha0.payload_in": 1},
                    b.settle(before, {"ha0.payload_in": 1}))
        else:
            b.inward(f"passage, ha0 in 4 {encap}: signalling in GRE, no", "ha0", packet, "rx_not_signalling")


def to_mobile_node(b):
    """Signalling from a home agent, for the home address of a node or an address of this host."""
    b.set_nodes("mn0", node_text(1, f"via {HA4}", base="b"))
    me, mn_port = home(6, 1, "b"), nl_json("device-get", "mn0")[0]["udp_port"]

    def inner(*headers, to=OWN6, source=FAR6):
        return ip6(source, to, *chain(*headers))

    def last(proto, size=16):
        return proto, message(proto, FAR6, OWN6, size)
    good = inner(last(MH))
    rows = {}
    for name, proto in (("Mobility Header", MH), ("ESP", ESP)):
        for to in (OWN6, me):
            rows |= {f"{name} to {to}": ((last(proto),), to),
                     f"destination options, {name} to {to}": ((options(), last(proto)), to),
                     f"routing header of type 2, {name} to {to}": ((routing(me), last(proto)), to),
                     f"routing header of type 2 with an address of the host, {name} to {to}": ((routing(OWN6), last(proto)), to)}
    for outer, encap in FORMATS:
        way = Way(b, "mn0", outer, encap, home_agent(outer), local(outer), (0, 0) if encap == "direct" else (PORT, mn_port))
        for name, (headers, to) in rows.items():
            way.passes(name, inner(*headers, to=to))
        more = [("home address option", (options(home_address_option(me)), last(MH)))]
        for name, words in (("type 0", {"kind": 0}), ("type 3", {"kind": 3}), ("type 4", {"kind": 4}), ("no segment left", {"left": 0}),
                            ("two segments left", {"left": 2}), ("length 1", {"length": 1}), ("length 3", {"length": 3}),
                            ("length 0", {"length": 0}), ("length 255", {"length": 255})):
            more.append((f"routing header, {name}", (routing(me, **words), last(MH))))
        for foreign in (home(6, 9, "b"), FAR6, "fe80::1", "ff02::1", "::1"):
            more.append((f"routing header with {foreign}", (routing(foreign), last(MH))))
        more.append(("routing header of type 2, UDP", (routing(me), (UDP, bytes(16)))))
        more.append(("routing header cut off", ((ROUTING, routing_header(MH, me)[:20]),)))
        way.misses("what is not on the list",
                   {name: inner(*headers) for name, headers in itertools.chain(unlisted(last, me), more)}, good, "rx_not_signalling")
        way.misses("other addresses",
                   {"to nobody here": inner(last(MH), to=home(6, 9, "b")), "to a correspondent": inner(last(ESP), to=CN6),
                    "from another host": inner(last(MH), source=CN6), "from another home agent": inner(last(MH), source=HA6)},
                   good, "rx_no_node")
    b.flush("mn0")


def payload_sources(b):
    """A binding does not make every source good."""
    ours = {4: ("192.0.2.0/24", OWN4), 6: ("2001:db8:9::/64", OWN6)}
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"), node_text(2, f"via {far(4, 2)}:5002 udp"))
    for n, encap in ((1, "direct"), (1, "udp"), (2, "udp"), (2, "udp-tlv"), (2, "udp-tlv-draft")):
        if n == 1 and encap == "udp":
            continue    # its binding is direct
        nl("prefix-new", "ha0", "--node", f"{home(6, n)} {ours[4][0]} {ours[6][0]} 2001:db8:1::/64")

        def come(name, inner, expect, n=n, encap=encap):
            b.inward(f"payload in {encap}: {name}", "ha0", tunnel(far(4, n), HA4, encap, inner, 5000 + n, PORT), expect)
        for version, neighbour, agent in ((4, "192.0.2.78", HA4), (6, "2001:db8:9::78", HA6)):
            come(f"from {neighbour}, in the prefix", datagram(neighbour, cn(version)), datagram(neighbour, cn(version)))
            come(f"from {ours[version][1]}, which is this host", datagram(ours[version][1], cn(version)), "rx_inner_source")
            come(f"from {agent}, which is the home agent", datagram(agent, cn(version)), "rx_inner_source")
            come(f"from {home(version, n)}", datagram(home(version, n), cn(version)), datagram(home(version, n), cn(version)))
        if encap != "direct":
            for version, source in ((4, "169.254.1.1"), (6, "fe80::1"), (6, "ff02::1"), (4, "0.0.0.0")):
                come(f"from {source}", datagram(source, cn(version)), "rx_inner_address")
        for version, to in ((4, "169.254.169.254"), (6, "fe80::1"), (4, "127.0.0.1"), (6, "::1")):
            come(f"to {to}", datagram(home(version, n), to), "rx_inner_address")
        nl("prefix-new", "ha0", "--replace", "--node", home(6, n))
        for version in (4, 6):
            counter = "rx_no_node" if encap != "direct" else None
            if counter:
                come(f"from {ours[version][1]} without the prefix", datagram(ours[version][1], cn(version)), counter)

    # Nothing but the list brings a Mobility Header to the daemon, not even a binding; other packets it does bring.
    def last(proto, size=16):
        return proto, message(proto, home(6, 2), HA6, size)
    for name, headers in unlisted(last, home(6, 8)):
        proto, data = chain(*headers)
        inner = ip6(home(6, 2), HA6, proto, data)
        last_proto = headers[-1][0]
        hidden = last_proto in (MH, DSTOPTS) or last_proto == NOTHING and len(headers) > 1
        b.inward(f"payload to the home agent: {name}", "ha0", tunnel(far(4, 2), HA4, "udp", inner, 5002, PORT),
                 "rx_not_signalling" if hidden else inner)
    inner = ip6(home(6, 2), HA6, FRAGMENT, struct.pack("!BBHI", MH, 0, 8, 7) + bytes(16))
    b.inward("payload to the home agent: a later fragment of a Mobility Header", "ha0",
             tunnel(far(4, 2), HA4, "udp", inner, 5002, PORT), inner)
    gre_payload(b)

    b.set_nodes("mn0", node_text(1, f"via {HA4}", base="b"))
    mn_port = nl_json("device-get", "mn0")[0]["udp_port"]
    for encap in ENCAPS:
        ports = (0, 0) if encap == "direct" else (PORT, mn_port)
        for name, inner, expect in (
                [(f"from {source}", datagram(source, home(6, 1, "b")), "rx_inner_source") for source in (HA6, OWN6)] +
                [(f"from {source}", datagram(source, home(version, 1, "b")), "rx_inner_address")
                 for version, source in ((4, "169.254.1.1"), (4, "127.0.0.1"), (4, "224.0.0.1"), (6, "fe80::1"), (6, "::1"), (6, "ff02::1"))] +
                [("from its home agent", datagram(FAR6, home(6, 1, "b")), datagram(FAR6, home(6, 1, "b"))),
                 ("from a correspondent", datagram(CN6, home(6, 1, "b")), datagram(CN6, home(6, 1, "b")))]):
            b.inward(f"payload to a mobile node in {encap}: {name}", "mn0", tunnel(FAR4, HA4, encap, inner, *ports), expect)


def gre_payload(b):
    """What GRE carries is judged as what a tunnel header of ours carries."""
    run("ip", "link", "add", "name", "g0", "type", "gre", "local", HA4, "remote", far(4, 2))
    run("ip", "link", "set", "g0", "addrgenmode", "none")
    run("ip", "link", "set", "g0", "up")
    device, b.inner["ha0"] = b.inner["ha0"], Inner("g0")
    b.inner["ha0"].ifindex = device.ifindex     # whose counters are asked for
    nl("prefix-new", "ha0", "--node", f"{home(6, 2)} 192.0.2.0/24 2001:db8:9::/64")
    signalling = ip6(home(6, 2), HA6, MH, message(MH, home(6, 2), HA6))
    good = datagram(home(4, 2), CN4)
    for encap in ("udp-tlv", "udp-tlv-draft"):
        for name, data, expect in (
                [(f"from {source}", gre(datagram(source, CN6 if ":" in source else CN4)), counter)
                 for source, counter in ((OWN4, "rx_inner_source"), (OWN6, "rx_inner_source"), (HA4, "rx_inner_source"),
                                         (HA6, "rx_inner_source"), ("fe80::1", "rx_inner_address"), ("169.254.1.1", "rx_inner_address"),
                                         ("127.0.0.1", "rx_inner_address"), ("::", "rx_inner_address"))] +
                [("signalling", gre(signalling), "rx_not_signalling"),
                 ("IPv4 that says to be IPv6", b"\0\0\x86\xdd" + good, "rx_tlv_type"),
                 ("IPv6 that says to be IPv4", b"\0\0\x08\0" + datagram(home(6, 2), CN6), "rx_tlv_type"),
                 ("cut off", gre(good)[:-1], "rx_truncated"),
                 ("a good one", gre(good), good)]):
            b.inward(f"payload in GRE in {encap}: {name}", "ha0",
                     datagram(far(4, 2), HA4, tlv(encap, GRE, data), 5002, PORT), expect,
                     counts=None if isinstance(expect, str) else {"payload_in": 1})
    nl("prefix-new", "ha0", "--replace", "--node", home(6, 2))
    b.inner["ha0"] = device
    run("ip", "link", "del", "g0")


def passage(b):
    run("ip", "link", "add", "own0", "type", "dummy")
    run("ip", "link", "set", "own0", "addrgenmode", "none", "up")
    run("sysctl", "-qw", "net.ipv6.conf.own0.forwarding=1")
    run("ip", "address", "add", f"{OWN4}/32", "dev", "own0")
    run("ip", "address", "add", f"{OWN6}/64", "dev", "own0")
    b.until("the address", lambda: "tentative" not in run("ip", "-6", "address", "show", "dev", "own0").stdout)
    b.until("the anycast address", lambda: f"anycast {ANYCAST6} " in run("ip", "-6", "route", "show", "table", "local").stdout)
    # Nobody answers; cookies that live on would be in the way of what counts them.
    nl("device-set", "ha0", "--cookie-lifetime", "100ms")
    to_home_agent(b)
    nl("device-set", "ha0", "--cookie-lifetime", "600s")
    to_mobile_node(b)
    payload_sources(b)
    run("ip", "link", "del", "own0")
