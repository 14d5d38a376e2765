# SPDX-License-Identifier: GPL-2.0-or-later
"""How much signalling gets a path cookie."""
import itertools

from bench import *  # noqa: F403
from packet_bench import nl
from packets import *  # noqa: F403

BURST = 5


def update(n):
    return ip6(home(6, n), HA6, MH, mobility_header(home(6, n), HA6))


def over(source, port, n=1):
    """A Binding Update of node n from there."""
    return tunnel(source, local(6 if ":" in source else 4), "udp" if port else "direct", update(n), port, PORT)


def fate(b, packet):
    """The one counter that it moves."""
    before = b.counters()
    b.network.send(packet)
    changes = {}

    def moved():
        nonlocal changes
        changes = b.changes(before, b.counters())
        # That an old cookie makes room is no fate.
        changes.pop("ha0.cookie_displaced", None)
        return changes
    b.until("a fate of a packet", moved)
    b.drain()
    return next(iter(changes)).split(".")[1] if list(changes.values()) == [1] else str(changes)


def empties(b, name, packets, counter):
    """Of `packets` BURST or more get a cookie, then one is dropped for `counter`: time goes on meanwhile, and
    with it comes a token now and then."""
    fates = []
    for packet in packets:
        fates.append(fate(b, packet))
        if fates[-1] != "signalling_in":
            break
    b.check(name, (counter, True), (fates[-1], len(fates) > BURST))
    if fates[-1] == counter:
        b.proved.add(counter)


def passes(b, name, packet):
    b.check(name, "signalling_in", fate(b, packet))


def set_limit(which):
    """This limit alone, at one per second; a limit that changes begins anew."""
    nl("device-set", "ha0", *NO_LIMITS)
    nl("device-set", "ha0", f"--{which}-rate", 1, f"--{which}-burst", BURST)


def limits(b):
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp", f"bid 2 via [{far(6, 1)}]:5001 udp"))
    other_net = "2001:db8:1:1::100"
    for version in (4, 6):
        here, neighbour = far(version, 1), far(version, 2)
        set_limit("source")
        empties(b, f"too much from one source in {version}", itertools.repeat(over(here, 5001), 99), "rx_rate_source")
        passes(b, f"its neighbour behind the same NAT in {version}", over(here, 5002))
        passes(b, f"the same node from elsewhere in {version}", over(neighbour, 5001))
        inner = datagram(home(6, 1), CN6)
        b.inward(f"packets that are no signalling in {version}", "ha0",
                 tunnel(here, local(version), "udp", inner, 5001, PORT), inner)
        set_limit("source")
        empties(b, f"somebody says to be the node, from elsewhere in {version}",
                itertools.repeat(over(neighbour, 6001), 99), "rx_rate_source")
        passes(b, f"which does not limit the node in {version}", over(here, 5001))
        set_limit("source")
        empties(b, f"too much from one source, directly in {version}", itertools.repeat(over(neighbour, 0, 2), 99),
                "rx_rate_source")

        set_limit("network")
        if version == 4:
            packets = (over(here, 7000 + port, 2) for port in range(99))
        else:
            packets = (over(far(6, 50 + n), 7000, 2) for n in range(99))
        empties(b, f"too much from one network in {version}", packets, "rx_rate_network")
        passes(b, f"a node that is registered there in {version}", over(here, 5001))
        passes(b, f"another network than that in {version}", over(other_net if version == 6 else neighbour, 7000, 2))

    set_limit("stranger")
    empties(b, "too much from strangers",
            (over(far(4 if n % 2 else 6, n), 7000 + n, 2) for n in range(3, 99)), "rx_rate_strangers")
    for version in (4, 6):
        passes(b, f"a node that is registered, in {version}", over(far(version, 1), 5001))

    nl("device-set", "ha0", "--stranger-rate", 5)
    passes(b, "a limit that changes begins anew", over(far(4, 2), 7000, 2))
    nl("device-set", "ha0", "--stranger-rate", 4)
    empties(b, "too much from strangers at another rate", itertools.repeat(over(far(4, 2), 7000, 2), 999),
            "rx_rate_strangers")
    b.until("there is a token again", lambda: fate(b, over(far(4, 2), 7000, 2)) == "signalling_in")
    nl("device-set", "ha0", *NO_LIMITS)
    b.flush("ha0")
