// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzer input as a script for an engine: each step is one octet that says what happens and those
// it needs.  tests/fuzz/run writes the first scripts from the messages of the unit tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "mobility/types.hpp"
#include "wire/checksum.hpp"

namespace dsmip::fuzz {

inline void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

class Script {
public:
    explicit Script(std::span<const std::uint8_t> input)
        : input_(input) {}

    [[nodiscard]] bool empty() const { return input_.empty(); }
    std::uint8_t octet() {
        if (input_.empty()) {
            return 0;
        }
        const auto value = input_.front();
        input_ = input_.subspan(1);
        return value;
    }
    // A length octet and so many more.
    std::vector<std::uint8_t> octets() {
        const std::size_t wanted = octet();
        const auto length = std::min(wanted, input_.size());
        const auto taken = input_.first(length);
        input_ = input_.subspan(length);
        return {taken.begin(), taken.end()};
    }

private:
    std::span<const std::uint8_t> input_;
};

// Length and checksum made right, or nearly every message would end at them.
inline void make_plausible(std::vector<std::uint8_t>& octets, const wire::Ipv6Address& source,
                           const wire::Ipv6Address& destination) {
    if (octets.size() < 8) {
        return;
    }
    octets.resize(octets.size() / 8 * 8);
    octets[1] = static_cast<std::uint8_t>(octets.size() / 8 - 1);
    octets[wire::checksum_offset] = 0;
    octets[wire::checksum_offset + 1] = 0;
    const auto checksum = wire::mobility_header_checksum(octets, source, destination);
    octets[wire::checksum_offset] = static_cast<std::uint8_t>(checksum >> 8U);
    octets[wire::checksum_offset + 1] = static_cast<std::uint8_t>(checksum);
}

inline wire::Ipv6Address address6(std::uint8_t network, std::uint8_t host) {
    return {{0x20, 0x01, 0x0D, 0xB8, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, host, 0}};
}

inline mobility::Duration pause(std::uint8_t size) {
    return mobility::Duration(size < 128 ? size * 10 : (size - 127) * 5000);
}

} // namespace dsmip::fuzz
