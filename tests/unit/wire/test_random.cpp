// SPDX-License-Identifier: GPL-2.0-or-later
// Properties that hold for any message: what is encoded decodes to itself and is padded and
// aligned; noise never crashes the decoder. The seed is fixed, so a failure repeats.
#include <catch2/catch.hpp>

#include <random>

#include "support.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

namespace {

class Generator {
public:
    explicit Generator(std::uint32_t seed)
        : engine_(seed) {}

    unsigned below(unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(engine_);
    }
    bool coin() { return below(2) == 1; }
    std::uint8_t u8() { return static_cast<std::uint8_t>(below(0x100)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(below(0x10000)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(engine_()); }
    Bytes bytes(std::size_t size) {
        Bytes result(size);
        fill(result);
        return result;
    }
    Ipv4Address ipv4() { return filled<Ipv4Address>(); }
    Ipv6Address ipv6() { return filled<Ipv6Address>(); }
    template<std::size_t Size>
    std::array<std::uint8_t, Size> array() {
        std::array<std::uint8_t, Size> result{};
        fill(result);
        return result;
    }

    /// Any option but Binding Authorization Data, which the encoder moves.
    MobilityOption option() {
        switch (below(14)) {
        case 0:
            return BindingRefreshAdvice{{u16()}};
        case 1:
            return AlternateCareOfAddress{ipv6()};
        case 2:
            return NonceIndices{u16(), u16()};
        case 3:
            return MobileNetworkPrefix{{ipv6(), u8()}};
        case 4:
            return MobilityHeaderLinkLayerAddress{u8(), bytes(below(8))};
        case 5:
            return MobileNodeIdentifier{u8(), bytes(below(30))};
        case 6:
            return Authentication{u8(), u32(), bytes(below(20))};
        case 7:
            return ReplayProtection{std::uint64_t{u32()} << 32U | u32()};
        case 8:
            return Ipv4HomeAddress{static_cast<std::uint8_t>(below(64)), coin(), ipv4()};
        case 9:
            return ipv4_acknowledgement();
        case 10:
            return NatDetection{coin(), u32()};
        case 11:
            return Ipv4CareOfAddress{ipv4()};
        case 12:
            return binding_identifier();
        default:
            return UnknownOption{static_cast<std::uint8_t>(100 + below(156)), bytes(below(40))};
        }
    }

    MobilityOptions options() {
        MobilityOptions result;
        for (auto count = below(8); count > 0; --count) {
            result.push_back(option());
        }
        if (below(4) == 0) {
            result.emplace_back(BindingAuthorizationData{array<12>()});
        }
        return result;
    }

    MobilityMessage message(Dialect dialect) {
        switch (below(9)) {
        case 0:
            return BindingRefreshRequest{options()};
        case 1:
            return HomeTestInit{array<8>(), options()};
        case 2:
            return CareOfTestInit{array<8>(), options()};
        case 3:
            return HomeTest{u16(), array<8>(), array<8>(), options()};
        case 4:
            return CareOfTest{u16(), array<8>(), array<8>(), options()};
        case 5:
            return binding_update(dialect);
        case 6:
            return BindingAcknowledgement{static_cast<BindingStatus>(u8()),
                                          {coin(), coin(), coin()},
                                          u16(),
                                          {u16()},
                                          options()};
        case 7:
            return BindingError{static_cast<BindingErrorStatus>(u8()), ipv6(), options()};
        default: {
            HomeAgentSwitch result;
            for (auto count = below(6); count > 0; --count) {
                result.home_agents.push_back(ipv6());
            }
            result.options = options();
            return result;
        }
        }
    }

private:
    template<class Container>
    void fill(Container& container) {
        for (auto& octet : container) {
            octet = u8();
        }
    }
    template<class Address>
    Address filled() {
        Address result;
        fill(result.bytes);
        return result;
    }
    MobilityOption ipv4_acknowledgement() {
        const auto status = static_cast<Ipv4AddressStatus>(u8());
        const auto length = is_success(status) ? below(64) : 0;
        return Ipv4AddressAcknowledgement{status, static_cast<std::uint8_t>(length), ipv4()};
    }
    MobilityOption binding_identifier() {
        BindingIdentifier result{u16(), static_cast<BindingStatus>(u8()), u8(), {}, {}};
        switch (below(3)) {
        case 0:
            result.care_of_address = ipv4();
            break;
        case 1:
            result.care_of_address = ipv6();
            break;
        default:
            break;
        }
        return result;
    }
    MobilityMessage binding_update(Dialect dialect) {
        BindingUpdate update{u16(), {}, {u16()}, options()};
        auto& flags = update.flags;
        for (auto* flag : {&flags.acknowledge, &flags.home_registration, &flags.link_local,
                           &flags.key_management, &flags.map_registration, &flags.mobile_router,
                           &flags.force_udp, &flags.tlv}) {
            *flag = coin();
        }
        // Only what the dialect can say.
        if (dialect == Dialect::Rfc) {
            flags.proxy = coin();
            flags.overwrite =
                !flags.proxy && coin() && find_option<BindingIdentifier>(update.options) != nullptr;
        }
        return update;
    }

    std::mt19937 engine_;
};

/// Walks the option area on its own: every option at its alignment, padding shorter than 8 octets,
/// zero, and never twice in a row.
void check_alignment(const Bytes& octets, std::size_t offset) {
    static const std::vector<std::array<std::size_t, 3>> alignments{
        {2, 2, 0},  {3, 8, 6},  {4, 2, 0},  {5, 8, 2},  {6, 8, 4}, {9, 4, 1},
        {10, 8, 2}, {29, 4, 0}, {30, 4, 0}, {31, 4, 0}, {32, 4, 0}};
    bool after_padding = false;
    while (offset < octets.size()) {
        const auto type = octets[offset];
        const std::size_t length = type == 0 ? 1 : octets.at(offset + 1) + 2U;
        REQUIRE(offset + length <= octets.size());
        if (type <= 1) {
            REQUIRE_FALSE(after_padding);
            REQUIRE(length < 8);
            for (std::size_t i = 2; i < length; ++i) {
                REQUIRE(octets[offset + i] == 0);
            }
        } else if (type == 35) {
            REQUIRE(offset % (length == 6 ? 2 : 8) == (length == 6 ? 0 : 2));
        } else {
            for (const auto& [known, multiple, remainder] : alignments) {
                if (type == known) {
                    REQUIRE(offset % multiple == remainder);
                }
            }
        }
        after_padding = type <= 1;
        offset += length;
    }
}

std::size_t options_offset(const MobilityMessage& message) {
    static const std::array<std::size_t, 8> offsets{8, 16, 16, 24, 24, 12, 12, 24};
    if (const auto* has = std::get_if<HomeAgentSwitch>(&message)) {
        return 8 + has->home_agents.size() * 16;
    }
    return offsets.at(static_cast<std::size_t>(mh_type(message)));
}

} // namespace

TEST_CASE("any message survives encoding and decoding") {
    Generator generate(20211);
    for (int i = 0; i < 5000; ++i) {
        const auto dialect = generate.coin() ? Dialect::Rfc : Dialect::Draft;
        const auto message = generate.message(dialect);
        const auto source = generate.ipv6();
        const auto destination = generate.ipv6();
        const auto octets = encode(message, dialect, source, destination);
        REQUIRE(octets.has_value());
        CAPTURE(i, to_hex(*octets));
        REQUIRE(octets->size() % 8 == 0);
        check_alignment(*octets, options_offset(message));

        auto checked = *octets;
        fix_checksum(checked, source, destination);
        REQUIRE(checked == *octets);

        const auto decoded = decode(*octets, source, destination, dialect);
        REQUIRE(decoded.has_value());
        REQUIRE(*decoded == message);
        REQUIRE(encode(*decoded, dialect, source, destination) == octets);
    }
}

TEST_CASE("noise never crashes the decoder, and what it accepts it can say again") {
    Generator generate(6275);
    std::size_t accepted = 0;
    for (int i = 0; i < 30000; ++i) {
        auto octets = generate.bytes(std::size_t{8} * (1 + generate.below(12)));
        octets[0] = 59;
        octets[1] = static_cast<std::uint8_t>(octets.size() / 8 - 1);
        octets[2] = static_cast<std::uint8_t>(generate.below(13));
        if (octets.size() > 12) { // an option type that means something, a length that may fit
            octets[12] = static_cast<std::uint8_t>(generate.below(40));
            octets[13] = static_cast<std::uint8_t>(generate.below(24));
        }
        fix_checksum(octets, home_address, home_agent);
        for (const auto dialect : {Dialect::Rfc, Dialect::Draft, Dialect::Auto}) {
            const auto once = decode_home(octets, dialect);
            if (!once) {
                continue;
            }
            ++accepted;
            const auto fixed = dialect == Dialect::Auto ? Dialect::Rfc : dialect;
            const auto again = encode(*once, fixed, home_address, home_agent);
            if (again) {
                const auto twice = decode_home(*again, fixed);
                REQUIRE(twice.has_value());
                REQUIRE(*twice == *once);
            } else {
                REQUIRE((again.error() == EncodeError::MalformedOption ||
                         again.error() == EncodeError::MessageTooLong));
            }
        }
    }
    CHECK(accepted > 1000);
}
