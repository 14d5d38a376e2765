// SPDX-License-Identifier: GPL-2.0-or-later
// Why is a node bound or not: the last Binding Update, its outcome and the rule, in memory that
// no flood makes grow.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

bool mentions(std::string_view text, std::string_view part) {
    CAPTURE(text, part);
    return text.find(part) != std::string_view::npos;
}

} // namespace

TEST_CASE("a node nobody has heard of") {
    const Scene scene;
    const auto stranger = scene.agent.explain(scene.now, v6("2001:db8:9::1"));
    CHECK_FALSE(stranger.in_home_prefix);
    CHECK_FALSE(stranger.served);
    const auto silent = scene.agent.explain(scene.now, node);
    CHECK(silent.served);
    CHECK(silent.listed);
    CHECK_FALSE(silent.bound);
    CHECK_FALSE(silent.history.last);
}

TEST_CASE("accepted, refused, dropped: the last one and the rule that decided") {
    Scene scene;
    scene.native(Update(10), visited);
    (void)scene.answer();
    scene.advance(seconds(5));
    auto known = scene.agent.explain(scene.now, node);
    REQUIRE(known.bound);
    CHECK(known.bound->bindings.front().lifetime == seconds(595));
    CHECK(known.sequence == 10);
    REQUIRE(known.history.last);
    CHECK(known.history.last->verdict == UpdateVerdict::accepted);
    CHECK(known.history.last->when == scene.now - seconds(5));
    CHECK(known.history.last->from.address == wire::IpAddress(visited));
    CHECK(known.history.last->lifetime == seconds(600));

    scene.native(Update(10), visited2);
    CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
    known = scene.agent.explain(scene.now, node);
    CHECK(known.bound);
    CHECK(known.history.last->verdict == UpdateVerdict::refused);
    CHECK(known.history.last->rule->status() == BindingStatus::SequenceNumberOutOfWindow);
    CHECK(known.history.last->rule->name == "refused_sequence");
    CHECK(known.history.last_accepted->sequence == 10);
    CHECK(known.history.last_accepted->from.address == wire::IpAddress(visited));

    scene.native(Update(11).add(wire::NonceIndices{1, 2}), visited);
    CHECK(scene.silent());
    known = scene.agent.explain(scene.now, node);
    CHECK(known.history.last->verdict == UpdateVerdict::dropped);
    CHECK(known.history.last->sequence == 11);
    CHECK(known.history.last->rule->name == "drop_nonce_indices");

    auto octets = Scene::octets(Update(12));
    octets.at(5) ^= 1U; // checksum
    scene.deliver(octets, Scene::native_frame(node, visited));
    known = scene.agent.explain(scene.now, node);
    CHECK(known.history.last->verdict == UpdateVerdict::dropped);
    CHECK_FALSE(known.history.last->sequence);
    CHECK(known.history.last->rule->name == "drop_mh_checksum");
    CHECK(known.history.last_accepted->sequence == 10);
}

TEST_CASE("how a binding ended") {
    Scene scene;
    scene.native(Update(1, seconds(40)), visited);
    (void)scene.answer();
    std::string_view wanted;
    SECTION("lifetime") {
        scene.kernel_tells_expiry = GENERATE(true, false);
        scene.advance(seconds(42));
        CHECK(scene.agent.binding_count() == 0);
        wanted = "lifetime";
    }
    SECTION("de-registration") {
        scene.native(Update(2, seconds(0)), visited);
        (void)scene.answer();
        wanted = "de-registered";
    }
    SECTION("the operator") {
        CHECK(scene.remove(node));
        wanted = "operator";
    }
    SECTION("the configuration") {
        auto config = default_config();
        config.nodes.erase(config.nodes.begin());
        auto actions = scene.reconfigure(config);
        REQUIRE(actions);
        scene.run(*actions);
        wanted = "configuration";
    }
    const auto known = scene.agent.explain(scene.now, node);
    CHECK_FALSE(known.bound);
    REQUIRE(known.history.ended);
    CHECK(mentions(known.history.ended->reason, wanted));
}

TEST_CASE("a change that waits, and one that fails") {
    auto config = default_config();
    config.has_store = true;
    Scene scene(config);
    scene.store = Kernel::waits;
    scene.kernel = Kernel::waits;
    scene.native(Update(1), visited);
    scene.native(Update(2), visited);
    auto known = scene.agent.explain(scene.now, node);
    CHECK(known.waits_for == "store");
    CHECK(known.waiting == 1);
    CHECK(known.history.last->verdict == UpdateVerdict::waiting);
    scene.answer_store();
    CHECK(scene.agent.explain(scene.now, node).waits_for == "kernel");
    scene.answer_kernel();
    scene.answer_store(false);
    known = scene.agent.explain(scene.now, node);
    CHECK(known.history.last->verdict == UpdateVerdict::refused);
    CHECK(known.history.last->rule->name == "refused_by_store");
    CHECK(known.history.last_accepted->sequence == 1);
}

