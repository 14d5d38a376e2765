# SPDX-License-Identifier: GPL-2.0-or-later
"""What all parts of kmod_offload share: sockets, features and counters in several namespaces from one process, and the
list of results. Programs take their time to start in a guest; so features are set and counters are read without."""
import array
import contextlib
import ctypes
import errno
import fcntl
import fnmatch
import functools
import os
import select
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from dsmip_netlink import CREATE, REPLACE, Requests, binding, node  # noqa: E402
from packet_bench import Netlink  # noqa: E402

PATIENCE = float(os.environ.get("DSMIP_TEST_PATIENCE", "60"))
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104
SIOCETHTOOL = 0x8946
ETHTOOL_GSTRINGS, ETHTOOL_GSSET_INFO, ETHTOOL_SFEATURES = 0x1B, 0x37, 0x3B
ETH_SS_FEATURES, STRING = 4, 32

ENCAPS = ("direct", "udp", "udp-tlv", "udp-tlv-draft")
FORMATS = [(outer, encap) for outer in (4, 6) for encap in ENCAPS]
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}

# Features that go together.
GROUPS = {
    "tx": ("tx-checksum-*",),
    "sg": ("tx-scatter-gather",),
    "tso": ("tx-tcp*", "tx-sctp-segmentation", "tx-udp-segmentation"),
    "gso": ("tx-generic-segmentation",),
    "tunnel": ("tx-ipxip?-segmentation", "tx-udp_tnl*"),
    "gro": ("rx-gro",),
    "list": ("rx-gro-list",),
    "fwd": ("rx-udp-gro-forwarding",),
}

FULL = {"tx": 1, "sg": 1, "tso": 1, "gso": 1, "tunnel": 1}
PLAIN = dict.fromkeys(FULL, 0)

failures, passed = [], 0


@contextlib.contextmanager
def namespace(name):
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if LIBC.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        LIBC.setns(here, CLONE_NEWNET)
        os.close(here)
        os.close(there)


def run(name, *words, feed=None):
    with namespace(name):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, input=feed)
    if done.returncode:
        sys.exit(f"{name}: {' '.join(map(str, words))}: {done.stderr or done.stdout}")
    return done.stdout


def result(name, problem):
    global passed
    if problem:
        failures.append(name)
        print(f"FAIL {name}: {problem}", flush=True)
    else:
        passed += 1
        print(f"ok   {name}", flush=True)


# Features of devices

@functools.lru_cache(maxsize=None)
def control(name):
    """A socket whose ioctls are about the devices of a namespace."""
    with namespace(name):
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def ethtool(name, device, data):
    fcntl.ioctl(control(name), SIOCETHTOOL, struct.pack("16sP16x", device.encode(), data.buffer_info()[0]))
    return data


@functools.lru_cache(maxsize=None)
def feature_names(name, device):
    """All features, by number."""
    info = ethtool(name, device, array.array("I", struct.pack("=IIQI", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_FEATURES, 0)))
    count = info[4]
    data = array.array("B", struct.pack("=III", ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count) + bytes(count * STRING))
    text = ethtool(name, device, data).tobytes()[12:]
    return [text[at:at + STRING].rstrip(b"\0").decode() for at in range(0, len(text), STRING)]


