// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer target: any octets through the decoder in every dialect. What is accepted must encode
// and decode to itself, and its Binding Identifier options must be readable.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "wire/binding_identifier.hpp"
#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/extension_header.hpp"

using namespace dsmip::wire;

namespace {

constexpr Ipv6Address source{{0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}};
constexpr Ipv6Address destination{{0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// Length and checksum made right, or nearly every input would end at them.
std::vector<std::uint8_t> plausible(std::span<const std::uint8_t> input) {
    std::vector<std::uint8_t> octets(input.begin(), input.end());
    if (octets.size() < 8 || octets.size() > max_mobility_header_length) {
        return octets;
    }
    octets.resize(octets.size() / 8 * 8);
    octets[1] = static_cast<std::uint8_t>(octets.size() / 8 - 1);
    octets[checksum_offset] = 0;
    octets[checksum_offset + 1] = 0;
    const auto checksum = mobility_header_checksum(octets, source, destination);
    octets[checksum_offset] = static_cast<std::uint8_t>(checksum >> 8U);
    octets[checksum_offset + 1] = static_cast<std::uint8_t>(checksum & 0xFFU);
    return octets;
}

void check_readings(const BindingUpdate& update) {
    for (const auto dialect : {Dialect::Rfc, Dialect::Draft, Dialect::Auto}) {
        for (const bool over_home_link : {false, true}) {
            const auto readings =
                read_binding_identifiers(update, {dialect, source, over_home_link, Dialect::Auto});
            require(!readings || readings->options.size() ==
                                     find_options<BindingIdentifier>(update.options).size());
        }
    }
}

void check_message(const std::vector<std::uint8_t>& octets, Dialect dialect) {
    const auto once = decode(octets, source, destination, dialect);
    if (!once) {
        require(once.error().offset <= octets.size());
        return;
    }
    if (const auto* update = std::get_if<BindingUpdate>(&*once)) {
        check_readings(*update);
    }
    const auto written = dialect == Dialect::Auto ? Dialect::Rfc : dialect;
    const auto again = encode(*once, written, source, destination);
    if (!again) {
        // Padding can be longer than that of the sender, and a marked option is for receivers only.
        require(again.error() == EncodeError::MalformedOption ||
                again.error() == EncodeError::MessageTooLong);
        return;
    }
    const auto twice = decode(*again, source, destination, written);
    require(twice && *twice == *once);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span input(data, size);
    static_cast<void>(parse_destination_options(input));
    static_cast<void>(parse_type2_routing_header(input));
    static_cast<void>(decode(input, source, destination, Dialect::Auto));
    const auto octets = plausible(input);
    for (const auto dialect : {Dialect::Rfc, Dialect::Draft, Dialect::Auto}) {
        check_message(octets, dialect);
    }
    return 0;
}
