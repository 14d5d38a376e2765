// SPDX-License-Identifier: GPL-2.0-or-later
// Several care-of addresses at once.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"
#include "wire/binding_identifier.hpp"

namespace dsmip::mobility::test {
namespace {

using wire::BindingStatus;
using Bids = std::vector<std::uint16_t>;

const auto wlan6 = wlan("2001:db8:2::200");
const auto lte6 = lte("2001:db8:4::400");
const auto lte4 = lte("203.0.113.9");

// Both accesses registered, over IPv6 in one message.
Sent both_registered(Scene& scene) {
    scene.network({wlan6, lte6});
    const auto update = scene.take();
    REQUIRE(update.bids() == Bids{1, 2});
    scene.accept(update);
    REQUIRE(scene.row(1).state == RegistrationState::registered);
    REQUIRE(scene.row(2).state == RegistrationState::registered);
    return update;
}

// wlan0 over IPv6, lte0 over IPv4 behind a NAT.
void mixed_registered(Scene& scene) {
    scene.network({wlan6, lte4});
    scene.accept(scene.take());
    Answer nat;
    nat.nat = wire::NatDetection{false, 110};
    scene.answer(scene.take(), nat);
    REQUIRE(scene.kernel_node.bindings.size() == 2);
    scene.advance(seconds(1)); // three Binding Updates a second are the limit
}

} // namespace

TEST_CASE("at boot all IPv6 accesses register in one Binding Update with O",
          "[M-4.1-01][M-4.2.1-08][M-4.2.1-09][M-4.2.1-10][M-4.2.1-11][M-4.2.1-16][M-5.1-01]"
          "[M-5.1-02][M-5.1-03][M-5.1-04][M-5.1-05][M-5.1-06][M-5.3-01][M-5.3-03][M-5.3-04]"
          "[M-5.3-05][M-5.3-06][M-5.4-01][M-5.4-02][M-5.4-03][M-5.4-04][M-5.4-08][M-5.10-01]"
          "[M-2-01][M-2-02][M-2-06][M-2-07][M-3-01][M-3-02][M-3-05][D-2-01]") {
    Scene scene(mcoa_config());
    const auto update = both_registered(scene);
    CHECK(update.update.flags.overwrite);
    CHECK(update.option<wire::AlternateCareOfAddress>() == nullptr);
    CHECK(update.native()->wire_source == v6("2001:db8:2::200"));
    const auto readings =
        wire::read_binding_identifiers(update.update, {wire::Dialect::Rfc, home_address, false});
    REQUIRE(readings);
    REQUIRE(readings->options.size() == 2);
    CHECK(std::get<wire::Ipv6Address>(readings->options.at(0).care_of_address) ==
          v6("2001:db8:2::200"));
    CHECK(std::get<wire::Ipv6Address>(readings->options.at(1).care_of_address) ==
          v6("2001:db8:4::400"));
    CHECK(readings->options.at(0).priority == 1);
    CHECK(readings->options.at(1).priority == 2);

    REQUIRE(scene.kernel_node.bindings.size() == 2);
    CHECK(scene.kernel(1)->link == 3);
    CHECK(scene.kernel(2)->link == 4);
    CHECK(scene.kernel(2)->priority == 2);
    CHECK(scene.kernel(2)->mcoa);

    SECTION("refreshed in one, without O") {
        scene.advance(seconds(450));
        const auto refresh = scene.take();
        CHECK(refresh.bids() == Bids{1, 2});
        CHECK_FALSE(refresh.update.flags.overwrite);
        CHECK(refresh.update.sequence == update.update.sequence + 1);
        scene.accept(refresh);
        CHECK(scene.row(2).remaining == seconds(600));
        CHECK(scene.pending() == 0);
    }
}

TEST_CASE("the bulk Binding Update is that of the test vector", "[M-5.4-02][M-5.3-03]") {
    auto config = mcoa_config();
    config.accesses = {{"wlan0", 1, 0}, {"lte0", 2, 0}};
    Scene scene(config, 2);
    scene.network({wlan6, lte6});
    const std::vector<std::uint8_t> vector{
        0x3b, 0x07, 0x05, 0x00, 0xf8, 0x3a, 0x00, 0x03, 0xc0, 0x40, 0x00, 0x96, 0x01,
        0x04, 0x00, 0x00, 0x00, 0x00, 0x23, 0x14, 0x00, 0x01, 0x00, 0x00, 0x20, 0x01,
        0x0d, 0xb8, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
        0x00, 0x01, 0x00, 0x23, 0x14, 0x00, 0x02, 0x00, 0x00, 0x20, 0x01, 0x0d, 0xb8,
        0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00};
    CHECK(scene.take().message.octets == vector);
}

TEST_CASE("the draft dialect writes C and O into each option",
          "[M-4.2.1-02][M-4.2.1-03][M-4.2.1-13][M-4.2.1-14][M-5.7-09][M-5.7-10]") {
    auto config = mcoa_config();
    config.dialect = wire::Dialect::Draft;
    Scene scene(config);
    scene.network({wlan6, lte6});
    const auto update = scene.take();
    for (const auto& option : wire::find_options<wire::BindingIdentifier>(update.update.options)) {
        CHECK(option.flags == (wire::bid_draft::care_of_address | wire::bid_draft::overwrite));
    }
    scene.accept(update);
    scene.network({wlan6, lte4});
    const auto alone = scene.take();
    REQUIRE(alone.option<wire::BindingIdentifier>() != nullptr);
    CHECK(alone.option<wire::BindingIdentifier>()->flags ==
          (wire::bid_draft::care_of_address | wire::bid_draft::ipv4));
}

TEST_CASE("an IPv4 care-of address goes alone, in UDP, after O is accepted",
          "[M-8.1-01][M-8.1-02][M-8.1-03][M-8.1-04][M-8.1-06][M-8.1-09][M-8.1-10][M-8.1-11]"
          "[M-8.2-02][M-8.2-03]") {
    auto config = mcoa_config();
    config.home_address4_mode = MobileNodeConfig::HomeAddress4::fixed;
    config.home_address4 = v4("192.0.2.10");
    Scene scene(config);
    scene.network({wlan6, lte4});
    const auto leader = scene.take();
    CHECK(leader.bids() == Bids{1});
    CHECK(leader.update.flags.overwrite);
    CHECK(leader.option<wire::Ipv4HomeAddress>() != nullptr);
    CHECK(scene.pending() == 0);
    Answer granted;
    granted.options.emplace_back(
        wire::Ipv4AddressAcknowledgement{wire::Ipv4AddressStatus::Success, 32, v4("192.0.2.10")});
    scene.answer(leader, granted);

    const auto alone = scene.take();
    CHECK(alone.bids() == Bids{2});
    CHECK_FALSE(alone.update.flags.overwrite);
    REQUIRE(alone.udp() != nullptr);
    CHECK(alone.udp()->local == v4("203.0.113.9"));
    CHECK(alone.option<wire::Ipv4CareOfAddress>() == nullptr);
    CHECK(std::get<wire::Ipv4Address>(alone.option<wire::BindingIdentifier>()->care_of_address) ==
          v4("203.0.113.9"));
    granted.nat = wire::NatDetection{false, 30};
    scene.answer(alone, granted);
    CHECK(scene.kernel(1)->encapsulation == Encapsulation::direct);
    CHECK(scene.kernel(2)->encapsulation == Encapsulation::udp);
    CHECK(scene.kernel(2)->nat);
    CHECK(scene.kernel_node.home_addresses4 == std::vector{v4("192.0.2.10")});

    SECTION("its keepalives are its own") {
        scene.advance(seconds(30));
        const auto keepalive = scene.take();
        CHECK(keepalive.bids() == Bids{2});
        CHECK(keepalive.udp() != nullptr);
        CHECK(scene.pending() == 0);
    }
    SECTION("changed, it goes alone again") {
        scene.network({wlan6, lte("203.0.113.77")});
        const auto changed = scene.take();
        CHECK(changed.bids() == Bids{2});
        CHECK(changed.udp()->local == v4("203.0.113.77"));
    }
}

TEST_CASE("without bulk each binding has its own Binding Update", "[M-3-05][M-5.3-03][M-5.4-07]") {
    auto config = mcoa_config();
    config.bulk = false;
    Scene scene(config);
    scene.network({wlan6, lte6});
    const auto first = scene.take();
    CHECK(first.bids() == Bids{1});
    scene.accept(first);
    const auto second = scene.take();
    CHECK(second.bids() == Bids{2});
    CHECK(second.native()->wire_source == v6("2001:db8:4::400"));
    CHECK(second.update.sequence == first.update.sequence + 1);
    scene.accept(second);
    CHECK(scene.kernel_node.bindings.size() == 2);
}

TEST_CASE("an access that goes away leaves the kernel at once and the home agent by a message",
          "[M-3-11][M-5.5-02][M-5.5-03][M-5.5-05][M-8.1-08]") {
    Scene scene(mcoa_config());
    mixed_registered(scene);

    SECTION("the preferred one: told over the other, in UDP") {
        scene.network({lte4});
        CHECK(scene.kernel(1) == nullptr);
        CHECK(scene.kernel(2) != nullptr);
        REQUIRE(scene.removes.size() == 1);
        CHECK(scene.removes.front().bids == Bids{1});
        const auto leave = scene.take();
        CHECK(leave.at == scene.now);
        CHECK(leave.update.lifetime.is_zero());
        CHECK(leave.bids() == Bids{1});
        CHECK(std::holds_alternative<std::monostate>(
            leave.option<wire::BindingIdentifier>()->care_of_address));
        REQUIRE(leave.udp() != nullptr);
        CHECK(scene.row(1).state == RegistrationState::deregistering);
        scene.accept(leave);
        CHECK(scene.row(1).state == RegistrationState::idle);
        CHECK(scene.row(2).state == RegistrationState::registered);
        CHECK(scene.pending() == 0);
    }
    SECTION("the other one") {
        scene.network({wlan6});
        CHECK(scene.kernel(2) == nullptr);
        const auto leave = scene.take();
        CHECK(leave.bids() == Bids{2});
        CHECK(leave.native() != nullptr);

        SECTION("no answer: the home agent will forget by itself") {
            scene.advance(seconds(40));
            CHECK(scene.row(2).state == RegistrationState::idle);
            CHECK(scene.sent.size() == 7);
            CHECK_FALSE(scene.reported("deregistered"));
            CHECK(scene.reported("deregistration-failed"));
        }
        SECTION("back before the answer") {
            scene.network({wlan6, lte4});
            const auto again = scene.take();
            CHECK(again.bids() == Bids{2});
            CHECK_FALSE(again.update.lifetime.is_zero());
            scene.accept(leave); // late
            CHECK(scene.row(2).state == RegistrationState::registering);
            scene.accept(again);
            CHECK(scene.kernel(2) != nullptr);
        }
        SECTION("the home agent knows no such binding: nothing more to do") {
            Answer answer;
            answer.status = BindingStatus::NotHomeAgentForThisMobileNode;
            scene.answer(leave, answer);
            CHECK(scene.row(2).state == RegistrationState::idle);
            CHECK(scene.reported("deregistered"));
        }
        SECTION("refused: the binding is still there, so it is asked again by the back-off") {
            Answer refusal;
            const bool in_option = GENERATE(false, true);
            if (in_option) {
                refusal.status = BindingStatus::McoaNotComplete;
                refusal.bid_status = {{2, BindingStatus::InsufficientResources}};
            } else {
                refusal.status = BindingStatus::InsufficientResources;
            }
            scene.answer(leave, refusal);
            CHECK(scene.row(2).state == RegistrationState::deregistering);
            CHECK_FALSE(scene.reported("deregistered"));
            CHECK(scene.count("deregistrations_refused") == 1);
            CHECK(scene.pending() == 0);
            scene.answer(leave, refusal); // again: nobody waits for it
            CHECK(scene.count("deregistrations_refused") == 1);
            scene.advance(seconds(1));
            const auto again = scene.take();
            CHECK(again.bids() == Bids{2});
            CHECK(again.update.lifetime.is_zero());
            SECTION("and then accepted") {
                scene.accept(again);
                CHECK(scene.row(2).state == RegistrationState::idle);
                CHECK(scene.reported("deregistered"));
                scene.advance(seconds(40));
                CHECK(scene.pending() == 0);
            }
            SECTION("until it is given up, which is not called done") {
                scene.answer(again, refusal);
                scene.advance(seconds(40));
                CHECK(scene.row(2).state == RegistrationState::idle);
                CHECK_FALSE(scene.reported("deregistered"));
                CHECK(scene.reported("deregistration-failed"));
            }
        }
        SECTION("the helper goes too: told when it is back") {
            scene.network({});
            scene.advance(seconds(30));
            CHECK(scene.pending() == 0);
            CHECK(scene.kernel(1) != nullptr);
            scene.network({wlan6});
            REQUIRE(scene.pending() == 2);
            CHECK(scene.take().bids() == Bids{1});
            CHECK(scene.take().update.lifetime.is_zero());
        }
    }
}

TEST_CASE("all accesses go: the bindings stay until one is back", "[M-5.5-03]") {
    Scene scene(mcoa_config());
    both_registered(scene);
    scene.network({});
    CHECK(scene.kernel_node.bindings.size() == 2);
    CHECK(scene.removes.empty());
    scene.network({lte("2001:db8:5::500")});
    const auto back = scene.take();
    CHECK(back.bids() == Bids{2});
    CHECK(scene.kernel_node.bindings.size() == 2);
    scene.accept(back);
    CHECK(scene.kernel(1) == nullptr);
    CHECK(scene.kernel(2)->care_of == v6("2001:db8:5::500"));
    CHECK(scene.take().bids() == Bids{1}); // de-registered
}

TEST_CASE("an access that changes its address does not attract packets meanwhile",
          "[M-2-04][M-8.1-09]") {
    Scene scene(mcoa_config());
    both_registered(scene);
    scene.network({wlan("2001:db8:3::300"), lte6});
    CHECK(scene.kernel(1) == nullptr);
    CHECK(scene.kernel(2) != nullptr);
    const auto update = scene.take();
    CHECK(update.update.flags.overwrite == false);
    CHECK(update.native()->wire_source == v6("2001:db8:3::300"));
    scene.accept(update);
    CHECK(scene.kernel(1)->care_of == v6("2001:db8:3::300"));
    CHECK(scene.kernel_node.bindings.size() == 2);
}

TEST_CASE("a bulk that gets no answer is split up, each by its own way", "[M-5.4-07]") {
    Scene scene(mcoa_config());
    scene.network({wlan6, lte6});
    scene.advance(milliseconds(10500));
    REQUIRE(scene.sent.size() == 4);
    CHECK(scene.sent.at(3).bids() == Bids{1});
    CHECK(scene.sent.at(3).update.flags.overwrite);
    // wlan0 is dead: lte0 gets its turn as the first.
    while (scene.sent.back().bids() != Bids{2}) {
        scene.advance(seconds(1));
    }
    CHECK(scene.sent.back().update.flags.overwrite);
    CHECK(scene.sent.back().native()->wire_source == v6("2001:db8:4::400"));
    scene.accept(scene.sent.back());
    CHECK(scene.kernel(2) != nullptr);
    CHECK(scene.kernel(1) == nullptr);
    // And wlan0 goes on trying, without O.
    CHECK(scene.sent.back().bids() == Bids{1});
    CHECK_FALSE(scene.sent.back().update.flags.overwrite);
}

TEST_CASE("status by binding", "[M-4.2.1-06][M-5.7-04][M-5.7-05]") {
    Scene scene(mcoa_config());
    scene.network({wlan6, lte6});
    Answer answer;
    answer.status = BindingStatus::McoaNotComplete;
    answer.bid_status = {{2, BindingStatus::InsufficientResources}};
    scene.answer(scene.take(), answer);
    CHECK(scene.row(1).state == RegistrationState::registered);
    CHECK(scene.row(2).state == RegistrationState::failed);
    CHECK(scene.kernel(1) != nullptr);
    CHECK(scene.kernel(2) == nullptr);
    CHECK(scene.pending() == 0);
    scene.advance(seconds(32));
    const auto again = scene.take();
    CHECK(again.bids().size() == 2); // the other one is refreshed along
    scene.accept(again);
    CHECK(scene.kernel(2) != nullptr);
}

TEST_CASE("an option that says 0: the status of the message is that of the binding",
          "[M-4.2.1-06][M-5.7-04]") {
    Scene scene(mcoa_config());
    scene.network({wlan6, lte6});
    Answer answer;
    answer.status = BindingStatus::InsufficientResources;
    scene.answer(scene.take(), answer);
    for (const std::uint16_t bid : {1, 2}) {
        CHECK(scene.row(bid).state == RegistrationState::failed);
        CHECK(scene.kernel(bid) == nullptr);
    }
}

TEST_CASE("an option for one binding is missing: it goes on its own", "[M-5.7-04]") {
    Scene scene(mcoa_config());
    scene.network({wlan6, lte6});
    const auto update = scene.take();
    Answer answer;
    answer.echo_bids = false;
    answer.options.emplace_back(wire::BindingIdentifier{1, BindingStatus::Accepted, 0, {}, {}});
    scene.answer(update, answer);
    CHECK(scene.row(1).state == RegistrationState::registered);
    CHECK(scene.take().bids() == Bids{2});
}

TEST_CASE("status 165: the plain binding is overwritten", "[M-5.7-11][M-5.7-12]") {
    // Restored bindings make the node believe that O is not needed.
    Scene scene(mcoa_config());
    KernelNode kernel;
    kernel.home_address = home_address;
    KernelBinding binding;
    binding.bid = 1;
    binding.care_of = v6("2001:db8:2::200");
    binding.link = 3;
    binding.lifetime = seconds(300);
    kernel.bindings = {binding};
    scene.restore(kernel);
    scene.network({wlan6, lte6});
    const auto update = scene.take();
    CHECK_FALSE(update.update.flags.overwrite);
    Answer answer;
    answer.status = BindingStatus::McoaNonMcoaBindingExists;
    scene.answer(update, answer);
    const auto again = scene.take();
    CHECK(again.update.flags.overwrite);
    CHECK(again.bids() == Bids{1, 2});
    SECTION("once") {
        scene.answer(again, answer);
        CHECK(scene.row(1).state == RegistrationState::failed);
        CHECK(scene.pending() == 0);
    }
    SECTION("accepted") {
        scene.accept(again);
        CHECK(scene.kernel_node.bindings.size() == 2);
    }
}

TEST_CASE("status 166, or no Binding Identifier option at all: plain Mobile IPv6",
          "[M-5.7-03][M-5.7-06][M-5.7-07][M-5.3-02]") {
    Scene scene(mcoa_config());
    scene.network({wlan6, lte6});
    const auto update = scene.take();
    Answer answer;
    SECTION("prohibited") {
        CHECK_FALSE(scene.reported("mcoa-abandoned"));
        answer.status = BindingStatus::McoaProhibited;
    }
    SECTION("prohibited, said in the options") {
        CHECK_FALSE(scene.reported("mcoa-abandoned"));
        answer.status = BindingStatus::McoaNotComplete;
        answer.bid_status = {{1, BindingStatus::McoaProhibited},
                             {2, BindingStatus::McoaProhibited}};
    }
    SECTION("not known") {
        CHECK_FALSE(scene.reported("mcoa-abandoned"));
        answer.echo_bids = false;
    }
    scene.answer(update, answer);
    CHECK(scene.reported("mcoa-abandoned"));
    const auto plain = scene.take();
    CHECK(plain.bids().empty());
    CHECK_FALSE(plain.update.flags.overwrite);
    CHECK(plain.option<wire::AlternateCareOfAddress>() != nullptr);
    scene.accept(plain);
    REQUIRE(scene.kernel_node.bindings.size() == 1);
    CHECK(scene.kernel_node.bindings.front().bid == 0);
    CHECK_FALSE(scene.kernel_node.bindings.front().mcoa);
    CHECK(scene.node.binding_update_list(scene.now).size() == 1);
    scene.network({lte4});
    CHECK(scene.take().bids().empty()); // for good
}

TEST_CASE("status 168: one by one", "[M-5.7-08]") {
    Scene scene(mcoa_config());
    scene.network({wlan6, lte6});
    Answer answer;
    answer.status = BindingStatus::McoaBulkRegistrationProhibited;
    scene.answer(scene.take(), answer);
    const auto first = scene.take();
    CHECK(first.bids() == Bids{1});
    CHECK(first.update.flags.overwrite);
    scene.accept(first);
    const auto second = scene.take();
    CHECK(second.bids() == Bids{2});
    scene.accept(second);
    scene.advance(seconds(450));
    CHECK(scene.take().bids().size() == 1);
}

TEST_CASE("status 135 is for the binding it names", "[M-5.10-02]") {
    auto config = mcoa_config();
    config.bulk = false;
    Scene scene(config);
    scene.network({wlan6, lte6});
    scene.accept(scene.take());
    const auto second = scene.take();
    Answer answer;
    answer.status = BindingStatus::SequenceNumberOutOfWindow;
    answer.sequence = static_cast<std::uint16_t>(second.update.sequence + 500);
    scene.answer(second, answer);
    const auto again = scene.take();
    CHECK(again.bids() == Bids{2});
    CHECK(again.update.sequence == second.update.sequence + 501);
    scene.accept(again);
    CHECK(scene.row(2).state == RegistrationState::registered);
}

TEST_CASE("a refresh request names the binding it wants", "[M-5.8-02][M-5.8-03]") {
    Scene scene(mcoa_config());
    mixed_registered(scene);
    wire::BindingRefreshRequest request;
    request.options.emplace_back(wire::BindingIdentifier{2, BindingStatus::Accepted, 0, {}, {}});
    scene.from_home_agent(request);
    CHECK(scene.take().bids() == Bids{2});
    CHECK(scene.pending() == 0);

    request.options = {wire::BindingIdentifier{9, BindingStatus::Accepted, 0, {}, {}}};
    scene.from_home_agent(request);
    CHECK(scene.pending() == 0);
    CHECK(scene.count("drop_bid_unknown") == 1);
}

TEST_CASE("an address in the option of another message than a Binding Update means nothing",
          "[M-4.2.1-18]") {
    Scene scene(mcoa_config());
    scene.network({wlan6});
    const auto update = scene.take();
    Answer answer;
    answer.echo_bids = false;
    answer.options.emplace_back(
        wire::BindingIdentifier{1, BindingStatus::Accepted, 0, v6("2001:db8:66::66")});
    scene.answer(update, answer);
    REQUIRE(scene.row(1).state == RegistrationState::registered);
    CHECK(scene.row(1).care_of == wlan6.address);
    REQUIRE(scene.kernel(1) != nullptr);
    CHECK(scene.kernel(1)->care_of == wlan6.address);

    wire::BindingRefreshRequest request;
    request.options.emplace_back(
        wire::BindingIdentifier{1, BindingStatus::Accepted, 0, v6("2001:db8:66::66")});
    scene.from_home_agent(request);
    const auto refresh = scene.take();
    CHECK(refresh.bids() == Bids{1});
    CHECK(refresh.native()->wire_source == *wlan6.address.ipv6());
}

TEST_CASE("an access without a BID takes no part", "[M-2-02][M-5.1-06]") {
    auto config = mcoa_config();
    config.accesses = {{"wlan0", 0, 1}, {"lte0", 2, 2}};
    Scene scene(config);
    scene.network({wlan6, lte6});
    CHECK(scene.take().bids() == Bids{2});
    CHECK(scene.pending() == 0);
}

} // namespace dsmip::mobility::test
