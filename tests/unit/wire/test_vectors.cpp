// SPDX-License-Identifier: GPL-2.0-or-later
// Messages that were computed elsewhere, byte for byte, both directions.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

TEST_CASE("test vectors encode byte for byte",
          "[D-3.1.1-01][D-3.1.2-01][D-3.2.1-01][D-3.2.2-01][M-4.2.1-01][M-4.2.1-04]") {
    for (const auto& vector : vectors()) {
        DYNAMIC_SECTION(vector.name) {
            const auto octets =
                encode(vector.message, vector.dialect, vector.source, vector.destination);
            REQUIRE(octets.has_value());
            CHECK(to_hex(*octets) == vector.hex);
        }
    }
}

TEST_CASE("test vectors decode to their values",
          "[D-3.1.1-01][D-3.1.2-01][D-3.2.1-01][D-3.2.2-01][M-4.2.1-01][M-4.2.1-04]") {
    for (const auto& vector : vectors()) {
        DYNAMIC_SECTION(vector.name) {
            const auto message =
                decode(from_hex(vector.hex), vector.source, vector.destination, vector.dialect);
            REQUIRE(message.has_value());
            CHECK(*message == vector.message);
        }
    }
}

TEST_CASE("an auto receiver reads the test vectors of either dialect") {
    for (const auto& vector : vectors()) {
        DYNAMIC_SECTION(vector.name) {
            const auto message =
                decode(from_hex(vector.hex), vector.source, vector.destination, Dialect::Auto);
            REQUIRE(message.has_value());
            CHECK(*message == vector.message);
        }
    }
}

TEST_CASE("the pseudo-header has the addresses behind home address option and routing header") {
    for (const auto& vector : vectors()) {
        DYNAMIC_SECTION(vector.name) {
            const auto octets = from_hex(vector.hex);
            const auto other = second_care_of_address;
            CHECK(decode(octets, other, vector.destination, vector.dialect).error().cause ==
                  DecodeCause::MhChecksum);
            CHECK(decode(octets, vector.source, other, vector.dialect).error().cause ==
                  DecodeCause::MhChecksum);
        }
    }
}
