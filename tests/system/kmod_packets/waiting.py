# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that wait for GRO of the device, and those that need not."""
import contextlib
import os
import pathlib

from bench import *  # noqa: F403
from offload import SIZE, stream
from packet_bench import PATIENCE
from packets import *  # noqa: F403

WAITING_MAX = 1000
RT_RUNTIME = "/proc/sys/kernel/sched_rt_runtime_us"


@contextlib.contextmanager
def setting(file, value):
    file = pathlib.Path(file)
    before = file.read_text(encoding="ascii")
    file.write_text(str(value), encoding="ascii")
    try:
        yield
    finally:
        file.write_text(before, encoding="ascii")


def segment(version, data, **more):
    """Of a stream that goes on, so that GRO holds it back."""
    return stream(home(version, 1), cn(version), data, flags=0x10, **more)


def inwards(b, name, packets, expect, counts=None):
    b.drain()
    before = b.counters()
    wanted = {f"ha0.{key}": value for key, value in (counts or {}).items()}
    for packet in packets:
        b.network.send(packet)
    got = [(b.wait(b.inner["ha0"]) or (None, 0))[0] for _ in expect]
    problem = "; ".join(filter(None, (b.compare(*pair) for pair in zip(expect, got))))
    changes = b.settle(before, wanted)
    if changes != wanted:
        problem = f"counters {changes}, wanted {wanted}; {problem}"
    b.result(name, problem)


def order(b):
    """What cannot be merged does not overtake what waits to be; in one connection, as others GRO may reorder."""
    for outer, encap, version in ((4, "direct", 6), (6, "udp", 4)):
        via = far(outer, 1) if encap == "direct" else end_point(far(outer, 1), 5001)
        b.set_nodes("ha0", node_text(1, f"via {via} {encap}"))
        inner = [segment(version, bytes(SIZE)), segment(version, b"", sequence=1 + SIZE)]
        packets = [tunnel(far(outer, 1), local(outer), encap, packet, 5001, PORT) for packet in inner]
        name = f"{version} in {outer} {encap}"
        inwards(b, f"an acknowledgement behind data: {name}", packets, inner)
        with setting("/sys/class/net/ha0/gro_flush_timeout", int(PATIENCE * 1e9)):
            inwards(b, f"an acknowledgement behind data that is held back: {name}", packets, inner)


@contextlib.contextmanager
def polled_by_starved_thread(device):
    """This process has one processor, and the threads that poll the device get nothing of it."""
    here = os.sched_getaffinity(0)
    with setting(f"/sys/class/net/{device}/threaded", 1), setting(RT_RUNTIME, -1):
        os.sched_setaffinity(0, {min(here)})
        for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
            with contextlib.suppress(OSError):
                if comm.read_text(encoding="ascii").startswith(f"napi/{device}-"):
                    os.sched_setaffinity(int(comm.parent.name), {min(here)})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        try:
            yield
        finally:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            os.sched_setaffinity(0, here)


def too_many(b):
    """One more than may wait."""
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"))
    inner = [segment(4, bytes(100), sport=2000 + n) for n in range(WAITING_MAX + 1)]
    packets = [tunnel(far(4, 1), HA4, "direct", packet) for packet in inner]
    b.drain()
    before = b.counters()
    with polled_by_starved_thread("ha0"):
        for packet in packets:
            b.network.send(packet)
        changes = b.settle(before, {"ha0.rx_waiting": 1})
    b.check("counters when too many wait", {"ha0.rx_waiting": 1}, changes)
    got = [(b.wait(b.inner["ha0"]) or (None, 0))[0] for _ in inner[:-1]]
    b.check("all but the last come up", sorted(map(normalised, inner[:-1])),
            sorted(normalised(packet) for packet in got if packet))
