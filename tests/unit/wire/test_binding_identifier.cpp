// SPDX-License-Identifier: GPL-2.0-or-later
// Reading octet 5 of the Binding Identifier option in each dialect, and telling them apart.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

namespace {

using Address = std::variant<std::monostate, Ipv4Address, Ipv6Address>;

const Address no_address;

BindingIdentifier option(std::uint8_t flags, const Address& address = no_address,
                         std::uint16_t bid = 1) {
    return {bid, BindingStatus::Accepted, flags, address, {}};
}

BindingUpdate update(MobilityOptions options, std::uint16_t lifetime = 150) {
    auto result = update_with(std::move(options));
    result.lifetime = {lifetime};
    return result;
}

BindingIdentifierContext context(Dialect dialect) {
    return {.dialect = dialect, .home_address = home_address};
}

BindingIdentifierReadings read(const BindingUpdate& message,
                               const BindingIdentifierContext& circumstances) {
    const auto readings = read_binding_identifiers(message, circumstances);
    REQUIRE(readings.has_value());
    return *readings;
}

BindingIdentifierReading read_one(const BindingUpdate& message,
                                  const BindingIdentifierContext& circumstances) {
    const auto readings = read(message, circumstances);
    REQUIRE(readings.options.size() == 1);
    return readings.options.front();
}

void check_refused(const BindingUpdate& message, const BindingIdentifierContext& circumstances) {
    const auto readings = read_binding_identifiers(message, circumstances);
    REQUIRE_FALSE(readings.has_value());
    CHECK(readings.error() == BindingStatus::McoaMalformed);
}

} // namespace

TEST_CASE("numbers of RFC 5648", "[M-11-01]") {
    const auto number = [](auto value) { return static_cast<unsigned>(value); };
    CHECK(number(OptionType::BindingIdentifier) == 35);
    CHECK(number(BindingStatus::McoaNotComplete) == 4);
    CHECK(number(BindingStatus::McoaReturnHomeWithoutNdp) == 5);
    CHECK(number(BindingStatus::McoaMalformed) == 164);
    CHECK(number(BindingStatus::McoaNonMcoaBindingExists) == 165);
    CHECK(number(BindingStatus::McoaProhibited) == 166);
    CHECK(number(BindingStatus::McoaUnknownCareOfAddress) == 167);
    CHECK(number(BindingStatus::McoaBulkRegistrationProhibited) == 168);
    CHECK(number(BindingStatus::McoaSimultaneousHomeAndForeignProhibited) == 169);
}

TEST_CASE("no option, no reading") {
    const auto readings = read(update({NonceIndices{1, 2}}), context(Dialect::Auto));
    CHECK(readings.options.empty());
    CHECK(readings.dialect == Dialect::Auto);
}

TEST_CASE("a wrong length refuses the whole Binding Update", "[M-4.2.1-02][M-4.2.1-03]") {
    auto wrong = option(0);
    wrong.malformed_length = 5;
    for (const auto dialect : {Dialect::Rfc, Dialect::Draft, Dialect::Auto}) {
        check_refused(update({option(0, care_of_address), wrong}), context(dialect));
    }
}

TEST_CASE("octet 5 by RFC 5648 and 6089") {
    const auto circumstances = context(Dialect::Rfc);
    const auto home = read_one(update({option(0x80, home_address)}), circumstances);
    CHECK(home.home);
    CHECK(home.priority == 0);
    CHECK(home.status == BindingStatus::Accepted);

    const auto foreign = read_one(update({option(0x7F, care_of_address)}), circumstances);
    CHECK_FALSE(foreign.home);
    CHECK(foreign.priority == 127);
    CHECK(foreign.flags == 0x7F);
    CHECK(foreign.care_of_address == Address{care_of_address});

    CHECK(read_one(update({option(0x40)}), circumstances).priority == 64);
    // A home address is never an IPv4 care-of address.
    CHECK(read_one(update({option(0x80, ipv4_care_of_address)}), circumstances).status ==
          BindingStatus::McoaMalformed);

    auto overwriting = update({option(0, care_of_address)});
    CHECK_FALSE(read(overwriting, circumstances).overwrite);
    overwriting.flags.overwrite = true;
    CHECK(read(overwriting, circumstances).overwrite);
}

TEST_CASE("octet 5 by the draft", "[M-4.2.1-11][M-4.2.1-12][M-4.2.1-13][M-4.2.1-14][M-4.2.1-16]") {
    const auto circumstances = context(Dialect::Draft);
    const auto ipv6 = read_one(update({option(0x80, care_of_address)}), circumstances);
    CHECK(ipv6.status == BindingStatus::Accepted);
    CHECK_FALSE(ipv6.home);
    CHECK(ipv6.priority == 0);
    CHECK(read_one(update({option(0x90, ipv4_care_of_address)}), circumstances).status ==
          BindingStatus::Accepted);
    CHECK(read_one(update({option(0x20)}, 0), circumstances).home);
    CHECK(read(update({option(0xC0, care_of_address)}), circumstances).overwrite);
    CHECK_FALSE(read(update({option(0x80, care_of_address)}), circumstances).overwrite);
    // Reserved bits are disregarded.
    CHECK(read_one(update({option(0x8F, care_of_address)}), circumstances).status ==
          BindingStatus::Accepted);
}

