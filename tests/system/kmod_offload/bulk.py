# SPDX-License-Identifier: GPL-2.0-or-later
"""Bulk transfers of kmod_offload_test.sh. One process has sockets in all three namespaces.

Packets are counted in three places of the receiver: on the wire (the veth device), in the device (its own
statistics), and in the stack behind it (a packet socket, which sees what GRO of the device made of them).
A binding counts what was on the wire whatever was merged; both ends have to agree on it."""
import functools
import itertools
import json
import os
import random
import select
import socket
import struct
import time

import host
from host import ENCAPS, FAMILY, PATIENCE, SOL_UDP, UDP_GRO, Netlink, counters, namespace, result, run, send_burst

SOL_PACKET, PACKET_STATISTICS, PACKET_IGNORE_OUTGOING = 263, 6, 23
ESTABLISHED, QUIET_STATES = "01", ("06", "07", "0A")    # TIME_WAIT, CLOSE, LISTEN

CN = {4: "198.51.100.2", 6: "2001:db8:c::2"}
HOME = {4: "203.0.113.1", 6: "2001:db8:a::1"}
CARE_OF = {4: "192.0.2.101", 6: "2001:db8:1::101"}
DEVICES = {"cn": ("cn0",), "ha": ("ha1", "ha0", "d0"), "mn": ("mn0", "m0")}
WIRE, TUNNEL = {"ha": "ha0", "mn": "mn0"}, {"ha": "d0", "mn": "m0"}

SIZE = 1 << 20
MERGED = 4      # packets merge at least to one out of so many
DATA = random.Random(5).randbytes(SIZE)


# Counting

def device_packets(name, device):
    """(received, sent)"""
    with namespace(name), open("/proc/thread-self/net/dev", encoding="ascii") as file:
        for line in file:
            if line.strip().startswith(device + ":"):
                fields = line.split(":")[1].split()
                return int(fields[1]), int(fields[9])
    return None


