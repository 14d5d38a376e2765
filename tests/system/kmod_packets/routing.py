# SPDX-License-Identifier: GPL-2.0-or-later
"""Routes of outer packets change while bindings remember them: policy rules, and routes in other tables than theirs."""
import contextlib
import threading
import time

from bench import *  # noqa: F403
from packet_bench import Inner, Network, run
from packets import *  # noqa: F403

TABLE, PRIORITY = 55, 10


def ip_(outer, *words):
    run("ip", f"-{outer}", *words)


@contextlib.contextmanager
def other_way():
    """A second network, side0, which no route leads to but that in TABLE."""
    side = Network("side0")
    run("ip", "link", "set", "side0", "addrgenmode", "none")
    run("ip", "link", "set", "side0", "up")
    yield side
    run("ip", "link", "del", "side0")
    for outer in (4, 6):
        run("ip", f"-{outer}", "route", "flush", "table", TABLE, check=False)


def new_rules(b):
    """Each change decides about the next packet."""
    main = b.network
    with other_way() as side:
        for outer, encap in ((4, "direct"), (4, "udp"), (6, "direct"), (6, "udp"), (6, "udp-tlv")):
            to = far(outer, 1)
            b.set_nodes("ha0", node_text(1, "via " + (to if encap == "direct" else end_point(to, 5001)) + f" {encap}"))
            inner = datagram(CN6, home(6, 1))
            packet = tunnel(local(outer), to, encap, inner, PORT, 5001)

            def by(network, what):
                # The second shows what was remembered.
                for nth in ("first", "second"):
                    b.network = network
                    b.outward(f"{outer} {encap}, {what}: {nth} packet by {'tun0' if network is main else 'side0'}", "ha0",
                              inner, packet)
                b.network = main
                stray = (side if network is main else main).receive()
                if stray:
                    b.result(f"{outer} {encap}, {what}", f"a packet went the other way: {stray[:64].hex()}")

            ip_(outer, "route", "add", to, "dev", "side0", "table", TABLE)
            by(main, "before")
            for selector in (("to", to), ("from", local(outer)), ("ipproto", "udp") if encap != "direct" else ("from", "all"),
                             ("fwmark", "0x0/0xff")):
                ip_(outer, "rule", "add", *selector, "lookup", TABLE, "priority", PRIORITY)
                by(side, f"rule {' '.join(selector)} added")
                ip_(outer, "rule", "del", "priority", PRIORITY)
                by(main, f"rule {' '.join(selector)} deleted")
            ip_(outer, "rule", "add", "to", to, "prohibit", "priority", PRIORITY)
            b.outward(f"{outer} {encap}, rule prohibit added", "ha0", inner, "tx_no_route")
            ip_(outer, "rule", "del", "priority", PRIORITY)
            by(main, "rule prohibit deleted")
            # The table of the rule has no route yet, or no more.
            ip_(outer, "route", "del", to, "table", TABLE)
            ip_(outer, "rule", "add", "to", to, "lookup", TABLE, "priority", PRIORITY)
            by(main, "rule to an empty table added")
            ip_(outer, "route", "add", to, "dev", "side0", "table", TABLE)
            by(side, "route added to its table")
            ip_(outer, "route", "del", to, "table", TABLE)
            by(main, "route deleted from its table")
            ip_(outer, "route", "add", "unreachable", to, "table", TABLE)
            b.outward(f"{outer} {encap}, unreachable route added to its table", "ha0", inner, "tx_no_route")
            ip_(outer, "route", "del", "unreachable", to, "table", TABLE)
            by(main, "unreachable route deleted")
            ip_(outer, "rule", "del", "priority", PRIORITY)
            # Nearer than the one that is remembered, in the same table.
            ip_(outer, "route", "add", to, "dev", "side0")
            by(side, "nearer route added")
            ip_(outer, "route", "del", to, "dev", "side0")
            by(main, "nearer route deleted")


class Traffic(threading.Thread):
    """Packets to one node until stopped."""

    def __init__(self, packets):
        super().__init__(daemon=True)
        self.inner, self.packets, self.going = Inner("ha0"), packets, True
        self.start()

    def run(self):
        while self.going:
            for packet in self.packets:
                self.inner.send(packet)
            time.sleep(0)

    def stop(self):
        self.going = False
        self.join()


def rules_under_traffic(b):
    """Rules come and go while packets flow: none takes the old way for long, and all are well made."""
    main = b.network
    with other_way() as side:
        b.set_nodes("ha0", node_text(4, f"via {far(4, 4)}"), node_text(6, f"via {far(6, 6)}"))
        ends = {4: far(4, 4), 6: far(6, 6)}
        for outer, to in ends.items():
            ip_(outer, "route", "add", to, "dev", "side0", "table", TABLE)
        traffic = Traffic([datagram(CN6, home(6, 4)), datagram(CN6, home(6, 6))])

        def comes_by(network, outer):
            """A packet of the family by this network, and then none by the other."""
            other = side if network is main else main
            seen = []

            def moved():
                while (packet := network.receive()) is not None:
                    seen.append(packet[0] >> 4)
                return outer in seen
            b.until(f"a packet of family {outer}", moved)
            # What was under way has gone.
            while other.receive() is not None:
                pass
            seen.clear()
            b.until(f"one more packet of family {outer}", moved)
            late = []
            while (packet := other.receive()) is not None:
                late.append(packet[0] >> 4)
            return outer not in late
        right = 0
        for _ in range(20):
            for outer, to in ends.items():
                ip_(outer, "rule", "add", "to", to, "lookup", TABLE, "priority", PRIORITY)
                right += comes_by(side, outer)
                ip_(outer, "rule", "del", "priority", PRIORITY)
                right += comes_by(main, outer)
        traffic.stop()
        b.check("rules added and deleted under traffic", 80, right)
        b.drain()