TEST_CASE("draft flags that contradict the length refuse that option", "[M-4.2.1-13][M-4.2.1-14]") {
    const auto circumstances = context(Dialect::Draft);
    const std::vector<BindingIdentifier> contradictions{
        option(0x00, care_of_address),      // address without C
        option(0x00, ipv4_care_of_address), // address without C
        option(0x80),                       // C without address
        option(0x90, care_of_address),      // D with IPv6
        option(0x80, ipv4_care_of_address), // IPv4 without D
        option(0x10),                       // D without address
    };
    for (const auto& contradiction : contradictions) {
        CAPTURE(int(contradiction.flags));
        CHECK(read_one(update({contradiction}), circumstances).status ==
              BindingStatus::McoaMalformed);
    }
    // Its neighbour is not touched.
    const auto readings =
        read(update({option(0x90, care_of_address), option(0x80, second_care_of_address, 2)}),
             circumstances);
    REQUIRE(readings.options.size() == 2);
    CHECK(readings.options[0].status == BindingStatus::McoaMalformed);
    CHECK(readings.options[1].status == BindingStatus::Accepted);
}

TEST_CASE("the draft wants C and O in all options or none") {
    const auto circumstances = context(Dialect::Draft);
    check_refused(update({option(0x80, care_of_address), option(0, no_address, 2)}), circumstances);
    check_refused(update({option(0x80, care_of_address), option(0x80, no_address, 2)}),
                  circumstances);
    check_refused(update({option(0xC0, care_of_address), option(0x80, second_care_of_address, 2)}),
                  circumstances);
    CHECK(read(update({option(0x20), option(0, no_address, 2)}, 0), circumstances).options.size() ==
          2);
}

TEST_CASE("BID 0 and addresses that are no unicast refuse that option", "[M-4.2.1-04]") {
    const auto circumstances = context(Dialect::Rfc);
    const std::vector<BindingIdentifier> faults{
        option(0, care_of_address, 0),    option(0, v6("ff02::1")),   option(0, v6("::")),
        option(0, v6("fe80::1")),         option(0, v4("224.0.0.1")), option(0, v4("0.0.0.0")),
        option(0, v4("255.255.255.255")), option(0, v4("127.0.0.1")),
    };
    for (const auto& fault : faults) {
        const auto readings =
            read(update({fault, option(0, second_care_of_address, 2)}), circumstances);
        REQUIRE(readings.options.size() == 2);
        CHECK(readings.options[0].status == BindingStatus::McoaMalformed);
        CHECK(readings.options[1].status == BindingStatus::Accepted);
    }
}

TEST_CASE("auto: an address without the top bit is the RFC's") {
    for (const Address& address : {Address{care_of_address}, Address{ipv4_care_of_address}}) {
        const auto readings = read(update({option(0x41, address)}), context(Dialect::Auto));
        CHECK(readings.dialect == Dialect::Rfc);
        CHECK(readings.options.front().priority == 0x41);
        CHECK_FALSE(readings.options.front().home);
    }
}

TEST_CASE("auto: the top bit is H with the home address and a lifetime, else the draft's C",
          "[M-4.2.1-08][M-4.2.1-09]") {
    const auto circumstances = context(Dialect::Auto);
    const auto home = read(update({option(0x80, home_address)}), circumstances);
    CHECK(home.dialect == Dialect::Rfc);
    CHECK(home.options.front().home);

    const auto foreign = read(update({option(0x80, care_of_address)}), circumstances);
    CHECK(foreign.dialect == Dialect::Draft);
    CHECK_FALSE(foreign.options.front().home);

    CHECK(read(update({option(0x80, home_address)}, 0), circumstances).dialect == Dialect::Draft);
}

TEST_CASE("auto: the top bit with an IPv4 address is the draft's C, which wants D",
          "[M-4.2.1-13][M-4.2.1-16]") {
    const auto right = read(update({option(0x90, ipv4_care_of_address)}), context(Dialect::Auto));
    CHECK(right.dialect == Dialect::Draft);
    CHECK(right.options.front().status == BindingStatus::Accepted);
    const auto wrong = read(update({option(0x80, ipv4_care_of_address)}), context(Dialect::Auto));
    CHECK(wrong.dialect == Dialect::Draft);
    CHECK(wrong.options.front().status == BindingStatus::McoaMalformed);
}

