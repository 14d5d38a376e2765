# SPDX-License-Identifier: GPL-2.0-or-later
"""What the operator decides about outer headers: hop limit, DSCP, DF; and ECN, which nobody decides."""
import itertools

from bench import *  # noqa: F403
from packet_bench import nl, nl_json, run
from packets import *  # noqa: F403

KINDS = list(enumerate(itertools.product((4, 6), ENCAPS), 1))


def nodes(b):
    b.set_nodes("ha0", *(node_text(n, "via " + (far(outer, n) if encap == "direct" else
                                              end_point(far(outer, n), 5000 + n)) + " " + encap)
                       for n, (outer, encap) in KINDS))


def outward(b, name, n, outer, encap, inner, **more):
    b.outward(name, "ha0", inner, tunnel(local(outer), far(outer, n), encap, inner, PORT, 5000 + n, **more))


def ecn(b):
    """RFC 6040: all combinations on the way in, by every format."""
    nodes(b)
    for (n, (outer, encap)), version, inside, outside in itertools.product(KINDS, (4, 6), range(4), range(4)):
        result = inside
        if inside and outside == 3:
            result = 3
        elif inside == 2 and outside == 1:
            result = 1
        inner = datagram(home(version, n), cn(version), tos=0xB8 | inside, ttl=17)
        wanted = datagram(home(version, n), cn(version), tos=0xB8 | result, ttl=17)
        b.inward(f"ECN {inside} inside, {outside} outside: {version} in {outer} {encap}", "ha0",
                 tunnel(far(outer, n), local(outer), encap, inner, 5000 + n, PORT, tos=outside, ttl=3),
                 "rx_ecn" if not inside and outside == 3 else wanted)


def policies(b):
    nodes(b)
    shown = nl_json("device-get", "ha0")[0]
    b.check("defaults", (0, "copy", "auto"), (shown["hop_limit"], shown["dscp"], shown["df"]))
    nl("device-set", "ha0", "--hop-limit", "33", "--dscp", "46")
    for (n, (outer, encap)), version, bits in itertools.product(KINDS, (4, 6), range(4)):
        inner = datagram(cn(version), home(version, n), tos=0x28 | bits, ttl=9)
        outward(b, f"hop limit 33, DSCP 46, ECN {bits}: {version} in {outer} {encap}", n, outer, encap, inner,
                ttl=33, tos=0xB8 | (2 if bits == 3 else bits))
    nl("device-set", "ha0", "--dscp", "0")
    inner = datagram(CN6, home(6, 1), tos=0xB8)
    outward(b, "DSCP 0", 1, 4, "direct", inner, ttl=33, tos=0)
    nl("device-set", "ha0", "--hop-limit", "0", "--dscp", "copy")
    outward(b, "back to the route and the inner packet", 1, 4, "direct", inner, tos=0xB8)
    run("sysctl", "-qw", "net.ipv4.ip_default_ttl=77")
    run("ip", "route", "add", far(6, 5), "dev", "tun0", "hoplimit", "88")
    outward(b, "hop limit of the route, IPv4", 1, 4, "direct", inner, tos=0xB8, ttl=77)
    inner = datagram(CN6, home(6, 5))
    outward(b, "hop limit of the route, IPv6", 5, 6, "direct", inner, ttl=88)
    run("ip", "route", "del", far(6, 5), "dev", "tun0")
    run("sysctl", "-qw", "net.ipv4.ip_default_ttl=64")

    sizes = (100, 1280, 1281, 1400)
    for policy in ("set", "clear", "auto"):
        nl("device-set", "ha0", "--df", policy)
        for (n, (outer, encap)), version, size, df in itertools.product(KINDS, (4, 6), sizes, (0, DF)):
            if outer == 6 or (version == 6 and df):
                continue
            more = {"frag": df} if version == 4 else {}
            inner = datagram(cn(version), home(version, n), bytes(size - (28 if version == 4 else 48)), **more)
            wanted = {"set": True, "clear": False, "auto": bool(df) if version == 4 else size > 1280}[policy]
            outward(b, f"DF {policy}: {version} in {encap}, {size} octets{', DF' if df else ''}", n, 4, encap, inner,
                    frag=DF if wanted else 0)
    # What has to be fragmented here is, whatever the policy.
    nl("device-set", "ha0", "--df", "set")
    run("ip", "route", "add", far(4, 1), "dev", "tun0", "mtu", "1290")
    inner = datagram(CN6, home(6, 1), bytes(1280 - 48))
    b.drain()
    b.inner["ha0"].send(inner)
    pieces = [b.wait(b.network) for _ in range(2)]
    proto, data = reassembled(pieces) if None not in pieces else (None, None)
    b.check("DF set: fragments of this host", (IPV6, inner, [0, 0]),
            (proto, data, [p[6] & 0x40 for p in pieces if p]))
    run("ip", "route", "del", far(4, 1), "dev", "tun0")
    nl("device-set", "ha0", "--df", "auto")

    for words, text in ((("--dscp", "64"), "DSCP is 0 to 63, or 255 to copy it"), (("--dscp", "254"), "DSCP is")):
        refused = nl("device-set", "ha0", *words, check=False)
        b.check(f"refused: {' '.join(words)}", (1, True), (refused.returncode, text in refused.stderr))
