# SPDX-License-Identifier: GPL-2.0-or-later
"""A host under test seen from both sides: a tun device is its network, packet sockets are the inner
side of its dsmip devices. Every case says what comes out, byte for byte, or the one drop counter that
rises by one; all other counters have to stay."""
import errno
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

from packets import normalised

SO_RCVMARK = 75
PACKET_VNET_HDR, SOL_PACKET, PACKET_OUTGOING = 15, 263, 4
TUNSETIFF, IFF_TUN, IFF_NO_PI, IFF_NAPI = 0x400454CA, 0x0001, 0x1000, 0x0010
MLD_ROUTERS = bytes.fromhex("ff02" + "00" * 13 + "16")
PATIENCE = float(os.environ.get("DSMIP_TEST_PATIENCE", "60"))


def run(*command, check=True):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if check and result.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {result.stderr or result.stdout}")
    return result


class Netlink:
    """Just enough of generic netlink for what is asked most often: a program takes its time to start."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.socket.bind((0, 0))
        reply = self.request(16, 3, self.attribute(2, b"dsmip\0"))
        self.family = struct.unpack("=H", dict(self.attributes(reply))[1][:2])[0]

    @staticmethod
    def attribute(kind, data):
        return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)

    @staticmethod
    def attributes(data):
        while len(data) >= 4:
            length, kind = struct.unpack("=HH", data[:4])
            yield kind & 0x3FFF, data[4:length]
            data = data[(length + 3) & ~3:]

    def request(self, family, command, attributes, flags=1):
        self.socket.send(struct.pack("=IHHIIBBH", 20 + len(attributes), family, flags, 1, 0, command, 1, 0) +
                         attributes)
        reply = self.socket.recv(65536)
        kind = struct.unpack("=H", reply[4:6])[0]
        if kind == 2 and struct.unpack("=i", reply[16:20])[0]:
            raise OSError(-struct.unpack("=i", reply[16:20])[0], "netlink request refused")
        return reply[20:]

    def flush(self, ifindex):
        """No nodes any more."""
        self.request(self.family, 4, self.attribute(2, struct.pack("=I", ifindex)), 0x1 | 0x4 | 0x100)

    def counters(self, ifindex):
        reply = dict(self.attributes(self.request(self.family, 8, self.attribute(2, struct.pack("=I", ifindex)))))
        out = {}
        for _, counter in self.attributes(reply[9]):
            fields = dict(self.attributes(counter))
            out[fields[2].rstrip(b"\0").decode()] = struct.unpack("=Q", fields[3])[0]
        return out


class Network:
    """The far end of a tun device; with `gro`, what it sends passes through GRO."""

    def __init__(self, name, gro=False):
        self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI | gro * IFF_NAPI))

    def send(self, packet):
        os.write(self.fd, packet)

    def receive(self):
        """A packet that is there already, or None. What the host says of its multicast groups does not count."""
        while True:
            try:
                packet = os.read(self.fd, 65536)
            except BlockingIOError:
                return None
            if not (packet[0] >> 4 == 6 and packet[24:40] == MLD_ROUTERS):
                return packet

    def fileno(self):
        return self.fd


class Frames:
    """What leaves an Ethernet device for one link-layer address, without the Ethernet header."""

    def __init__(self, device, mac):
        self.mac = mac
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((device, 3))
        self.socket.setblocking(False)

    def receive(self):
        """A packet that is there already, or None."""
        while True:
            try:
                frame = self.socket.recv(65536)
            except BlockingIOError:
                return None
            if frame[:6] == self.mac:
                return frame[14:]

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()


class Inner:
    """The inner side of a device."""

    def __init__(self, name):
        self.name = name
        self.ifindex = socket.if_nametoindex(name)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.socket.bind((name, 3))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVMARK, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE
        self.socket.setblocking(False)
        # To close a packet socket takes the kernel a grace period, so these stay. Only raw sockets can ask for
        # segmentation; the device has no link layer header either way.
        self.plain = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.large = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.large.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)

    def send(self, packet, mark=0, proto=None, gso=None):
        if proto is None:
            proto = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
        out = self.large if gso else self.plain
        out.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, struct.pack("=I", mark))
        out.sendto((gso or b"") + packet, (self.name, proto))

    def receive(self):
        """(packet, mark) of a packet that came in, or None."""
        while True:
            try:
                data, control, _, address = self.socket.recvmsg(65536, 256)
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno != errno.ENETDOWN:  # said once when the device goes down
                    raise
                continue
            if address[2] == PACKET_OUTGOING:
                continue
            mark = 0
            for level, kind, value in control:
                if (level, kind) == (socket.SOL_SOCKET, 36):  # SCM_MARK
                    mark = struct.unpack("=I", value[:4])[0]
            return data, mark

    def fileno(self):
        return self.socket.fileno()


class Bench:
    def __init__(self, network, devices):
        self.network = network
        self.inner = {name: Inner(name) for name in devices}
        self.netlink = Netlink()
        self.passed = 0
        self.failures = []
        self.proved = set()     # counters that rose by just as much as a case said

    # Waiting

    def wait(self, source):
        """The next packet from `source`, None after PATIENCE."""
        end = time.monotonic() + PATIENCE
        while True:
            packet = source.receive()
            if packet is not None or time.monotonic() > end:
                return packet
            select.select([source], [], [], end - time.monotonic())

    def until(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                sys.exit(f"FAIL waited {PATIENCE} s in vain for: {what}")
            select.select([], [], [], 0.01)

    def flush(self, device):
        self.netlink.flush(self.inner[device].ifindex)

    def set_nodes(self, device, *nodes):
        """These, as dsmip-nl takes them, and no other nodes."""
        self.flush(device)
        nl("binding-new", device, "--create", *(word for node in nodes for word in ("--node", node)))

    def drain(self):
        for source in (self.network, *self.inner.values()):
            while source.receive() is not None:
                pass

    # Results

    def result(self, name, problem):
        if problem:
            self.failures.append(name)
            print(f"FAIL {name}: {problem}", flush=True)
        else:
            self.passed += 1
            print(f"ok   {name}", flush=True)

    def counters(self):
        return {name: self.netlink.counters(inner.ifindex) for name, inner in self.inner.items()}

    @staticmethod
    def changes(before, after):
        return {f"{device}.{name}": value - before[device][name]
                for device, values in after.items() for name, value in values.items()
                if value != before[device][name]}

    def settle(self, before, wanted):
        """Counter changes since `before`, once they are as `wanted` or patience ends."""
        end = time.monotonic() + (PATIENCE if wanted else 0)
        while True:
            changes = self.changes(before, self.counters())
            if changes == wanted:
                self.proved.update(key.split(".")[1] for key in wanted)
            if changes == wanted or time.monotonic() > end:
                return changes
            select.select([], [], [], 0.005)

    @staticmethod
    def compare(wanted, got):
        if got is None:
            return f"nothing came, wanted {wanted[:128].hex()}"
        wanted, got = normalised(wanted), normalised(got)
        if wanted == got:
            return None
        at = next((i for i, (a, b) in enumerate(zip(wanted, got)) if a != b), min(len(wanted), len(got)))
        first = max(at - at % 16 - 64, 0)
        return (f"octet {at} differs, {len(wanted)} octets wanted, {len(got)} came; from {first}:\n"
                f"  wanted {wanted[first:first + 128].hex()}\n  got    {got[first:first + 128].hex()}")

    # Cases

    def outward(self, name, device, packet, expect, mark=0, counts=None, **more):
        """`packet` into `device`; `expect`: the outer packet, a list of them, or a drop counter."""
        self.drain()
        before = self.counters()
        wanted = {f"{device}.{key}": value for key, value in (counts or {}).items()}
        if isinstance(expect, str):
            wanted[f"{device}.{expect}"] = 1
        self.inner[device].send(packet, mark, **more)
        problem = None
        for one in [] if isinstance(expect, str) else [expect] if isinstance(expect, bytes) else expect:
            if not problem:
                problem = self.compare(one, self.wait(self.network))
        changes = self.settle(before, wanted)
        if changes != wanted:
            problem = f"counters {changes}, wanted {wanted}; {problem}"
        stray = self.network.receive()  # transmission is over when the counter has risen
        if stray:
            problem = f"unexpected packet {stray[:128].hex()}; {problem}"
        self.result(name, problem)

    def inward(self, name, device, packets, expect, cookie=False, counts=None):
        """`packets` (or one) from the network; `expect`: the inner packet or a drop counter.
        Returns the mark of what came in."""
        self.drain()
        before = self.counters()
        wanted = {f"{device}.{key}": value for key, value in (counts or {}).items()}
        if isinstance(expect, str):
            wanted[f"{device}.{expect}"] = 1
        if cookie:
            wanted[f"{device}.signalling_in"] = 1
        for packet in [packets] if isinstance(packets, bytes) else packets:
            self.network.send(packet)
        problem, mark = None, 0
        if not isinstance(expect, str):
            got, mark = self.wait(self.inner[device]) or (None, 0)
            problem = self.compare(expect, got)
            if bool(mark & 0x80000000) != cookie or (not cookie and mark):
                problem = f"mark {mark:#x}; {problem}"
        changes = self.settle(before, wanted)
        if changes != wanted:
            problem = f"counters {changes}, wanted {wanted}; {problem}"
        for inner in self.inner.values():
            stray = inner.receive()
            if stray:
                problem = f"unexpected packet {stray[0][:128].hex()} on {inner.name}; {problem}"
        self.result(name, problem)
        return mark

    def check(self, name, wanted, got):
        self.result(name, None if wanted == got else f"wanted {wanted}, got {got}")

    def finish(self):
        print(f"{self.passed} passed, {len(self.failures)} failed", flush=True)
        for name in self.failures:
            print(f"failed: {name}")
        sys.exit(1 if self.failures else 0)


def nl(*words, check=True):
    return run("dsmip-nl", *words, check=check)


def nl_json(*words):
    return json.loads(nl("--json", *words).stdout)