TEST_CASE("a node that sends too much") {
    auto config = default_config();
    config.policy.updates_per_node = 1;
    Scene scene(config);
    for (std::uint16_t i = 1; i < 9; ++i) {
        scene.native(Update(i), visited);
    }
    const auto known = scene.agent.explain(scene.now, node);
    REQUIRE(known.history.last);
    CHECK(known.history.last->verdict == UpdateVerdict::dropped);
    CHECK(known.history.last->sequence == 8);
    CHECK(known.history.last->rule->name == "drop_rate_of_node");
    CHECK(known.history.last_accepted);
}

TEST_CASE("a flood of home addresses displaces no node that is served") {
    auto config = default_config();
    config.policy.updates_per_source = 0;
    config.policy.updates_per_network = 0;
    config.policy.updates_of_strangers = 0;
    Scene scene(config);
    scene.native(Update(1), visited);
    (void)scene.answer();
    HomeAgentHistory history;
    auto message = Scene::native_frame(node, visited);
    const Update update(5);
    history.received(scene.now, message, &update.message, true);
    for (unsigned i = 0; i < 3 * HomeAgentHistory::strangers_max; ++i) {
        auto address = v6("2001:db8:66::");
        address.bytes[14] = static_cast<std::uint8_t>(i >> 8U);
        address.bytes[15] = static_cast<std::uint8_t>(i);
        history.received(scene.now, Scene::native_frame(address, visited), nullptr, false);
        history.dropped(address, home_agent_rule("drop_mh_checksum"));
        scene.deliver(Scene::octets(Update(1).of(address)), Scene::native_frame(address, visited));
    }
    CHECK(history.size() == HomeAgentHistory::strangers_max + 1);
    REQUIRE(history.find(node) != nullptr);
    CHECK(history.find(node)->last->sequence == 5);
    auto newest = v6("2001:db8:66::bff");
    REQUIRE(history.find(newest) != nullptr);
    CHECK(history.find(newest)->last->rule == home_agent_rule("drop_mh_checksum"));
    CHECK(history.find(v6("2001:db8:66::1")) == nullptr);
    CHECK(scene.agent.explain(scene.now, node).history.last);
    const auto stranger = scene.agent.explain(scene.now, newest);
    REQUIRE(stranger.history.last);
    CHECK(stranger.history.last->rule->status() == BindingStatus::NotHomeSubnet);
}

TEST_CASE("what the answer says of each option") {
    Scene scene;
    const auto last = [&] { return *scene.agent.explain(scene.now, node).history.last; };
    const auto same = [](const JudgedOptions& judged, const Answer& answer) {
        const auto bids = answer.bids();
        const auto status = answer.bid_status();
        const auto home4 = answer.home4();
        REQUIRE(judged.identifiers.size() == bids.size());
        for (std::size_t i = 0; i < bids.size(); ++i) {
            CHECK(judged.identifiers[i].bid == bids[i].bid);
            CHECK(judged.identifiers[i].rule->status() == status[i]);
        }
        REQUIRE(judged.home_addresses4.size() == home4.size());
        for (std::size_t i = 0; i < home4.size(); ++i) {
            CHECK(judged.home_addresses4[i].answer.address == home4[i].address);
            CHECK(judged.home_addresses4[i].answer.status == home4[i].status);
        }
    };
    scene.native(Update(10).home4("192.0.2.10").home4("192.0.2.99").bid(1, visited).bid(2, agent6),
                 visited);
    auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::McoaNotComplete);
    same(last().options, answer);
    CHECK(last().options.identifiers[1].rule->status() == BindingStatus::InvalidCareOfAddress);
    CHECK(last().options.home_addresses4[1].rule->status4() ==
          wire::Ipv4AddressStatus::IncorrectIpv4HomeAddress);

    SECTION("refused, each for itself") {
        scene.native(Update(11).bid(3, agent6), visited);
        answer = scene.answer();
        CHECK(answer.status() == BindingStatus::InvalidCareOfAddress);
        same(last().options, answer);
    }
    SECTION("refused as a whole, or dropped: none was looked at") {
        scene.native(Update(10).bid(1, visited), visited);
        CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
        CHECK(last().options.identifiers.empty());
        scene.native(Update(11).bid(1, visited).add(wire::NonceIndices{1, 2}), visited);
        CHECK(scene.silent());
        CHECK(last().options.identifiers.empty());
    }
    SECTION("refused by the kernel: what was judged does not count") {
        scene.kernel = Kernel::refuses;
        scene.native(Update(11).home4("192.0.2.10").bid(1, visited2), visited2);
        CHECK_FALSE(wire::is_accepted(scene.answer().status()));
        CHECK(last().options.identifiers.empty());
        CHECK(last().options.home_addresses4.empty());
    }
    SECTION("without options there is nothing to say") {
        scene.native(Update(11), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(last().options.identifiers.empty());
        CHECK(last().options.home_addresses4.empty());
    }
}
