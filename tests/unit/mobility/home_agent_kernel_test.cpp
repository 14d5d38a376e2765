// SPDX-License-Identifier: GPL-2.0-or-later
// Cache and kernel: answers wait for it, refusals change nothing, lost words are repaired,
// restarts find everything again.
#include <algorithm>

#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

using Bids = std::vector<std::uint16_t>;
const wire::Endpoint direct{visited4, 5000};

} // namespace

TEST_CASE("the answer waits for the kernel", "[D-2.3.1-05]") {
    Scene scene;
    scene.kernel = Kernel::waits;
    scene.native(Update(1), visited);
    CHECK(scene.silent());
    CHECK(scene.agent.node_count() == 0);
    SECTION("done") {
        scene.answer_kernel();
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.registered(node));
        CHECK(scene.counter("registrations_accepted") == 1);
    }
    SECTION("refused") {
        scene.answer_kernel(false);
        CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
        CHECK_FALSE(scene.registered(node));
        CHECK(scene.counter("registrations_accepted") == 0);
        CHECK(scene.counter("registrations_refused") == 1);
        CHECK(scene.reported("kernel-request-failed"));
        // Nothing was accepted, so the number is still good.
        scene.kernel = Kernel::works;
        scene.native(Update(1), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
}

TEST_CASE("when the kernel refuses, what was registered stays") {
    Scene scene;
    scene.native(Update(1).home4("192.0.2.10"), visited);
    (void)scene.answer();
    scene.kernel = Kernel::refuses;
    const auto leaving = GENERATE(false, true);
    scene.native(leaving ? Update(2, seconds(0)) : Update(2), visited2);
    CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
    CHECK(scene.binding(node)->care_of == wire::IpAddress(visited));
    CHECK(scene.binding(node)->sequence == 1);
    CHECK(scene.registered(node)->home_addresses4.size() == 1);
    scene.kernel = Kernel::works;
    scene.native(Update(2), visited2);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("a newer Binding Update waits for the one before it") {
    Scene scene;
    scene.kernel = Kernel::waits;
    scene.native(Update(1), visited);
    scene.native(Update(2), visited2);
    scene.native(Update(2), visited); // repeated
    CHECK(scene.requests == 1);
    SECTION("which succeeds") {
        scene.answer_kernel();
        CHECK(scene.answer().message.sequence == 1);
        CHECK(scene.requests == 2);
        scene.answer_kernel();
        REQUIRE(scene.sent.size() == 2);
        const auto late = scene.sent.back();
        scene.sent.pop_back();
        CHECK(scene.answer().message.sequence == 2);
        scene.sent.push_back(late);
        CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
    }
    SECTION("which fails") {
        scene.answer_kernel(false);
        CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
        scene.kernel = Kernel::works;
        scene.answer_kernel();
        REQUIRE(scene.sent.size() == 2);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
    }
    SECTION("for which nobody waits forever") {
        for (std::uint16_t i = 3; i < 20; ++i) {
            scene.native(Update(i), visited);
        }
        CHECK(scene.counter("drop_too_many_waiting") == 11);
        scene.kernel = Kernel::works;
        scene.answer_kernel();
        CHECK(scene.binding(node)->sequence == 8);
    }
    SECTION("while others go on") {
        scene.native(Update(1).of(other), visited);
        CHECK(scene.requests == 2);
    }
}

TEST_CASE("a lost answer of the kernel does not wedge the node") {
    Scene scene;
    scene.native(Update(1), visited);
    (void)scene.answer();
    scene.kernel = GENERATE(Kernel::loses_request, Kernel::loses_answer);
    scene.native(Update(2), visited2);
    CHECK(scene.silent());
    SECTION("refused after two seconds, and the kernel told what is true") {
        scene.advance(seconds(2) - milliseconds(1));
        CHECK(scene.silent());
        scene.kernel = Kernel::works;
        scene.advance(milliseconds(1));
        CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
        CHECK(scene.counter("kernel_timeouts") == 1);
        CHECK(scene.counter("kernel_repairs") == 1);
        CHECK(scene.reported("kernel-request-lost"));
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited)); // in step, too
        scene.native(Update(2), visited2);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
    }
    SECTION("the repair is tried again and again") {
        scene.advance(seconds(30));
        CHECK(scene.counter("kernel_repairs") > 2);
        CHECK(scene.counter("kernel_repairs") < 10);
        scene.sent.clear();
        scene.kernel = Kernel::works;
        scene.advance(seconds(40));
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited));
    }
    SECTION("what waited behind it is tried then") {
        scene.native(Update(3), visited2);
        scene.kernel = Kernel::works;
        scene.advance(seconds(2));
        REQUIRE(scene.sent.size() == 2);
        scene.sent.erase(scene.sent.begin());
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
        CHECK(scene.counter("kernel_repairs") == 0);
    }
}