class Tap:
    """Counts what comes out of the device of a namespace."""

    def __init__(self, name):
        with namespace(name):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
            self.socket.bind((TUNNEL[name], 3))
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)

    def take(self):
        """Packets since the last call."""
        return struct.unpack("II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[0]

    def close(self):
        self.socket.close()


class Binding:
    """Statistics of the one binding of a namespace."""

    def __init__(self, name):
        with namespace(name):
            self.netlink = Netlink()
            self.request = (Netlink.attribute(2, struct.pack("=I", socket.if_nametoindex(TUNNEL[name]))) +
                            Netlink.attribute(8, socket.inet_pton(socket.AF_INET6, HOME[6])))

    def take(self):
        """(packets received, octets), (packets sent, octets)"""
        reply = dict(Netlink.attributes(self.netlink.request(self.netlink.family, 5, self.request)))
        node = dict(Netlink.attributes(reply[5]))
        fields = dict(Netlink.attributes(node[4]))
        value = [struct.unpack("=Q", fields[key])[0] for key in range(13, 17)]
        return tuple(value[:2]), tuple(value[2:])


def connections_rest():
    """Whether every TCP connection at either end has nothing to say: all data acknowledged and read, no timer; or over."""
    for name in ("cn", "mn"):
        for file_name in ("tcp", "tcp6"):
            with namespace(name), open(f"/proc/thread-self/net/{file_name}", encoding="ascii") as file:
                next(file)
                for line in file:
                    state, queues, timer = line.split()[3:6]
                    if state not in QUIET_STATES and (state != ESTABLISHED or queues.strip("0:") or timer[:2] != "00"):
                        return False
    return True


def snapshot():
    """All that is counted."""
    out = {(name, device): device_packets(name, device) for name, devices in DEVICES.items() for device in devices}
    out.update((name, binding.take()) for name, binding in bindings.items())
    return out


def rest():
    """A snapshot between two transfers: nobody has anything to send, nothing is on its way (what one end of the tunnel
    sent has come to the other) and nothing changes; or, when patience ends, a snapshot all the same."""
    end, before = time.monotonic() + PATIENCE, None
    while True:
        quiet, now = connections_rest(), snapshot()
        if time.monotonic() > end or (quiet and now == before and now["ha"] == now["mn"][::-1]):
            return now
        before = now
        select.select([], [], [], 0.005)


class Count:
    """What a transfer to `to` from the other end of the tunnel moved."""

    def __init__(self, to):
        self.to, self.sender = to, "ha" if to == "mn" else "mn"
        self.before = self.read(rest())
        taps[to].take()

    def read(self, shot):
        near, far = shot[self.to][0], shot[self.sender][1]
        return {"wire": shot[self.to, WIRE[self.to]][0], "device": shot[self.to, TUNNEL[self.to]][0],
                "sent": shot[self.sender, TUNNEL[self.sender]][1],
                "segments": near[0], "octets": near[1], "far segments": far[0], "far octets": far[1]}

    def take(self):
        """The differences, once all is at rest."""
        after = self.read(rest())
        out = {key: after[key] - self.before[key] for key in after}
        out["stack"] = taps[self.to].take()
        return out


# Set-up

def features(only=(), **groups):
    for name, devices in DEVICES.items():
        for device in devices:
            if not only or device in only:
                host.set_features(name, device, **groups)


def transmit(state):
    return dict.fromkeys(("tso", "gso", "tx", "sg"), state)


def register(outer, encap):
    port = json.loads(run("mn", "dsmip-nl", "--json", "device-get", "m0"))[0]["udp_port"]
    care_of = CARE_OF[outer]
    if encap != "direct":
        care_of = f"[{care_of}]:{port}" if outer == 6 else f"{care_of}:{port}"
    for name, device, via in (("ha", "d0", care_of), ("mn", "m0", CARE_OF[outer])):
        run(name, "dsmip-nl", "binding-new", device, "--create", "--replace", "--node",
            f"{HOME[6]} home4 {HOME[4]} / via {via} {encap} lifetime 3600s")


def mode_on():
    """All there is."""
    features(**transmit(1), gro=1)


def mode_off():
    features(**transmit(0), gro=0)


def mode_through():
    """Who sends into the tunnel's wire has nothing, who receives merges through the outer header."""
    features(**transmit(1), gro=1)
    features(("ha0", "mn0"), **transmit(0))


def mode_after():
    """Merging only behind the outer header, by the device."""
    mode_through()
    features(("ha0", "mn0", "ha1"), gro=0)


def mode_list():
    """Who forwards keeps the packets it merges as they came. Newer kernels do so unless they are told not to."""
    mode_through()
    features(list=1)


def judge(mode, n):
    """What is wrong with the counts of a transfer."""
    least = SIZE // 1500
    wrong = []

    def want(condition, text):
        if not condition:
            wrong.append(text)
    want(n["segments"] >= least, "fewer packets than the data needs")
    want((n["segments"], n["octets"]) == (n["far segments"], n["far octets"]), "ends disagree about the traffic")
    if mode == "off":
        want(n["wire"] >= n["segments"], "packets larger than the path's MTU on the wire")
        want(n["device"] == n["segments"] == n["sent"], "merged")
        want(n["stack"] >= n["device"], "merged behind the device")
        return wrong
    want(n["sent"] * MERGED <= n["segments"], "segmented before the outer header")
    want(n["stack"] * MERGED <= n["segments"], "not merged in the stack")
    if mode == "on":
        want(n["wire"] * MERGED <= n["segments"], "segmented on the wire")
    else:
        want(n["wire"] >= n["segments"], "packets larger than the path's MTU on the wire")
    if mode == "after":
        want(n["device"] == n["segments"], "merged before the outer header was taken off")
    else:
        want(n["device"] * MERGED <= n["segments"], "not merged through the outer header")
    return wrong


def attempts(transfer):
    """`transfer` gives counts, what is wrong with the data, and what with the counts. Packets merge if they come while one
    waits, and go out in one piece if the window is open: on a machine that was away for a moment they may not, so that
    counts have three tries. Data has one."""
    for left in (2, 1, 0):
        n, problem, wrong = transfer()
        if problem or not wrong or not left:
            return n, "; ".join(filter(None, [problem, *wrong]))
        print(f"again: {'; '.join(wrong)}: {n}", flush=True)
    return None


def bulk(mode, outer, encap, inner):
    pair = dict(zip(("cn", "mn"), host.tcp_pair(inner, "cn", CN[inner], "mn", HOME[inner])))

    def transfer(source, sink, to):
        count = Count(to)
        problem = host.move(pair[source], pair[sink], DATA)
        n = count.take()
        return n, problem, judge(mode, n)
    for source, sink, to in (("cn", "mn", "mn"), ("mn", "cn", "ha")):
        name = f"{mode}: TCP, {inner} in {outer} {encap}, {source} to {sink}"
        n, problem = attempts(functools.partial(transfer, source, sink, to))
        result(f"{name}: {n['sent']} sent, {n['wire']} on the wire, {n['device']} in, {n['stack']} up, "
               f"{n['segments']} segments", problem)
    for one in pair.values():
        one.close()


def datagrams(mode, outer, encap, inner, to="mn"):
    """Many UDP datagrams from one system call; the last is shorter."""
    there = "cn" if to == "mn" else "mn"
    size, number = 1200, 31
    data = DATA[:size * (number - 1) + 100]
    near, far = (CN, HOME) if to == "mn" else (HOME, CN)
    source, sink = host.udp_pair(inner, there, near[inner], to, far[inner])
    sink.setsockopt(SOL_UDP, UDP_GRO, 1)    # takes what is merged

    def transfer():
        count = Count("mn" if to == "mn" else "ha")
        send_burst(source, data, size)
        got, end = b"", time.monotonic() + PATIENCE
        while len(got) < len(data) and select.select([sink], [], [], max(0, end - time.monotonic()))[0]:
            got += sink.recv(1 << 16)
        n, wrong = count.take(), []
        same = len(os.path.commonprefix([got, data]))
        problem = None if got == data else f"{len(got)} of {len(data)} octets came, the first {same} right"
        if n["segments"] != number or n["far segments"] != number:
            problem = f"{problem or ''} {number} datagrams were sent"
        # In direct packets the stack does not merge UDP that was encapsulated on the same host.
        if n["sent"] > 2 or (n["device"] > 2 and not (mode in ("through", "list") and encap == "direct")):
            wrong.append("not in one piece, or the last one apart")
        if n["wire"] > 4 if mode == "on" else n["wire"] < number:
            wrong.append("not as many on the wire as there should be")
        return n, problem, wrong
    n, problem = attempts(transfer)
    result(f"{mode}: UDP, {inner} in {outer} {encap}, to {to}: {n['sent']} sent, {n['wire']} on the wire, {n['device']} in, "
           f"{n['segments']} segments", problem)
    sink.close()
    source.close()


def judge_counters():
    """What ethtool shows is what netlink counts; it moved only at the ends that it should have."""
    for name, device in TUNNEL.items():
        lines = [line.split(":") for line in run(name, "ethtool", "-S", device).splitlines()[1:]]
        shown = {key.strip(): int(value) for key, value in lines}
        counted = counters(name, device)
        result(f"{name}: ethtool shows the counters", None if shown == counted else f"{shown}, {counted} counted")
        moved = {key for key, value in counted.items() if value}
        wanted = {"tx_gso_packets", "tx_gso_segments", "rx_gro_packets", "rx_gro_segments"}
        result(f"{name}: nothing was dropped", None if moved == wanted else f"{counted}")
        result(f"{name}: merged packets stand for several",
               None if all(counted[f"{key}_segments"] >= MERGED * counted[f"{key}_packets"]
                           for key in ("tx_gso", "rx_gro")) else f"{counted}")


taps, bindings = {}, {}


def main(only):
    begin = time.monotonic()
    taps.update((name, Tap(name)) for name in TUNNEL)
    bindings.update((name, Binding(name)) for name in TUNNEL)
    for mode in only:
        globals()[f"mode_{mode}"]()
        for outer, encap in itertools.product((4, 6), ENCAPS):
            register(outer, encap)
            for inner in (4, 6):
                bulk(mode, outer, encap, inner)
                if mode in ("on", "through", "list"):
                    datagrams(mode, outer, encap, inner)
                if mode == "list":
                    datagrams(mode, outer, encap, inner, "cn")
        print(f"== {mode}: after {time.monotonic() - begin:.1f} s", flush=True)
    judge_counters()
    for tap in taps.values():
        tap.close()
