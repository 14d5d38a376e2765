# SPDX-License-Identifier: GPL-2.0-or-later
"""Path cookies."""
import itertools

from bench import *  # noqa: F403
from packet_bench import nl, nl_json
from packets import *  # noqa: F403


def answer(b, n, mark, expect, name, home_n=None, mh_type=6):
    inner = ip6(HA6, home(6, home_n or n), MH, mobility_header(HA6, home(6, home_n or n), mh_type))
    counts = {"signalling_out": 1} if not isinstance(expect, str) else None
    b.outward(name, "ha0", inner, expect if isinstance(expect, str) else expect(inner), mark=mark, counts=counts)


def cookies(b):
    """Path cookies at the home agent."""
    b.flush("ha0")

    def update(n):
        return ip6(home(6, n), HA6, MH, mobility_header(home(6, n), HA6))
    for version, encap in itertools.product((4, 6), ENCAPS):
        sport = 0 if encap == "direct" else 6001
        mark = b.inward(f"signalling without a binding, in {version} {encap}", "ha0",
                        tunnel(far(version, 1), local(version), encap, update(1), sport, PORT), update(1), cookie=True)
        path = nl_json("path-get", "ha0", mark)[0]
        b.check(f"path of the cookie, in {version} {encap}",
                (far(version, 1), sport, local(version), encap, home(6, 1), "tun0"),
                (path.get("remote"), path.get("remote_port", 0), path.get("local"), path.get("encapsulation"),
                 path.get("inner"), path.get("link")))
        answer(b, 1, mark, lambda inner: tunnel(local(version), far(version, 1), encap, inner, PORT, sport),
               f"answer by cookie, in {version} {encap}")
        answer(b, 1, mark, "tx_cookie", f"second answer by cookie, in {version} {encap}")
        b.check(f"used path is gone, in {version} {encap}", 1, nl("path-get", "ha0", mark, check=False).returncode)

    def receive(n, port):
        return b.inward(f"Binding Update of node {n}, port {port}", "ha0",
                        tunnel(far(4, 1), HA4, "udp", update(n), port, PORT), update(n), cookie=True)
    one, two = receive(1, 6001), receive(2, 6002)

    def to(port):
        return lambda inner: tunnel(HA4, far(4, 1), "udp", inner, PORT, port)
    answer(b, 1, one, "tx_cookie_inner", "cookie for another home address", home_n=2)
    answer(b, 2, two, to(6002), "two nodes behind one NAT: the second's answer")
    answer(b, 1, one, to(6001), "two nodes behind one NAT: the first's answer, after a wrong one was refused")
    mark = receive(1, 6001)
    for guess in (mark ^ 1, mark ^ 1 << 12, mark ^ 1 << 13, mark ^ 1 << 30, COOKIE, 0xFFFFFFFF):
        answer(b, 1, guess, "tx_cookie", f"guessed cookie, {guess ^ mark:#x} off")
    answer(b, 1, mark & ~COOKIE, "tx_no_node", "a cookie without its flag is none")
    inner = datagram(HA6, home(6, 1))
    b.outward("a cookie on other packets than signalling opens nothing", "ha0", inner, "tx_no_node", mark=mark)
    inner = ip6(CN6, home(6, 1), MH, mobility_header(CN6, home(6, 1), 6))
    b.outward("a cookie on the signalling of another host opens nothing", "ha0", inner, "tx_no_node", mark=mark)
    answer(b, 1, mark, to(6001), "the cookie still works after all that")

    # a registered node: its traffic, its statistics; the path comes first, the binding without it
    b.set_nodes("ha0", node_text(1, f"via {far(4, 3)}:5003 udp"))
    mark = receive(1, 6001)
    answer(b, 1, mark, to(6001), "cookie of another end point than the binding's")
    inner = ip6(HA6, home(6, 1), MH, mobility_header(HA6, home(6, 1), 6))
    b.outward("signalling without a cookie goes to the binding", "ha0", inner,
              tunnel(HA4, far(4, 3), "udp", inner, PORT, 5003))
    b.inward("Binding Update from the registered end point", "ha0",
             tunnel(far(4, 3), HA4, "udp", update(1), 5003, PORT), update(1), cookie=True)
    b.check("it counts at the binding, those from elsewhere do not", 1,
            nl_json("binding-get", "ha0", home(6, 1))[0]["rx_packets"])
    b.flush("ha0")

    # old age
    nl("device-set", "ha0", "--cookie-lifetime", "100ms")
    mark = receive(1, 6001)
    b.until("a cookie expires", lambda: nl("path-get", "ha0", mark, check=False).returncode)
    answer(b, 1, mark, "tx_cookie", "expired cookie")
    nl("device-set", "ha0", "--cookie-lifetime", "600s")
    # displaced: a ring of 8192
    marks = [receive(1, 6001), receive(2, 6002)]
    before = b.counters()
    packet = tunnel(far(4, 1), HA4, "udp", update(3), 6003, PORT)
    taken = 0
    for _ in range(8191):
        b.network.send(packet)
        while b.inner["ha0"].receive():
            taken += 1
    while taken < 8191 and b.wait(b.inner["ha0"]):
        taken += 1
    b.check("a flood of signalling displaces the oldest cookies and says so", 8191,
            b.changes(before, b.counters()).get("ha0.signalling_in"))
    displaced = b.changes(before, b.counters()).get("ha0.cookie_displaced", 0)
    b.result("count of displaced cookies", None if 1 <= displaced <= 100 else f"{displaced}")
    answer(b, 1, marks[0], "tx_cookie", "displaced cookie")
    answer(b, 2, marks[1], to(6002), "youngest cookie that was not displaced")
    for name, counts in (("a used one's place is free", {}), ("one more", {"cookie_displaced": 1})):
        b.inward(f"displaced: {name}", "ha0", packet, update(3), cookie=True, counts=counts)


