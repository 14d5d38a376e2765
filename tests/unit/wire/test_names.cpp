// SPDX-License-Identifier: GPL-2.0-or-later
// Names for people and for counters.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "support.hpp"

using namespace dsmip::wire;

TEST_CASE("drop counters have their own names, without blanks") {
    std::set<std::string_view> names;
    constexpr int last = static_cast<int>(DecodeCause::OptionNotLast);
    for (int cause = 0; cause <= last; ++cause) {
        const auto name = drop_name(static_cast<DecodeCause>(cause));
        CHECK(name != "mh_unknown");
        CHECK(std::all_of(name.begin(), name.end(),
                          [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); }));
        names.insert(name);
    }
    CHECK(names.size() == last + 1);
}

TEST_CASE("statuses have words, unknown ones their number", "[M-4.3-01]") {
    CHECK(to_string(BindingStatus::Accepted) == "accepted");
    CHECK(to_string(BindingStatus::SequenceNumberOutOfWindow) == "sequence number out of window");
    CHECK(to_string(static_cast<BindingStatus>(250)) == "status 250");
    CHECK(to_string(Ipv4AddressStatus::IncorrectIpv4HomeAddress) == "incorrect IPv4 home address");
    CHECK(to_string(static_cast<Ipv4AddressStatus>(7)) == "status 7");
    CHECK(to_string(BindingErrorStatus::UnrecognizedMhType) == "unrecognized MH type");
    CHECK(to_string(static_cast<BindingErrorStatus>(3)) == "status 3");
    CHECK(to_string(MhType::BindingUpdate) == "Binding Update");
    CHECK(to_string(static_cast<MhType>(99)) == "MH type 99");
    CHECK(is_accepted(BindingStatus::McoaNotComplete));
    CHECK(is_accepted(BindingStatus::McoaReturnHomeWithoutNdp));
    CHECK_FALSE(is_accepted(BindingStatus::ReasonUnspecified));
}

TEST_CASE("status numbers are those of the registry") {
    const auto number = [](BindingStatus status) { return static_cast<int>(status); };
    CHECK(number(BindingStatus::McoaNotComplete) == 4);
    CHECK(number(BindingStatus::McoaReturnHomeWithoutNdp) == 5);
    CHECK(number(BindingStatus::NotHomeAgentForThisMobileNode) == 133);
    CHECK(number(BindingStatus::SequenceNumberOutOfWindow) == 135);
    CHECK(number(BindingStatus::CannotForceUdpEncapsulation) == 144);
    CHECK(number(BindingStatus::McoaMalformed) == 164);
    CHECK(number(BindingStatus::McoaSimultaneousHomeAndForeignProhibited) == 169);
    CHECK(number(BindingStatus::InvalidCareOfAddress) == 174);
}

TEST_CASE("encode errors have words") {
    std::set<std::string_view> words;
    constexpr int last = static_cast<int>(EncodeError::DuplicateAuthorizationData);
    for (int error = 0; error <= last; ++error) {
        words.insert(to_string(static_cast<EncodeError>(error)));
    }
    CHECK(words.size() == last + 1);
    CHECK(words.count("unknown error") == 0);
}
