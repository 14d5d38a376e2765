# SPDX-License-Identifier: GPL-2.0-or-later
"""A warm standby: settings and bindings are there before the addresses of the home agent are."""
from bench import *  # noqa: F403
from packet_bench import run
from packets import *  # noqa: F403


def standby(b):
    def addresses(word):
        for address in (f"{HA4}/32", f"{HA6}/128"):
            run("ip", "address", word, address, "dev", "lo")

    def cases(name, works):
        for n, (version, encap) in ends.items():
            for inner_version in (4, 6):
                inner = datagram(cn(inner_version), home(inner_version, n))
                outer = tunnel(local(version), far(version, n), encap, inner, PORT, 5000 + n)
                b.outward(f"{name}: {inner_version} in {version}, {encap}", "ha0", inner, outer if works else "tx_no_route")
                if works:
                    inner = datagram(home(inner_version, n), cn(inner_version))
                    b.inward(f"{name}: {inner_version} in {version}, {encap}", "ha0",
                             tunnel(far(version, n), local(version), encap, inner, 5000 + n, PORT), inner)

    # Routes to the end points stay, whatever addresses there are.
    for address in (f"{HA4}/24", f"{HA6}/64"):
        run("ip", "address", "del", address, "dev", "tun0")
    for route in ("192.0.2.0/24", "2001:db8:1::/64"):
        run("ip", "route", "replace", route, "dev", "tun0")
    run("ip", "link", "set", "lo", "up")
    ends = {1: (4, "direct"), 2: (6, "direct"), 3: (4, "udp"), 4: (6, "udp")}
    b.set_nodes("ha0", *(node_text(n, f"via {far(v, n)}" if e == "direct" else f"via {end_point(far(v, n), 5000 + n)} {e}")
                         for n, (v, e) in ends.items()))
    cases("before the addresses come", False)
    addresses("add")
    cases("at the first packet after", True)
    addresses("del")
    cases("taken away again", False)
    addresses("add")
    cases("and back", True)

    addresses("del")
    for route in ("192.0.2.0/24", "2001:db8:1::/64"):
        run("ip", "route", "del", route, "dev", "tun0")
    for address in (f"{HA4}/24", f"{HA6}/64"):
        run("ip", "address", "add", address, "dev", "tun0")