TEST_CASE("auto: without an address it is the RFC's, except the draft's return home",
          "[M-4.2.1-12]") {
    auto circumstances = context(Dialect::Auto);
    const auto priority = read(update({option(0x40)}), circumstances);
    CHECK(priority.dialect == Dialect::Auto);
    CHECK(priority.options.front().priority == 64);
    CHECK(read_one(update({option(0x20)}, 0), circumstances).priority == 0x20);
    circumstances.over_home_link = true;
    CHECK(read_one(update({option(0x20)}, 150), circumstances).priority == 0x20);
    const auto home = read(update({option(0x20)}, 0), circumstances);
    CHECK(home.dialect == Dialect::Draft);
    CHECK(home.options.front().home);
    CHECK(read_one(update({option(0x01)}, 0), circumstances).priority == 1);
}

TEST_CASE("auto: what was proved before decides what proves nothing") {
    auto circumstances = context(Dialect::Auto);
    circumstances.remembered = Dialect::Draft;
    CHECK(read(update({option(0x40)}), circumstances).overwrite);
    CHECK(read(update({option(0x40)}), circumstances).dialect == Dialect::Draft);
    // Proof outweighs memory.
    CHECK(read(update({option(0, care_of_address)}), circumstances).dialect == Dialect::Rfc);
}

TEST_CASE("auto: one Binding Update speaks one dialect") {
    const auto circumstances = context(Dialect::Auto);
    check_refused(update({option(0x80, care_of_address), option(0x00, second_care_of_address, 2)}),
                  circumstances);
    check_refused(update({option(0x80, care_of_address), option(0x00, no_address, 2)}),
                  circumstances);
    check_refused(update({option(0x80, care_of_address), option(0x80, home_address, 2)}),
                  circumstances);
    CHECK(read(update({option(0x80, care_of_address), option(0x90, ipv4_care_of_address, 2)}),
               circumstances)
              .dialect == Dialect::Draft);
    CHECK(read(update({option(0x80, home_address), option(0x00, care_of_address, 2),
                       option(0x00, no_address, 3)}),
               circumstances)
              .dialect == Dialect::Rfc);
}

TEST_CASE("auto takes O from where the dialect has it", "[M-4.2.1-11]") {
    auto message = update({option(0xC0, care_of_address)});
    CHECK(read(message, context(Dialect::Auto)).overwrite);
    message = update({option(0x80, care_of_address)});
    message.flags.overwrite = true; // means nothing in the draft
    CHECK_FALSE(read(message, context(Dialect::Auto)).overwrite);
    message = update({option(0)});
    message.flags.overwrite = true;
    CHECK(read(message, context(Dialect::Auto)).overwrite);
}

TEST_CASE("building octet 5", "[M-4.2.1-08][M-4.2.1-09][M-4.2.1-13][M-4.2.1-15][M-4.2.1-16]") {
    const auto flags = [](const BindingIdentifierRequest& request, Dialect dialect) {
        return int(make_binding_identifier(request, dialect).flags);
    };
    const BindingIdentifierRequest plain{.bid = 1};
    const BindingIdentifierRequest ipv6{.bid = 1, .care_of_address = care_of_address};
    const BindingIdentifierRequest ipv4{.bid = 1, .care_of_address = ipv4_care_of_address};
    const BindingIdentifierRequest home{.bid = 1, .home = true};
    const BindingIdentifierRequest rich{.bid = 1, .overwrite = true, .priority = 9};
    for (const auto dialect : {Dialect::Rfc, Dialect::Auto}) {
        CHECK(flags(plain, dialect) == 0);
        CHECK(flags(ipv6, dialect) == 0);
        CHECK(flags(ipv4, dialect) == 0);
        CHECK(flags(home, dialect) == 0x80);
        CHECK(flags(rich, dialect) == 9);
    }
    CHECK(flags(plain, Dialect::Draft) == 0);
    CHECK(flags(ipv6, Dialect::Draft) == 0x80);
    CHECK(flags(ipv4, Dialect::Draft) == 0x90);
    CHECK(flags(home, Dialect::Draft) == 0x20);
    CHECK(flags(rich, Dialect::Draft) == 0x40);
}

TEST_CASE("what is built is read back in its dialect and by auto") {
    for (const auto dialect : {Dialect::Rfc, Dialect::Draft}) {
        for (const auto reader : {dialect, Dialect::Auto}) {
            const BindingIdentifierRequest request{.bid = 9, .care_of_address = care_of_address};
            const auto readings =
                read(update({make_binding_identifier(request, dialect)}), context(reader));
            CHECK(readings.dialect == dialect);
            CHECK(readings.options.front().bid == 9);
            CHECK(readings.options.front().status == BindingStatus::Accepted);
            CHECK(readings.options.front().care_of_address == Address{care_of_address});
        }
    }
}

TEST_CASE("the echo has length 4, the same BID and octet 5, and its own status", "[M-4.2.1-17]") {
    const auto echo = echo_binding_identifier(option(0xC5, care_of_address, 77),
                                              BindingStatus::InsufficientResources);
    CHECK(echo == BindingIdentifier{77, BindingStatus::InsufficientResources, 0xC5, {}, {}});
}
