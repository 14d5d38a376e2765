# SPDX-License-Identifier: GPL-2.0-or-later
"""Binding Updates above a limit: the answer that has to come back, and what needs none."""
import itertools
import struct
import time

from bench import *  # noqa: F403
from limit import fate
from packet_bench import nl, run
from packets import *  # noqa: F403

WAYS = list(itertools.product((4, 6), ENCAPS))
LEEWAY, IN_TURN, HALF = 8, 32, 0x7FFF
TRIES = 50
PAD = b"\1\2\0\0"
SPI = 0x1234


def update(n, sequence, flags=0xC0, kind=5):
    data = struct.pack("!HBBH", sequence & 0xFFFF, flags, 0, 150) + PAD
    return ip6(home(6, n), HA6, MH, mobility_header(home(6, n), HA6, kind, data))


def acknowledgement(n, sequence):
    return ip6(HA6, home(6, n), MH, mobility_header(HA6, home(6, n), 6, struct.pack("!BBHH", 135, 0, sequence, 0) + PAD))


class Way:
    """Where updates come from, and in which format."""

    def __init__(self, b, outer, encap, n=3, port=6001):
        self.b, self.outer, self.encap, self.n, self.port = b, outer, encap, n, port
        self.source = far(outer, n)

    def carries(self, inner):
        return tunnel(self.source, local(self.outer), self.encap, inner, self.port, PORT)

    def counts(self, packet, *counters):
        """How much `counters` rise by `packet`, whose fate is sure when one of these has."""
        fates = ("signalling_in", "rx_rate_source", "rx_rate_network", "rx_rate_strangers", "rx_not_signalling")
        before = self.b.counters()["ha0"]
        self.b.network.send(packet)
        self.b.until("a fate", lambda: any(self.b.counters()["ha0"][one] != before[one] for one in fates))
        after = self.b.counters()["ha0"]
        changed = tuple(after[one] - before[one] for one in counters)
        self.b.proved.update(one for one, by in zip(counters, changed) if by == 1)
        return changed

    def challenge(self, sequence, home_n=None, **more):
        """Updates until one is answered: the answer; the limit is used up then, for the moment."""
        packet = self.carries(update(home_n or self.n, sequence, **more))
        for _ in range(TRIES):
            self.b.drain()
            if self.counts(packet, "signalling_challenged") == (1,):
                return self.b.wait(self.b.network)
        return None

    def number(self, sequence):
        """That of the answer."""
        answer = self.challenge(sequence)
        return struct.unpack("!H", answer[-8:-6])[0]

    def proves(self, sequence, home_n=None):
        """Whether an update with that number is let in for it. A token may be there again meanwhile."""
        for _ in range(TRIES):
            self.challenge(30000 if abs(sequence - 30000) > 100 else 20000)
            passed, proved = self.counts(self.carries(update(home_n or self.n, sequence)), "signalling_in",
                                         "signalling_proved")
            if not passed or proved:
                return bool(proved)
        return None


def only(which, rate=1, burst=1):
    nl("device-set", "ha0", *NO_LIMITS)
    nl("device-set", "ha0", f"--{which}-rate", rate, f"--{which}-burst", burst)


def answers(b):
    for (outer, encap), which in itertools.product(WAYS, ("source", "network", "stranger")):
        name = f"{outer} {encap}, {which}"
        only(which)
        way = Way(b, outer, encap)
        for sequence in (0, 30000, 65535):
            answer = way.challenge(sequence)
            number = struct.unpack("!H", answer[-8:-6])[0]
            b.result(f"{name}: answer to {sequence}", b.compare(
                tunnel(local(outer), way.source, encap, acknowledgement(way.n, number), PORT, way.port), answer))
            b.check(f"{name}: {sequence} is out of the window of {number}", True, (number - sequence) & 0xFFFF <= HALF)
            b.check(f"{name}: no longer than the question", True, len(answer) <= len(way.carries(update(way.n, 0))))


