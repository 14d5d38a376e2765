// SPDX-License-Identifier: GPL-2.0-or-later
// Messages that are cut, lie about lengths or are noise: an error or a message, never a crash. The
// sanitizers of the test build watch every access.
#include <catch2/catch.hpp>

#include <cstring>
#include <random>

#include <linux/dsmip.h>

#include "netlink/dsmip_family.hpp"
#include "samples.hpp"

namespace dsmip::netlink {

using namespace test;

namespace {

/// Make the netlink header agree with the size.
void set_length(std::vector<std::byte>& octets) {
    const auto length = static_cast<std::uint32_t>(octets.size());
    std::memcpy(octets.data(), &length, sizeof(length));
}

} // namespace

TEST_CASE("a message cut anywhere is an error", "[malformed]") {
    const std::vector<std::byte> whole = octets_of(full_message());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        // A copy of the exact size, so that the sanitizer sees a read behind it.
        const std::vector<std::byte> cut(whole.begin(), whole.begin() + size);
        CHECK_FALSE(decode(cut));
    }
}

TEST_CASE("a message cut anywhere that admits it never crashes and never invents", "[malformed]") {
    const std::vector<std::byte> whole = octets_of(full_message());
    std::size_t refused = 0;
    for (std::size_t size = 20; size < whole.size(); ++size) {
        std::vector<std::byte> cut(whole.begin(), whole.begin() + size);
        set_length(cut);
        const auto message = decode(cut);
        if (!message) {
            ++refused;
            CHECK_FALSE(message.error().message.empty());
        } else {
            CHECK(*message != full_message());
        }
    }
    CHECK(refused > whole.size() / 2);
}

TEST_CASE("every attribute length is checked", "[malformed]") {
    const std::vector<std::byte> whole = octets_of(full_message());
    // Every aligned word may be the header of an attribute; give it each length that matters.
    for (std::size_t at = 20; at + 4 <= whole.size(); at += 4) {
        for (const std::uint16_t length : {0, 1, 3, 4, 5, 6, 7, 9, 255, 65535}) {
            std::vector<std::byte> bad = whole;
            std::memcpy(bad.data() + at, &length, sizeof(length));
            (void)decode(bad);
        }
    }
    SUCCEED("no crash");
}

TEST_CASE("an attribute of wrong size is refused by name", "[malformed]") {
    Message message;
    message.command = Command::binding_get;
    message.ifindex = 4;
    std::vector<std::byte> octets = octets_of(message);
    octets.resize(octets.size() - 1); // IFINDEX of 3 octets
    const std::uint16_t length = 7;
    std::memcpy(octets.data() + 20, &length, sizeof(length));
    set_length(octets);
    const auto decoded = decode(octets);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().message == "message: attribute 2 has 3 octets, 4 expected");
}

TEST_CASE("values out of range are refused", "[malformed]") {
    Message message = full_message();
    message.device->settings.role = static_cast<Role>(DSMIP_ROLE_MAX + 1);
    CHECK_FALSE(decode(octets_of(message)));
    message = full_message();
    message.nodes[0].bindings[0].encapsulation = static_cast<Encapsulation>(DSMIP_ENCAP_MAX + 1);
    CHECK_FALSE(decode(octets_of(message)));
    message = full_message();
    message.path->encapsulation = static_cast<Encapsulation>(255);
    CHECK_FALSE(decode(octets_of(message)));
}

TEST_CASE("noise never crashes", "[malformed]") {
    std::mt19937 random(20261121); // always the same sequence
    const std::vector<std::byte> whole = octets_of(full_message());
    for (int round = 0; round < 20000; ++round) {
        std::vector<std::byte> bad = whole;
        for (unsigned change = random() % 8 + 1; change > 0; --change) {
            bad[random() % bad.size()] = static_cast<std::byte>(random());
        }
        bad.resize(random() % 4 == 0 ? random() % bad.size() : bad.size());
        if (random() % 2 == 0 && bad.size() >= 4) {
            set_length(bad);
        }
        (void)decode(bad);
    }
    SUCCEED("no crash");
}

} // namespace dsmip::netlink
