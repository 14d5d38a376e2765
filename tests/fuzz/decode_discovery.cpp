// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer target: any octets through the decoder of discovery messages. What is accepted must
// encode and decode to itself.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "wire/checksum.hpp"
#include "wire/discovery.hpp"

using namespace dsmip::wire;

namespace {

constexpr Ipv6Address source{{0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}};
constexpr Ipv6Address destination{{0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr std::size_t checksum_at = 2;
constexpr std::uint8_t icmpv6 = 58;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// With the right checksum, or nearly every input would end at it.
std::vector<std::uint8_t> plausible(std::span<const std::uint8_t> input) {
    std::vector<std::uint8_t> octets(input.begin(), input.end());
    if (octets.size() >= checksum_at + 2) {
        octets[checksum_at] = 0;
        octets[checksum_at + 1] = 0;
        const auto sum = upper_layer_checksum(octets, source, destination, icmpv6);
        octets[checksum_at] = static_cast<std::uint8_t>(sum >> 8U);
        octets[checksum_at + 1] = static_cast<std::uint8_t>(sum & 0xFFU);
    }
    return octets;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span input(data, size);
    static_cast<void>(decode_discovery(input, source, destination));
    const auto once = decode_discovery(plausible(input), source, destination);
    if (once) {
        const auto twice =
            decode_discovery(encode(*once, source, destination), source, destination);
        require(twice && *twice == *once);
    }
    return 0;
}