def proofs(b):
    for outer, encap in WAYS:
        name = f"{outer} {encap}"
        only("stranger")
        way = Way(b, outer, encap)
        number = way.number(77)
        for step in (1, LEEWAY):
            b.check(f"{name}: goes on by {step}", True, way.proves(number + step & 0xFFFF))
            only("stranger")
        for step in (0, LEEWAY + 1, -1, 5000):
            b.check(f"{name}: does not go on by {step}", False, way.proves(number + step & 0xFFFF))
        b.check(f"{name}: of another home address", False, way.proves(number + 1 & 0xFFFF, 4))
        b.check(f"{name}: from another source", False, Way(b, outer, encap, 4).proves(number + 1 & 0xFFFF))
        if encap != "direct":
            b.check(f"{name}: from another port", False, Way(b, outer, encap, port=6002).proves(number + 1 & 0xFFFF))
    # Those that prove have limits, too.
    only("source", burst=2)
    way = Way(b, 4, "udp")
    refused = 0
    for _ in range(TRIES):
        number = way.number(77)
        refused += way.counts(way.carries(update(way.n, number + 1)), "rx_rate_source")[0]
    b.check("who proves is limited by his source", True, refused > TRIES // 4)
    only("stranger")
    way = Way(b, 4, "udp")
    number = way.number(77)
    b.check("a proof is good at first", True, way.proves(number + 1 & 0xFFFF))
    b.until("a proof that has grown old", lambda: way.proves(number + 1 & 0xFFFF) is False)
    b.result("a proof grows old", None)


def silences(b):
    """What gets no answer."""
    only("stranger")
    way = Way(b, 4, "udp")

    def unanswered(name, packet, counter):
        for _ in range(TRIES):
            way.challenge(77)
            b.drain()
            changed = way.counts(packet, "rx_rate_strangers", counter or "signalling_challenged")
            if changed[0]:
                b.check(f"{name}: no answer", ((1, 1 if counter else 0), None), (changed, b.network.receive()))
                return
        b.check(f"{name}: no answer", "above the limit", "never")
    unanswered("an update that asks for none", way.carries(update(3, 1, flags=0)), None)
    unanswered("an acknowledgement", way.carries(update(3, 1, kind=6)), None)
    own = Way(b, 6, "udp")
    own.source = HA6
    unanswered("from our own address", own.carries(update(3, 1)), "signalling_unanswered")
    nowhere = Way(b, 4, "udp", port=0)
    unanswered("from port 0", nowhere.carries(update(3, 1)), "signalling_unanswered")


def few_answers(b):
    """Who asks in the name of a node, from its place, does not flood it with answers."""
    only("stranger")
    way = Way(b, 4, "udp")
    way.challenge(77)
    packet = way.carries(update(way.n, 77))
    before, sent, begin = b.counters()["ha0"], 0, time.monotonic()

    def rise(counter):
        return b.counters()["ha0"][counter] - before[counter]

    def unanswered():
        nonlocal sent
        for _ in range(200):    # without a look in between, which takes as long as an answer on a slow machine
            b.network.send(packet)
        sent += 200
        return rise("signalling_unanswered") > 0
    b.until("one without an answer", unanswered)
    b.until("the fate of all", lambda: rise("signalling_challenged") + rise("signalling_unanswered") + rise("signalling_in") >= sent)
    allowed = 2 * (10 + 20 * (time.monotonic() - begin))
    b.check("answers to one node at one place", True, rise("signalling_challenged") <= allowed)
    b.drain()
    b.check("another node there has its own", True, way.challenge(77, 4) is not None)


def in_turn(b):
    """Updates of a registered node whose number follows."""
    last = 65530
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp seq {last}"))
    for outer, port, which in ((4, 5001, "source"), (4, 5009, "stranger"), (6, 5001, "network")):
        name = f"in turn, from {outer} port {port}, {which}"
        only(which)
        way = Way(b, outer, "udp", 1, port)
        way.challenge(20000)
        for step in (1, 7, IN_TURN):
            only(which)
            way.challenge(20000)
            b.check(f"{name}: {step} later", (1, 0), way.counts(way.carries(update(1, last + step)), "signalling_in",
                                                             "signalling_proved"))
        for step in (0, IN_TURN + 1):
            b.check(f"{name}: {step} later is answered", True, way.challenge(last + step & 0xFFFF) is not None)
    only("source", burst=3)
    way = Way(b, 4, "udp", 1, 5001)
    refused = sum(way.counts(way.carries(update(1, last + 1)), "rx_rate_source")[0] for _ in range(TRIES))
    b.check("what follows has a limit, too", True, refused > TRIES // 4)
    b.flush("ha0")


def esp(b):
    """ESP that nobody has a state for uses up nothing of others."""
    def packet(spi, n=3):
        return Way(b, 4, "udp", n, 7000 + n).carries(ip6(home(6, n), HA6, ESP, struct.pack("!II", spi, 1) + bytes(24)))
    run("ip", "xfrm", "state", "add", "src", home(6, 3), "dst", HA6, "proto", "esp", "spi", hex(SPI), "mode",
        "transport", "auth", "digest_null", "", "enc", "ecb(cipher_null)", "")
    for which in ("source", "stranger"):
        only(which, burst=3)
        counter = f"rx_rate_{which}" + ("s" if which == "stranger" else "")
        fates = [fate(b, packet(99)) for _ in range(TRIES)]
        b.check(f"ESP without a state, {which}", {counter, "signalling_in"}, set(fates))
        while fate(b, packet(99)) != counter:
            pass
        b.check(f"ESP with a state, {which}", "signalling_in", fate(b, packet(SPI)))
        b.check(f"an update after ESP, {which}", "signalling_in", fate(b, Way(b, 4, "udp", 3, 7003).carries(update(3, 1))))
    run("ip", "xfrm", "state", "flush")


def challenge(b):
    b.flush("ha0")
    for part in (answers, proofs, silences, few_answers, in_turn, esp):
        part(b)
    nl("device-set", "ha0", *NO_LIMITS)
