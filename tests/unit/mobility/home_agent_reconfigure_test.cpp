// SPDX-License-Identifier: GPL-2.0-or-later
// Another configuration at run time: nodes that are no longer in it lose their bindings, others
// lose nothing; what cannot be is refused as a whole.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

HomeAgentConfig with_store() {
    auto config = default_config();
    config.has_store = true;
    return config;
}

void reconfigure(Scene& scene, const HomeAgentConfig& config) {
    auto actions = scene.agent.reconfigure(scene.now, config);
    REQUIRE(actions);
    scene.run(std::move(*actions));
}

// `node` with a fixed, `other` with a leased IPv4 home address.
struct Registered : Scene {
    wire::Ipv4Address lease;

    Registered()
        : Scene(with_store()) {
        native(Update(10).home4("192.0.2.10").bid(1, visited), visited);
        (void)answer();
        native(Update(70).of(other).home4("0.0.0.0"), visited);
        lease = answer().home4().front().address;
    }
};

} // namespace

TEST_CASE("the same configuration again changes nothing") {
    Registered scene;
    const auto before = scene.agent.binding_cache(scene.now);
    const auto requests = scene.requests;
    reconfigure(scene, with_store());
    CHECK(scene.agent.binding_cache(scene.now) == before);
    CHECK(scene.requests == requests);
}

TEST_CASE("a node that is removed loses its bindings, others lose nothing") {
    Registered scene;
    const auto before = scene.registered(other);
    auto config = with_store();
    config.nodes.erase(config.nodes.begin());
    reconfigure(scene, config);
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.registered(other) == before);
    CHECK(scene.store_in_step());
    CHECK(scene.reported("binding-removed"));
    CHECK(scene.counter("bindings_removed") == 1);
    scene.native(Update(11), visited);
    CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
    SECTION("and comes back when it is listed again") {
        reconfigure(scene, with_store());
        scene.native(Update(12).home4("192.0.2.10"), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
}

TEST_CASE("a node that is new may register, an address that is new may be used") {
    Registered scene;
    auto config = with_store();
    config.nodes.push_back({unlisted, {v4("192.0.2.20")}});
    scene.native(Update(1).of(unlisted), visited);
    CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
    reconfigure(scene, config);
    scene.native(Update(1).of(unlisted).home4("192.0.2.20"), visited);
    CHECK(scene.answer().home4().front().status == wire::Ipv4AddressStatus::Success);
}

TEST_CASE("unlisted nodes go when they are no longer accepted") {
    auto config = with_store();
    config.accept_unlisted_nodes = true;
    Scene scene(config);
    scene.native(Update(1).of(unlisted), visited);
    (void)scene.answer();
    reconfigure(scene, with_store());
    CHECK_FALSE(scene.registered(unlisted));
}

TEST_CASE("a fixed IPv4 home address is taken away, the binding stays") {
    Registered scene;
    auto config = with_store();
    config.nodes.front().home_addresses4 = {v4("192.0.2.11")};
    reconfigure(scene, config);
    REQUIRE(scene.registered(node));
    CHECK(scene.registered(node)->home_addresses4.empty());
    CHECK(scene.bids(node) == std::vector<std::uint16_t>{1});
    CHECK(scene.reported("home-address4-lost"));
    CHECK(scene.store_in_step());
}

TEST_CASE("leases survive, and one in use is not given to another node") {
    Registered scene;
    auto config = with_store();
    config.nodes.front().home_addresses4.push_back(scene.lease);
    const auto before = scene.agent.binding_cache(scene.now);
    const auto refused = scene.agent.reconfigure(scene.now, config);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().find(wire::to_string(scene.lease)) != std::string::npos);
    CHECK(refused.error().find(wire::to_string(other)) != std::string::npos);
    CHECK(scene.agent.binding_cache(scene.now) == before);
    // Not in force, not even in part.
    scene.native(Update(11).home4(wire::to_string(scene.lease).c_str()).bid(1, visited), visited);
    CHECK(scene.answer().home4().front().status ==
          wire::Ipv4AddressStatus::IncorrectIpv4HomeAddress);
    reconfigure(scene, with_store());
    scene.native(Update(71).of(other).home4("0.0.0.0"), visited);
    CHECK(scene.answer().home4().front().address == scene.lease);
}

TEST_CASE("policies change for what comes, not for what is") {
    Registered scene;
    auto config = with_store();
    config.accept_mcoa = false;
    config.max_lifetime = seconds(40);
    reconfigure(scene, config);
    CHECK(scene.binding(node, 1)->lifetime == seconds(600));
    scene.native(Update(11).bid(1, visited), visited);
    CHECK(scene.answer().status() == BindingStatus::McoaProhibited);
    scene.native(Update(71).of(other), visited);
    CHECK(scene.answer().message.lifetime.duration() == seconds(40));
}

TEST_CASE("a change that is under way is judged when it is done") {
    Registered scene;
    scene.kernel = Kernel::waits;
    scene.native(Update(11).bid(1, visited2), visited2);
    auto config = with_store();
    config.nodes.erase(config.nodes.begin());
    reconfigure(scene, config);
    CHECK(scene.silent());
    scene.kernel = Kernel::works;
    scene.answer_kernel();
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.store_in_step());
}