TEST_CASE("a first registration whose answer is lost leaves nothing") {
    Scene scene;
    scene.kernel = Kernel::loses_answer;
    scene.native(Update(1), visited);
    scene.kernel = Kernel::works;
    scene.advance(seconds(2));
    CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
    CHECK(scene.in_step());
    CHECK_FALSE(scene.registered(node));
    CHECK_FALSE(scene.agent.next_deadline());
    scene.native(Update(60000), visited); // no number is remembered
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("an answer after the end changes nothing") {
    Scene scene;
    scene.kernel = Kernel::waits;
    scene.native(Update(1), visited);
    scene.advance(seconds(2));
    CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
    scene.kernel = Kernel::works;
    scene.answer_kernel(); // done after all, and undone by the request behind it
    scene.answer_kernel();
    CHECK(scene.held.empty());
    scene.run(scene.agent.confirm(scene.now, 4711, {}));
    CHECK(scene.silent());
    CHECK_FALSE(scene.registered(node));
}

TEST_CASE("expiry while a request is under way") {
    Scene scene;
    scene.native(Update(1, seconds(40)), visited);
    (void)scene.answer();
    scene.advance(seconds(39));
    scene.kernel = Kernel::waits;
    scene.native(Update(2, seconds(40)), visited);
    scene.advance(seconds(1) + milliseconds(500)); // the kernel has deleted the old one
    scene.kernel = Kernel::works;
    SECTION("that renews it") {
        scene.answer_kernel();
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.agent.binding_count() == 1);
    }
    SECTION("that fails") {
        scene.answer_kernel(false);
        CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
        CHECK(scene.agent.node_count() == 0);
        CHECK(scene.in_step());
    }
}

TEST_CASE("the kernel's word about an older binding does not hurt the renewed one") {
    Scene scene;
    scene.native(Update(1), visited);
    (void)scene.answer();
    scene.run(scene.agent.binding_expired(scene.now, node, 0));
    CHECK(scene.registered(node));
    CHECK(scene.counter("kernel_repairs") == 1); // it might have been deleted by somebody
    scene.run(scene.agent.binding_expired(scene.now, node, 9));
    scene.run(scene.agent.binding_expired(scene.now, other, 0));
    CHECK(scene.counter("bindings_expired") == 0);
}

TEST_CASE("restart: bindings, numbers and addresses come back from the kernel") {
    auto config = default_config();
    Scene scene(config);
    scene.native(Update(10).home4("192.0.2.10").bid(1, visited), visited);
    (void)scene.answer();
    scene.udp(Update(11).home4("192.0.2.10").bid(2, private4, 7), outside);
    (void)scene.answer();
    scene.native(Update(70).of(other).home4("0.0.0.0"), visited);
    const auto lease = scene.answer().home4().front().address;
    scene.advance(seconds(100));
    const auto before = scene.agent.binding_cache(scene.now);

    SECTION("as they were, without a word to the kernel") {
        const auto requests = scene.requests;
        scene.restart(config);
        CHECK(scene.requests == requests);
        CHECK(scene.agent.binding_cache(scene.now) == before);
        CHECK(scene.agent.binding_count() == 3);
        CHECK(scene.counter("bindings_restored") == 3);
        scene.native(Update(11).bid(1, visited), visited);
        const auto late = scene.answer();
        CHECK(late.status() == BindingStatus::SequenceNumberOutOfWindow);
        CHECK(late.message.sequence == 11);
        scene.native(Update(1).of(unlisted), visited); // still refused
        (void)scene.answer();
        scene.native(Update(12).home4("192.0.2.10").bid(1, visited), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.bids(node) == Bids{1, 2});
        scene.advance(seconds(501));
        CHECK(scene.bids(node) == Bids{1});
        CHECK_FALSE(scene.registered(other));
    }
    SECTION("nodes that are no longer served go") {
        config.nodes.pop_back();
        scene.restart(config);
        CHECK(scene.registered(node));
        CHECK_FALSE(scene.registered(other));
        CHECK(scene.reported("binding-removed"));
    }
    SECTION("an address that now belongs to somebody else is taken away") {
        config.nodes.front().home_addresses4 = {lease};
        scene.restart(config);
        CHECK(scene.registered(other)->home_addresses4.empty());
        CHECK(scene.registered(node)->home_addresses4.empty());
        CHECK(scene.reported("home-address4-lost"));
        scene.native(Update(12).home4(to_string(lease).c_str()).bid(1, visited), visited);
        CHECK(scene.answer().home4().front().status == wire::Ipv4AddressStatus::Success);
    }
}

