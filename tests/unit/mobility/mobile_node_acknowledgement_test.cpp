// SPDX-License-Identifier: GPL-2.0-or-later
// Binding Acknowledgements: those that refuse, and those that must not be believed.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {
namespace {

using wire::BindingStatus;

// Everything about a node that a message without effect must leave alone.
struct Snapshot {
    explicit Snapshot(const Scene& scene)
        : sent(scene.sent.size())
        , installs(scene.installs.size())
        , removes(scene.removes.size())
        , deadline(scene.node.next_deadline())
        , row(scene.row())
        , kernel(scene.kernel_node)
        , address4(scene.node.home_address4()) {}

    void check(const Scene& scene) const {
        CHECK(scene.sent.size() == sent);
        CHECK(scene.installs.size() == installs);
        CHECK(scene.removes.size() == removes);
        CHECK(scene.node.next_deadline() == deadline);
        CHECK(scene.row().state == row.state);
        CHECK(scene.row().remaining == row.remaining);
        CHECK(scene.row().sequence == row.sequence);
        CHECK(scene.row().attempts == row.attempts);
        CHECK(scene.row().encapsulation == row.encapsulation);
        CHECK(scene.kernel_node == kernel);
        CHECK(scene.node.home_address4() == address4);
    }

    std::size_t sent;
    std::size_t installs;
    std::size_t removes;
    std::optional<TimePoint> deadline;
    BindingUpdateListEntry row;
    KernelNode kernel;
    std::optional<wire::Ipv4Address> address4;
};

} // namespace

TEST_CASE("an acknowledgement that must not be believed changes nothing and is counted",
          "[M-5.7-01][D-4.4-16][RR-8]") {
    const bool over4 = GENERATE(false, true);
    Scene scene;
    scene.network({wlan(over4 ? "198.51.100.7" : "2001:db8:2::200")});
    const auto update = scene.take();
    const Snapshot before(scene);
    auto arrival = scene.answer_to(update, {});

    SECTION("another sequence number") {
        Answer answer;
        answer.sequence = static_cast<std::uint16_t>(update.update.sequence + 1);
        scene.answer(update, answer);
        CHECK(scene.count("drop_unknown_sequence") == 1);
    }
    SECTION("another sender") {
        arrival.octets = wire::encode(wire::BindingAcknowledgement{}, wire::Dialect::Rfc,
                                      v6("2001:db8:bad::1"), home_address)
                             .value();
        arrival.message.source = v6("2001:db8:bad::1");
        scene.deliver(arrival);
        CHECK(scene.count("drop_not_from_home_agent") == 1);
    }
    SECTION("not to the home address") {
        scene.from_home_agent(wire::BindingAcknowledgement{}, v6("2001:db8:2::200"));
        CHECK(scene.count("drop_not_for_home_address") == 1);
    }
    SECTION("by another way than the Binding Update") {
        if (over4) {
            SECTION("native") {
                REQUIRE(arrival.message.path.has_value());
                arrival.message.path.reset();
            }
            SECTION("from another address") {
                REQUIRE(arrival.message.path.has_value());
                arrival.message.path->remote.address = v4("192.0.2.66");
            }
            SECTION("from another port") {
                REQUIRE(arrival.message.path.has_value());
                arrival.message.path->remote.port = 53;
            }
        } else {
            MessagePath path;
            path.remote = {home_agent4, 4191};
            arrival.message.path = path;
        }
        scene.deliver(arrival);
        CHECK(scene.count("drop_wrong_path") == 1);
    }
    SECTION("checksum wrong") {
        arrival.octets.back() ^= 1;
        scene.deliver(arrival);
        CHECK(scene.count("drop_mh_checksum") == 1);
    }
    SECTION("cut off, at any length") {
        const auto whole = arrival.octets;
        for (std::size_t length = 0; length < whole.size(); ++length) {
            arrival.octets.assign(whole.begin(),
                                  whole.begin() + static_cast<std::ptrdiff_t>(length));
            scene.deliver(arrival);
        }
        CHECK(scene.count("drop_mh_truncated") == whole.size());
    }
    SECTION("octets behind its end") {
        arrival.octets.push_back(0);
        scene.deliver(arrival);
        CHECK(scene.count("drop_mh_overlong") == 1);
    }
    SECTION("a Binding Update, which a mobile node has no use for") {
        scene.from_home_agent(wire::BindingUpdate{});
        CHECK(scene.count("drop_unexpected_type") == 1);
    }
    SECTION("status 135 by another way") {
        Answer answer;
        answer.status = BindingStatus::SequenceNumberOutOfWindow;
        arrival = scene.answer_to(update, answer);
        if (over4) {
            arrival.message.path.reset();
        } else {
            arrival.message.path.emplace();
        }
        scene.deliver(arrival);
        CHECK(scene.count("drop_wrong_path") == 1);
    }
    before.check(scene);
    // And the true one is still welcome.
    scene.accept(update);
    CHECK(scene.row().state == RegistrationState::registered);
}

TEST_CASE("a repeated or late acknowledgement changes nothing", "[M-5.7-01]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    scene.advance(seconds(2));
    REQUIRE(scene.sent.size() == 2);
    scene.accept(scene.sent.at(0));
    const Snapshot before(scene);

    scene.accept(scene.sent.at(0));
    scene.accept(scene.sent.at(1)); // a retransmission of what is accepted already
    Answer refusal;
    refusal.status = BindingStatus::SequenceNumberOutOfWindow;
    refusal.sequence = 7;
    scene.answer(scene.sent.at(1), refusal);
    CHECK(scene.count("drop_unknown_sequence") == 3);
    before.check(scene);
}