def cookies_of_mobile_node(b):
    """PATH_NEW and what comes back."""
    b.flush("mn0")
    mn_port = nl_json("device-get", "mn0")[0]["udp_port"]
    me = home(6, 1, "b")
    update = ip6(me, FAR6, MH, mobility_header(me, FAR6))
    for version, encap in itertools.product((4, 6), ENCAPS):
        remote = home_agent(version) if encap == "direct" else end_point(home_agent(version), PORT)
        for words in ([], ["--local", local(version), "--link", "tun0"]):
            mark = nl_json("path-new", "mn0", "--remote", remote, "--encap", encap, *words)[0]["cookie"]
            for which in ("first", "second"):
                b.outward(f"{which} Binding Update by cookie, in {version} {encap} {' '.join(words)}", "mn0", update,
                          tunnel(local(version), home_agent(version), encap, update, mn_port, PORT), mark=mark,
                          counts={"signalling_out": 1})
    b.outward("without cookie and binding", "mn0", update, "tx_no_node")
    # use renews the lifetime
    mark = nl_json("path-new", "mn0", "--remote", end_point(FAR4, PORT), "--encap", "udp", "--lifetime", "300s")[0]["cookie"]

    def left():
        return nl_json("path-get", "mn0", mark)[0]["lifetime_ms"]
    first = left()
    b.until("a second passes", lambda: left() < first - 1000)
    older = left()
    b.outward("use of a path", "mn0", update, tunnel(HA4, FAR4, "udp", update, mn_port, PORT), mark=mark,
              counts={"signalling_out": 1})
    b.result("use renews the lifetime", None if left() > older else "it did not")
    mark = nl_json("path-new", "mn0", "--remote", end_point(FAR4, PORT), "--encap", "udp", "--lifetime", "100ms")[0]["cookie"]
    b.until("a path expires", lambda: nl("path-get", "mn0", mark, check=False).returncode)
    b.outward("expired path", "mn0", update, "tx_cookie", mark=mark)