TEST_CASE("the operator deletes bindings") {
    Scene scene;
    scene.native(Update(1).home4("192.0.2.10").bid(1, visited).bid(2, visited2), visited);
    (void)scene.answer();
    SECTION("one") {
        CHECK(scene.remove(node, 2));
        CHECK(scene.bids(node) == Bids{1});
        CHECK_FALSE(scene.remove(node, 2));
        CHECK(scene.counter("bindings_removed") == 1);
    }
    SECTION("all") {
        CHECK(scene.remove(node));
        CHECK_FALSE(scene.registered(node));
        CHECK_FALSE(scene.remove(node));
        CHECK(scene.counter("bindings_removed") == 2);
        scene.native(Update(2).overwrite().bid(1, visited), visited); // may come back
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
    SECTION("none") {
        CHECK_FALSE(scene.remove(other));
        CHECK_FALSE(scene.remove(node, 3));
        CHECK(scene.bids(node) == Bids{1, 2});
    }
    SECTION("behind a change that is under way") {
        scene.kernel = Kernel::waits;
        scene.native(Update(2).bid(3, visited), visited);
        CHECK(scene.remove(node, 3));
        CHECK_FALSE(scene.remove(node, 4));
        scene.kernel = Kernel::works;
        scene.answer_kernel();
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.bids(node) == Bids{1, 2});
    }
    SECTION("and the kernel refuses") {
        scene.kernel = Kernel::refuses;
        CHECK(scene.remove(node));
        CHECK(scene.bids(node) == Bids{1, 2});
        CHECK(scene.counter("bindings_removed") == 0);
    }
    CHECK(scene.silent());
}

TEST_CASE("lifetimes that end together are attended to in turns") {
    auto config = default_config();
    config.accept_unlisted_nodes = true;
    config.policy.updates_per_source = config.policy.updates_per_network = 0; // no limits
    Scene scene(config);
    scene.kernel_tells_expiry = false;
    constexpr std::size_t crowd = 1000;
    for (std::size_t i = 0; i < crowd; ++i) {
        auto address = unlisted;
        address.bytes[12] = static_cast<std::uint8_t>(i >> 8U);
        address.bytes[13] = static_cast<std::uint8_t>(i);
        scene.native(Update(1).of(address), visited);
    }
    REQUIRE(scene.agent.node_count() == crowd);
    scene.now += minutes(11);
    std::size_t turns = 0;
    std::size_t gone = 0;
    while (scene.agent.next_deadline() && *scene.agent.next_deadline() <= scene.now) {
        auto actions = scene.agent.tick(scene.now);
        const auto before = gone;
        gone += static_cast<std::size_t>(
            std::count_if(actions.begin(), actions.end(), [](const Action& action) {
                return std::holds_alternative<RemoveBindings>(action);
            }));
        CHECK(gone - before <= 256);
        scene.run(std::move(actions));
        REQUIRE(++turns < 100);
    }
    CHECK(gone == crowd);
    CHECK(turns >= 4);
    CHECK(scene.agent.node_count() == 0);
}