def set_features(name, device, **groups):
    """Groups of features on or off; those that a device cannot change stay."""
    names = feature_names(name, device)
    words = (len(names) + 31) // 32
    valid, wanted = [0] * words, [0] * words
    for group, value in groups.items():
        for number, feature in enumerate(names):
            if any(fnmatch.fnmatchcase(feature, pattern) for pattern in GROUPS[group]):
                valid[number // 32] |= 1 << number % 32
                wanted[number // 32] |= bool(value) << number % 32
    blocks = [word for pair in zip(valid, wanted) for word in pair]
    ethtool(name, device, array.array("I", [ETHTOOL_SFEATURES, words, *blocks]))


# Counters

class Snmp:
    """Counters of the stack in some namespaces."""

    def __init__(self, *names):
        self.files = []
        for name in names:
            with namespace(name):
                self.files += [(name, os.open(f"/proc/thread-self/net/{file}", os.O_RDONLY)) for file in ("snmp", "snmp6")]

    def read(self):
        out = {}
        for name, file in self.files:
            lines = os.pread(file, 1 << 16, 0).decode().splitlines()
            if lines[0].startswith("Ip:"):
                for keys, values in zip(lines[::2], lines[1::2]):
                    group = keys.split(":")[0]
                    out.update(((name, group + key), int(value)) for key, value in zip(keys.split()[1:], values.split()[1:]))
            else:
                out.update(((name, line.split()[0]), int(line.split()[1])) for line in lines)
        return out


CHECKSUM_ERRORS = ("UdpInCsumErrors", "Udp6InCsumErrors", "TcpInCsumErrors", "IcmpInCsumErrors", "Icmp6InCsumErrors",
                   "IpInHdrErrors", "Ip6InHdrErrors", "IpReasmFails", "Ip6ReasmFails")


def risen(before, after, counters=CHECKSUM_ERRORS):
    """What should not have risen and did."""
    return [f"{name} {counter} +{after[name, counter] - value}" for (name, counter), value in before.items()
            if counter in counters and after[name, counter] != value]


# Bindings

@functools.lru_cache(maxsize=None)
def requests(name):
    with namespace(name):
        return Requests()


def bind_node(name, device, home, care_of, encap, port):
    """The one binding of a node at one end, with a port unless that is 0; one that was there before is replaced."""
    fields = {"port": port} if port else {}
    with namespace(name):
        index = socket.if_nametoindex(device)
    requests(name).binding_new(index, node(home[6], binding(via=care_of, encap=ENCAPS.index(encap), lifetime=3600000,
                                                            **fields), home4=[home[4]]), flags=CREATE | REPLACE)


# Traffic

def tcp_pair(version, near, near_address, far, far_address, nodelay=False):
    """Connected sockets at two namespaces."""
    with namespace(far):
        server = socket.socket(FAMILY[version])
    server.bind((far_address, 0))
    server.listen(1)
    with namespace(near):
        client = socket.socket(FAMILY[version])
    client.bind((near_address, 0))
    client.settimeout(PATIENCE)
    server.settimeout(PATIENCE)
    client.connect(server.getsockname()[:2])
    end = server.accept()[0]
    server.close()
    for one in (client, end):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 17)
        one.setblocking(False)
    return client, end


def udp_pair(version, near, near_address, far, far_address):
    """Connected sockets at two namespaces."""
    ends = []
    for name, address in ((near, near_address), (far, far_address)):
        with namespace(name):
            ends.append(socket.socket(FAMILY[version], socket.SOCK_DGRAM))
        ends[-1].bind((address, 0))
        ends[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        ends[-1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    ends[0].connect(ends[1].getsockname()[:2])
    ends[1].connect(ends[0].getsockname()[:2])
    for one in ends:
        one.setblocking(False)
    return ends


def move(source, sink, data, patience=PATIENCE):
    """All of `data` from one TCP socket to the other; what is wrong, if anything."""
    view, got = memoryview(data), bytearray()
    end = time.monotonic() + patience
    while len(got) < len(data):
        readable, writable, _ = select.select([sink], [source] if view else [], [], max(0, end - time.monotonic()))
        if not readable and not writable:
            return f"{len(got)} of {len(data)} octets came"
        if readable:
            got += sink.recv(1 << 20)
        if writable:
            view = view[source.send(view):]
    return None if got == data else "other octets came than were sent"


def send_burst(source, data, size):
    """One system call, many datagrams of `size`; each for itself where the device cannot compute checksums (EIO)."""
    try:
        source.sendmsg([data], [(SOL_UDP, UDP_SEGMENT, struct.pack("=H", size))])
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        for start in range(0, len(data), size):
            source.send(data[start:start + size])


def collect(sink, count, patience):
    """So many datagrams, or those that come in time."""
    got, end = [], time.monotonic() + patience
    while len(got) < count and select.select([sink], [], [], max(0, end - time.monotonic()))[0]:
        got.append(sink.recv(1 << 16))
    return got


def compare_datagrams(got, sent):
    """What is wrong, if anything; order does not matter."""
    if sorted(got) == sorted(sent):
        return None
    foreign = sum(1 for data in got if data not in sent)
    return f"{len(got)} of {len(sent)} datagrams came, {foreign} of them spoilt"


def counters(name, device):
    with namespace(name):
        return Netlink().counters(socket.if_nametoindex(device))