TEST_CASE("an answer about the address left behind changes nothing", "[MN-6]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    const auto left = scene.take();
    scene.network({wlan("2001:db8:3::300")});
    const Snapshot before(scene);
    scene.accept(left);
    CHECK(scene.count("drop_unknown_sequence") == 1);
    before.check(scene);
}

TEST_CASE("status 135: go on after the number the home agent has", "[M-5.10-02][MN-3]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();
    Answer answer;
    answer.status = BindingStatus::SequenceNumberOutOfWindow;
    answer.sequence = 30000;
    scene.answer(update, answer);
    const auto again = scene.take();
    CHECK(again.update.sequence == 30001);
    CHECK(again.at == scene.now);
    CHECK(scene.reported("sequence-corrected"));

    SECTION("said again and again it does not make the node hurry") {
        for (std::uint16_t round = 0; round < 50; ++round) {
            answer.sequence = static_cast<std::uint16_t>(30001 + round);
            scene.answer(again, answer);
        }
        CHECK(scene.pending() == 0);
        scene.advance(seconds(1));
        CHECK(scene.take().update.sequence > 30001);
    }
    SECTION("and the retry is accepted") {
        scene.accept(again);
        CHECK(scene.row().state == RegistrationState::registered);
    }
}

TEST_CASE("status 135 that was overtaken does not set the counter back", "[MN-3]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();
    Answer answer;
    answer.status = BindingStatus::SequenceNumberOutOfWindow;
    answer.sequence = static_cast<std::uint16_t>(update.update.sequence - 100);
    scene.answer(update, answer);
    CHECK(scene.take().update.sequence == update.update.sequence + 1);
}

TEST_CASE("status 134: the home address is never tried again", "[MN-3]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    Answer answer;
    answer.status = BindingStatus::DuplicateAddressDetectionFailed;
    scene.answer(scene.take(), answer);
    CHECK(scene.reported("home-address-in-use"));
    CHECK(scene.row().state == RegistrationState::failed);
    scene.network({wlan("2001:db8:3::300")});
    scene.advance(std::chrono::hours(48));
    CHECK(scene.pending() == 0);
}

TEST_CASE("status 144 to a Binding Update with F: repeated without", "[D-4.4-17]") {
    auto config = plain_config();
    config.force_udp = true;
    Scene scene(config);
    scene.network({wlan("198.51.100.7")});
    const auto update = scene.take();
    REQUIRE(update.update.flags.force_udp);
    Answer answer;
    answer.status = BindingStatus::CannotForceUdpEncapsulation;
    scene.answer(update, answer);
    const auto again = scene.take();
    CHECK_FALSE(again.update.flags.force_udp);
    CHECK(again.at == scene.now);
    scene.accept(again);
    CHECK(scene.row().encapsulation == Encapsulation::direct);
}

TEST_CASE("a refusal is reported and asked about again later, less and less often", "[MN-3]") {
    const auto status =
        GENERATE(BindingStatus::ReasonUnspecified, BindingStatus::AdministrativelyProhibited,
                 BindingStatus::InsufficientResources, BindingStatus::NotHomeSubnet,
                 BindingStatus::McoaProhibited, BindingStatus::McoaNonMcoaBindingExists,
                 BindingStatus::CannotForceUdpEncapsulation, static_cast<BindingStatus>(255));
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    Answer answer;
    answer.status = status;
    scene.answer(scene.take(), answer);
    CHECK(scene.row().state == RegistrationState::failed);
    CHECK_FALSE(scene.row().last_error.empty());
    CHECK(scene.reported("registration-refused"));
    CHECK(scene.installs.empty());

    std::vector<Duration> waits;
    TimePoint since = scene.now;
    for (int round = 0; round < 7; ++round) {
        while (scene.pending() == 0) {
            scene.advance(milliseconds(500));
        }
        const auto again = scene.take();
        waits.push_back(again.at - since);
        since = again.at;
        scene.now = again.at;
        scene.answer(again, answer);
    }
    const std::vector<Duration> expected{seconds(32),  seconds(64),  seconds(128), seconds(256),
                                         seconds(512), seconds(512), seconds(512)};
    CHECK(waits == expected);

    SECTION("a new network is a reason to ask at once") {
        scene.network({wlan("2001:db8:3::300")});
        CHECK(scene.take().at == scene.now);
    }
}

TEST_CASE("a refused refresh leaves the binding that is in force", "[MN-3]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    scene.advance(seconds(450));
    Answer answer;
    answer.status = BindingStatus::InsufficientResources;
    scene.answer(scene.take(), answer);
    CHECK(scene.row().state == RegistrationState::failed);
    CHECK(scene.row().remaining == seconds(150));
    REQUIRE(scene.kernel() != nullptr);
    CHECK(scene.removes.empty());
    scene.advance(seconds(32));
    scene.accept(scene.take());
    CHECK(scene.row().state == RegistrationState::registered);
    CHECK(scene.row().last_error.empty());
}

TEST_CASE("status 1 is an acceptance", "[MN-3]") {
    Scene scene;
    Answer answer;
    answer.status = BindingStatus::AcceptedPrefixDiscoveryNecessary;
    registered(scene, wlan("2001:db8:2::200"), answer);
    CHECK(scene.kernel() != nullptr);
}

TEST_CASE("one wrong bit anywhere, and an acknowledgement has no effect", "[M-5.7-01]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    const auto good = scene.answer_to(scene.take(), {});
    const Snapshot before(scene);
    for (std::size_t bit = 0; bit < good.octets.size() * 8; ++bit) {
        auto arrival = good;
        arrival.octets.at(bit / 8) ^= static_cast<std::uint8_t>(1U << (bit % 8));
        scene.deliver(arrival);
    }
    CHECK(scene.reports.back().name == "message-dropped");
    before.check(scene);
}

} // namespace dsmip::mobility::test
