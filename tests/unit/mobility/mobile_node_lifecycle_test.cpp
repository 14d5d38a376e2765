// SPDX-License-Identifier: GPL-2.0-or-later
// Start after a predecessor, stop, and a kernel that does not do what it is told.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"
#include "mobility/binding_update_list.hpp"

namespace dsmip::mobility::test {
namespace {

KernelNode predecessor(seconds remaining = seconds(300)) {
    KernelBinding binding;
    binding.care_of = v6("2001:db8:2::200");
    binding.link = 3;
    binding.priority = 1;
    binding.lifetime = remaining;
    binding.sequence = 0xfff0;
    return {home_address, {v4("192.0.2.77")}, {binding}};
}

MobileNodeConfig dynamic_config() {
    auto config = plain_config();
    config.home_address4_mode = MobileNodeConfig::HomeAddress4::dynamic;
    return config;
}

} // namespace

TEST_CASE("a restarted node takes the binding over and refreshes it", "[restart][MN-4]") {
    Scene scene(dynamic_config());
    scene.restore(predecessor());
    CHECK(scene.row().state == RegistrationState::registered);
    CHECK(scene.row().remaining == seconds(300));
    CHECK(scene.node.home_address4() == v4("192.0.2.77"));
    CHECK(scene.assigned == std::vector{v4("192.0.2.77")});
    CHECK(scene.installs.empty());
    CHECK(scene.removes.empty());
    CHECK(scene.pending() == 0);

    SECTION("same care-of address: refresh, no interruption") {
        scene.network({wlan("2001:db8:2::200")});
        const auto update = scene.take();
        CHECK(scene.row().state == RegistrationState::registered);
        // Later than any number the predecessor can have used, across the wrap.
        const auto distance = static_cast<std::uint16_t>(update.update.sequence - 0xfff0);
        CHECK(distance > 0);
        CHECK(distance < 0x7fff);
        CHECK(update.option<wire::Ipv4HomeAddress>()->address == v4("192.0.2.77"));
        CHECK(scene.installs.empty());
        CHECK(scene.removes.empty());
        Answer answer;
        answer.options.emplace_back(wire::Ipv4AddressAcknowledgement{
            wire::Ipv4AddressStatus::Success, 32, v4("192.0.2.77")});
        scene.answer(update, answer);
        CHECK(scene.row().remaining == seconds(600));
        CHECK(scene.kernel_node.home_addresses4 == std::vector{v4("192.0.2.77")});
        CHECK(scene.withdrawn.empty());
    }
    SECTION("another care-of address: the old binding stays until the answer") {
        scene.network({wlan("198.51.100.7")});
        CHECK(scene.row().state == RegistrationState::registering);
        CHECK(scene.removes.empty());
        CHECK(scene.take().udp() != nullptr);
    }
    SECTION("no network: it ends with its lifetime") {
        scene.network({});
        CHECK(scene.row().state == RegistrationState::idle);
        scene.advance(seconds(300));
        CHECK(scene.reported("registration-lost"));
    }
    SECTION("never any network report: likewise") {
        scene.advance(seconds(300));
        CHECK(scene.reported("registration-lost"));
        scene.network({wlan("2001:db8:2::200")});
        CHECK(scene.pending() == 1);
    }
}

TEST_CASE("restored bindings of several accesses need no O", "[restart][M-5.4-06][M-5.10-01]") {
    Scene scene(mcoa_config());
    auto kernel = predecessor();
    kernel.bindings.front().bid = 1;
    kernel.bindings.push_back(kernel.bindings.front());
    kernel.bindings.back().bid = 2;
    kernel.bindings.back().care_of = v4("203.0.113.9");
    kernel.bindings.back().link = 4;
    kernel.bindings.back().sequence = 5; // later than 0xfff0
    scene.restore(kernel);
    scene.network({wlan("2001:db8:2::200"), lte("203.0.113.9")});
    REQUIRE(scene.pending() == 2);
    const auto first = scene.take();
    CHECK_FALSE(first.update.flags.overwrite);
    CHECK(static_cast<std::uint16_t>(first.update.sequence - 5) < 0x7fff);
    CHECK(scene.removes.empty());

    SECTION("one whose access is gone is de-registered") {
        Scene other(mcoa_config());
        other.restore(kernel);
        other.network({wlan("2001:db8:2::200")});
        CHECK(other.pending() == 2); // refresh of 1, de-registration of 2
        CHECK(other.removes.size() == 1);
    }
}

TEST_CASE("a plain predecessor of an MCoA node is overwritten", "[restart][M-5.10-01]") {
    Scene scene(mcoa_config());
    scene.restore(predecessor());
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();
    CHECK(update.update.flags.overwrite);
    CHECK(static_cast<std::uint16_t>(update.update.sequence - 0xfff0) < 0x7fff);
    scene.accept(update);
    CHECK(scene.kernel_node.bindings.size() == 1);
    CHECK(scene.kernel(1) != nullptr);
}

TEST_CASE("bindings of another home address are not taken over", "[restart]") {
    Scene scene;
    auto kernel = predecessor();
    kernel.home_address = v6("2001:db8:1::999");
    scene.restore(kernel);
    CHECK(scene.row().state == RegistrationState::idle);
}

TEST_CASE("stopping de-registers everything with one plain Binding Update",
          "[M-5.5-01][D-2.3.1-01]") {
    const bool mcoa = GENERATE(false, true);
    Scene scene(mcoa ? mcoa_config() : plain_config());
    scene.network({wlan("2001:db8:2::200")});
    scene.accept(scene.take());
    scene.stop();
    const auto update = scene.take();
    CHECK(update.update.lifetime.is_zero());
    CHECK(update.bids().empty());
    CHECK_FALSE(scene.node.finished());
    CHECK(scene.kernel_node.bindings.size() == 1);

    SECTION("answered") {
        scene.accept(update);
        CHECK(scene.node.finished());
    }
    SECTION("answered with 135 first") {
        Answer answer;
        answer.status = wire::BindingStatus::SequenceNumberOutOfWindow;
        answer.sequence = 20000;
        scene.answer(update, answer);
        const auto again = scene.take();
        CHECK(again.update.sequence == 20001);
        CHECK(again.update.lifetime.is_zero());
        scene.accept(again);
        CHECK(scene.node.finished());
    }
    SECTION("refused first, so still bound") {
        Answer refusal;
        refusal.status = wire::BindingStatus::InsufficientResources;
        scene.answer(update, refusal);
        CHECK_FALSE(scene.node.finished());
        scene.advance(seconds(1));
        scene.accept(scene.take());
        CHECK(scene.node.finished());
    }
    SECTION("refused each time: given up, and said so") {
        Answer refusal;
        refusal.status = wire::BindingStatus::InsufficientResources;
        scene.answer(update, refusal);
        for (int i = 0; i < 2; ++i) {
            scene.advance(seconds(i + 1));
            scene.answer(scene.take(), refusal);
        }
        CHECK_FALSE(scene.node.finished());
        scene.advance(seconds(4));
        CHECK(scene.node.finished());
        CHECK(scene.count("deregistrations_refused") == 3);
        CHECK(scene.reports.back().fields.back().second.text() ==
              "refused with status 130 (insufficient resources)");
    }
    SECTION("the home agent knows nothing of it") {
        Answer unknown;
        unknown.status = wire::BindingStatus::NotHomeAgentForThisMobileNode;
        scene.answer(update, unknown);
        CHECK(scene.node.finished());
    }
    SECTION("never answered") {
        scene.advance(milliseconds(6999));
        CHECK_FALSE(scene.node.finished());
        CHECK(scene.sent.size() == 4);
        scene.advance(milliseconds(1));
        CHECK(scene.node.finished());
    }
    SECTION("the access goes while waiting") {
        scene.network({});
        scene.advance(seconds(7));
        CHECK(scene.node.finished());
    }
    SECTION("moved while waiting: repeated from the new address") {
        scene.network({wlan("198.51.100.7")});
        scene.advance(seconds(1));
        const auto again = scene.take();
        REQUIRE(again.udp() != nullptr);
        CHECK(again.update.lifetime.is_zero());
        scene.accept(again);
        CHECK(scene.node.finished());
    }
    CHECK(scene.kernel_node.bindings.empty());
    CHECK(scene.removes.back().bids.empty());
    CHECK_FALSE(scene.node.next_deadline());
    // Nothing wakes it again.
    const auto sent = scene.sent.size();
    scene.network({wlan("2001:db8:3::300")});
    scene.accept(scene.sent.front());
    scene.advance(std::chrono::hours(1));
    CHECK(scene.sent.size() == sent);
    CHECK(scene.count("drop_stopped") == 1);
}

TEST_CASE("stopping takes the IPv4 home address away", "[M-5.5-01]") {
    Scene scene(dynamic_config());
    scene.network({wlan("2001:db8:2::200")});
    Answer answer;
    answer.options.emplace_back(
        wire::Ipv4AddressAcknowledgement{wire::Ipv4AddressStatus::Success, 32, v4("192.0.2.77")});
    scene.answer(scene.take(), answer);
    scene.stop();
    scene.accept(scene.take());
    CHECK(scene.withdrawn == std::vector{v4("192.0.2.77")});
}

TEST_CASE("stopping with nothing registered is immediate", "[M-5.5-01]") {
    Scene scene;
    scene.stop();
    CHECK(scene.node.finished());
    CHECK(scene.pending() == 0);
    CHECK(scene.removes.empty());
}

TEST_CASE("stopping while the first registration is under way tells the home agent", "[M-5.5-01]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    const auto registration = scene.take();
    scene.stop();
    CHECK(scene.take().update.lifetime.is_zero());
    scene.accept(registration); // crossed on the way
    CHECK(scene.installs.empty());
    CHECK(scene.count("drop_unknown_sequence") == 1);
}

TEST_CASE("the kernel refuses the binding: asked again, with back-off", "[kernel]") {
    Scene scene;
    scene.kernel_answer = "no such device";
    scene.network({wlan("2001:db8:2::200")});
    scene.accept(scene.take());
    CHECK(scene.installs.size() == 1);
    CHECK(scene.count("kernel_failures") == 1);
    CHECK(scene.reported("kernel-refused"));
    scene.advance(milliseconds(1000));
    CHECK(scene.installs.size() == 2);
    scene.advance(milliseconds(1999));
    CHECK(scene.installs.size() == 2);
    scene.kernel_answer = std::nullopt;
    scene.advance(milliseconds(1));
    CHECK(scene.installs.size() == 3);
    REQUIRE(scene.kernel() != nullptr);
    CHECK(scene.kernel()->lifetime == seconds(597));
    scene.advance(seconds(100));
    CHECK(scene.installs.size() == 3);
}

TEST_CASE("the kernel says a binding has ended", "[kernel]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));

    SECTION("at its time: registered anew") {
        scene.network({});
        scene.advance(milliseconds(599500));
        scene.expired(0);
        CHECK(scene.reported("registration-lost"));
        CHECK(scene.row().remaining == seconds(0));
        scene.network({wlan("2001:db8:2::200")});
        CHECK(scene.pending() == 1);
    }
    SECTION("early, about an older lifetime: put back") {
        scene.advance(seconds(10));
        scene.expired(0);
        CHECK(scene.installs.size() == 2);
        CHECK(scene.kernel()->lifetime == seconds(590));
        CHECK_FALSE(scene.reported("registration-lost"));
    }
    SECTION("one that is not ours: nothing") {
        scene.expired(7);
        CHECK(scene.installs.size() == 1);
    }
}

TEST_CASE("every state and event has an answer, and names", "[state]") {
    using State = RegistrationState;
    using Event = EntryEvent;
    for (const auto state : {State::idle, State::registering, State::registered,
                             State::deregistering, State::failed}) {
        CHECK(to_string(state) != "?");
        // From everywhere a node can move, lose its access and be stopped.
        CHECK(next_state(state, Event::move) == State::registering);
        CHECK(next_state(state, Event::no_access) == State::idle);
        CHECK(next_state(state, Event::deregister) == State::deregistering);
        CHECK(next_state(state, Event::lost).has_value());
    }
    CHECK_FALSE(next_state(State::idle, Event::acknowledged));
    CHECK_FALSE(next_state(State::failed, Event::acknowledged));
    CHECK_FALSE(next_state(State::deregistering, Event::refused));
    CHECK_FALSE(next_state(State::registering, Event::deregistered));
    CHECK(next_state(State::registering, Event::acknowledged) == State::registered);
    CHECK(next_state(State::registered, Event::refused) == State::failed);
}

} // namespace dsmip::mobility::test
