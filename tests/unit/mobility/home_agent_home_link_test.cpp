// SPDX-License-Identifier: GPL-2.0-or-later
// A real home link: duplicate address detection before the first answer, what is claimed when,
// returning home, and being at home and away at once.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

using Statuses = std::vector<BindingStatus>;
using Bids = std::vector<std::uint16_t>;
using Events = std::vector<std::string>;
constexpr auto accepted = BindingStatus::Accepted;
constexpr auto without_ndp = BindingStatus::McoaReturnHomeWithoutNdp;
constexpr auto prohibited = BindingStatus::McoaSimultaneousHomeAndForeignProhibited;
constexpr unsigned home_interface = 2; // what Scene::home_link() says
const LinkAddress node_link_address{2, 0, 0, 0, 0, 0x10};
const LinkAddress other_link_address{2, 0, 0, 0, 0, 0x20};

HomeAgentConfig real_link(bool sole_router = false) {
    auto config = default_config();
    config.home_link.link = home_interface;
    config.home_link.sole_router = sole_router;
    return config;
}

// H of RFC 5648.
Update at_home(std::uint16_t sequence, std::uint16_t bid, const LinkAddress& link_address) {
    Update update(sequence);
    update.bid(bid, node);
    std::get<wire::BindingIdentifier>(update.message.options.back()).flags |= wire::bid_rfc::home;
    if (!link_address.empty()) {
        update.add(wire::MobilityHeaderLinkLayerAddress{2, link_address});
    }
    return update;
}

// H of the draft: in a de-registration.
Update at_home_draft(std::uint16_t sequence, std::uint16_t bid) {
    Update update(sequence, seconds(0));
    wire::BindingIdentifierRequest request;
    request.bid = bid;
    request.home = true;
    update.message.options.emplace_back(wire::make_binding_identifier(request, Dialect::Draft));
    return update;
}

// Registers over the visited network and passes the detection.
Answer join(Scene& scene, const Update& update) {
    scene.native(update, visited);
    scene.answer_dad(DadOutcome::unique);
    return scene.answer();
}

} // namespace

TEST_CASE("the first registration is answered when the home address has proved unique",
          "[M-6.3-06]") {
    Scene scene(real_link());
    scene.native(Update(1).home4("192.0.2.10"), visited);
    CHECK(scene.silent());
    CHECK(scene.requests == 0); // the kernel has nothing yet
    CHECK(scene.claimed.empty());
    REQUIRE(scene.detections.size() == 1);
    CHECK(scene.detections.front().home_address == node);
    CHECK_FALSE(scene.detections.front().link_local);
    scene.advance(seconds(1));
    scene.answer_dad(DadOutcome::unique);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.registered(node));
    REQUIRE(scene.claimed.contains(node));
    CHECK(scene.claimed[node].home_addresses4 == std::vector{v4("192.0.2.10")});
    CHECK_FALSE(scene.claimed[node].link_local);
    // Announced before the node hears that it is registered.
    CHECK(scene.home_link_events == Events{"claim", "answer"});
}

TEST_CASE("L: the link-local address is looked after, too") {
    Scene scene(real_link());
    Update update(1);
    update.message.flags.link_local = true;
    scene.native(update, visited);
    REQUIRE(scene.detections.size() == 1);
    CHECK(scene.detections.front().link_local);
    scene.answer_dad(DadOutcome::unique);
    (void)scene.answer();
    CHECK(scene.claimed[node].link_local);
    CHECK(scene.binding(node)->link_local);
    scene.native(Update(2), visited);
    (void)scene.answer();
    CHECK_FALSE(scene.claimed[node].link_local);
}

TEST_CASE("R: neighbours hear that it is a router") {
    auto config = real_link();
    config.nodes.at(0).prefixes6 = {{v6("2001:db8:aaaa::"), 48}};
    Scene scene(config);
    (void)join(scene, Update(1).router());
    CHECK(scene.claimed[node].router);
}

TEST_CASE("134 when another node has the address; nothing is left of it") {
    Scene scene(real_link());
    scene.native(Update(1).home4("0.0.0.0"), visited);
    scene.answer_dad(DadOutcome::duplicate);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::DuplicateAddressDetectionFailed);
    CHECK(answer.message.sequence == 1);
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.claimed.empty());
    CHECK(scene.requests == 0);
    CHECK(scene.counter("refused_134") == 1);
    CHECK(scene.counter("registrations_refused") == 1);
    CHECK(scene.reported("binding-refused"));
    CHECK_FALSE(scene.agent.next_deadline());
    // And no sequence number has to be followed.
    CHECK(join(scene, Update(1)).status() == accepted);
}

TEST_CASE("128 when the home link cannot be asked") {
    Scene scene(real_link());
    scene.native(Update(1), visited);
    SECTION("it says so") {
        scene.answer_dad(DadOutcome::unknown);
    }
    SECTION("it says nothing") {
        scene.advance(seconds(10));
        scene.run(scene.agent.dad_done(scene.now, scene.detections.front().request,
                                       DadOutcome::unique)); // too late
    }
    CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.requests == 0);
}

TEST_CASE("a retransmission while the detection runs is answered after the first one") {
    Scene scene(real_link());
    scene.native(Update(1), visited);
    scene.advance(milliseconds(1500));
    scene.native(Update(2), visited);
    CHECK(scene.silent());
    CHECK(scene.detections.size() == 1); // one is enough
    SECTION("unique") {
        scene.answer_dad(DadOutcome::unique);
        REQUIRE(scene.sent.size() == 2);
        auto second = scene.sent.back();
        scene.sent.pop_back();
        CHECK(scene.answer().message.sequence == 1);
        scene.sent.push_back(second);
        const auto answer = scene.answer();
        CHECK(answer.message.sequence == 2);
        CHECK(answer.status() == accepted);
        CHECK(scene.binding(node)->sequence == 2);
    }
    SECTION("duplicate: not asked again for the same address") {
        scene.answer_dad(DadOutcome::duplicate);
        CHECK(scene.sent.size() == 2);
        CHECK(scene.counter("refused_134") == 2);
        CHECK(scene.detections.empty());
        CHECK_FALSE(scene.registered(node));
    }
}

TEST_CASE("no detection while any binding exists", "[M-6.3-07]") {
    Scene scene(real_link());
    (void)join(scene, Update(1).bid(1, visited));
    scene.native(Update(2).bid(1, visited2), visited2);
    CHECK(scene.answer().status() == accepted);
    scene.native(Update(3).bid(2, visited), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.detections.empty());
}

TEST_CASE("after a de-registration the address is asked about again, at once") {
    Scene scene(real_link());
    (void)join(scene, Update(1));
    scene.home_link(Update(2, seconds(0)));
    (void)scene.answer();
    scene.native(Update(2), visited); // late: no need to ask
    CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
    scene.native(Update(3), visited);
    CHECK(scene.silent());
    CHECK(scene.detections.size() == 1);
}

TEST_CASE("returning home: claims end before the answer, which goes to the node's frame",
          "[M-5.6.1-02]") {
    Scene scene(real_link());
    (void)join(scene, Update(1).home4("192.0.2.10"));
    scene.home_link_events.clear();
    scene.frame_source = node_link_address;
    SECTION("accepted") {
        scene.home_link(Update(2, seconds(0)));
        const auto answer = scene.answer();
        CHECK(answer.status() == accepted);
        CHECK(scene.home_link_events == Events{"release", "answer"});
        CHECK(scene.claimed.empty());
        const auto& route = std::get<NativeIpv6>(answer.sent.route);
        CHECK(route.link == home_interface);
        CHECK(route.link_address == node_link_address);
        CHECK(route.wire_destination == node);
        CHECK_FALSE(route.routing_header);
    }
    SECTION("refused: the home agent goes on answering for it, so nobody can be asked") {
        scene.home_link(Update(1, seconds(0))); // old
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::SequenceNumberOutOfWindow);
        CHECK(std::get<NativeIpv6>(answer.sent.route).link_address == node_link_address);
        CHECK(scene.claimed.contains(node));
    }
    SECTION("not by another link") {
        auto message = Scene::native_frame(node, {});
        message.wire_source.reset();
        message.link = home_interface + 1;
        scene.deliver(Scene::octets(Update(2, seconds(0))), message);
        CHECK(scene.silent());
        CHECK(scene.counter("drop_no_home_address_option") == 1);
    }
}

TEST_CASE("claims follow the registration wherever it ends or changes") {
    Scene scene(real_link());
    (void)join(scene, Update(1, seconds(40)).home4("192.0.2.10"));
    SECTION("expiry") {
        scene.advance(seconds(41));
        CHECK(scene.claimed.empty());
    }
    SECTION("the operator") {
        CHECK(scene.remove(node));
        CHECK(scene.claimed.empty());
    }
    SECTION("the IPv4 home address alone is given up") {
        scene.native(Update(2), visited);
        (void)scene.answer();
        CHECK(scene.claimed[node].home_addresses4.empty());
    }
    SECTION("a refresh changes nothing") {
        scene.home_link_events.clear();
        scene.native(Update(2).home4("192.0.2.10"), visited);
        (void)scene.answer();
        CHECK(scene.home_link_events == Events{"answer"});
    }
    SECTION("a new daemon claims what it finds, without a word to the link") {
        scene.home_link_events.clear();
        scene.restart(real_link());
        CHECK(scene.claimed.contains(node));
        CHECK(scene.home_link_events == Events{"claim silently"});
        CHECK(scene.detections.empty());
    }
    SECTION("a kernel that refuses leaves everything as it was") {
        scene.kernel = Kernel::refuses;
        scene.home_link(Update(2, seconds(0)));
        CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
        CHECK(scene.claimed.contains(node));
    }
}

TEST_CASE("virtual home link: nothing is asked or claimed") {
    Scene scene;
    scene.native(Update(1), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.detections.empty());
    CHECK(scene.claimed.empty());
}

// ---------------------------------------------------------------- home and away (RFC 5648, 5.6.3)

TEST_CASE(
    "at home and away at once, as the RFC says it",
    "[M-5.6.3-02][M-5.6.3-04][M-5.6.3-09][M-5.6.3-11][M-5.6.3-12][M-5.6.3-13][M-A-01][M-A-03]") {
    Scene scene(real_link());
    (void)join(scene, Update(1).home4("192.0.2.10").bid(1, visited));
    scene.home_link_events.clear();
    const bool named = GENERATE(true, false); // in the message, or by the frame alone
    scene.frame_source = node_link_address;
    scene.home_link(at_home(2, 2, named ? other_link_address : LinkAddress{}).home4("192.0.2.10"));
    const auto answer = scene.answer();
    CHECK(answer.status() == without_ndp);
    CHECK(answer.bid_status() == Statuses{without_ndp});
    CHECK(answer.message.lifetime.duration() == seconds(600));
    CHECK(std::get<NativeIpv6>(answer.sent.route).link_address == node_link_address);
    CHECK(scene.bids(node) == Bids{1, 2});
    const auto home = scene.binding(node, 2);
    REQUIRE(home);
    CHECK(home->home_link);
    CHECK(home->link == home_interface);
    CHECK(home->link_address == (named ? other_link_address : node_link_address));
    CHECK(home->care_of == wire::IpAddress(node));
    CHECK_FALSE(scene.binding(node, 1)->home_link);
    // Still defended.
    CHECK(scene.home_link_events == Events{"answer"});
    CHECK(scene.claimed.contains(node));
    SECTION("a refresh by BID alone keeps the link-layer address") {
        Update refresh(3);
        refresh.home4("192.0.2.10").bid(2);
        std::get<wire::BindingIdentifier>(refresh.message.options.back()).flags |=
            wire::bid_rfc::home;
        scene.native(refresh, visited);
        CHECK(scene.answer().status() == without_ndp);
        CHECK(scene.binding(node, 2)->link_address == home->link_address);
    }
    SECTION("leaving home: the BID goes elsewhere with H clear") {
        scene.native(Update(3).home4("192.0.2.10").bid(2, visited2), visited2);
        CHECK(scene.answer().status() == accepted);
        CHECK_FALSE(scene.binding(node, 2)->home_link);
        CHECK(scene.claimed.contains(node));
    }
    SECTION("only the home link from now on: everything is de-registered") {
        scene.home_link(Update(3, seconds(0)));
        CHECK(scene.answer().status() == accepted);
        CHECK_FALSE(scene.registered(node));
        CHECK(scene.claimed.empty());
    }
    SECTION("that binding alone is deleted, H or not") {
        Update leave(3, seconds(0));
        leave.bid(2);
        scene.home_link(leave);
        CHECK(scene.answer().status() == accepted);
        CHECK(scene.bids(node) == Bids{1});
    }
    SECTION("there is one home link: another BID takes its place") {
        scene.home_link(at_home(3, 3, node_link_address).home4("192.0.2.10"));
        CHECK(scene.answer().status() == without_ndp);
        CHECK(scene.bids(node) == Bids{1, 3});
    }
    SECTION("the home link has another interface after a restart") {
        auto config = real_link();
        config.home_link.link = home_interface + 7;
        scene.restart(config);
        CHECK(scene.binding(node, 2)->link == home_interface + 7); // the kernel's, too
    }
    SECTION("the home link is virtual after a restart") {
        scene.restart(default_config());
        CHECK(scene.bids(node) == Bids{1});
        CHECK(scene.claimed.empty());
    }
    SECTION("a new daemon finds it in the kernel") {
        scene.restart(real_link());
        CHECK(scene.binding(node, 2) == home);
        CHECK(scene.claimed.contains(node));
    }
}

TEST_CASE("at home and away at once, as the draft says it",
          "[M-5.6.3-08][M-5.6.3-09][M-6.3-24][M-4.2.1-12]") {
    Scene scene(real_link());
    (void)join(scene, Update(1, seconds(300)).home4("192.0.2.10").bid(1, visited));
    scene.answers_in = Dialect::Draft;
    scene.frame_source = node_link_address;
    scene.advance(seconds(10));
    scene.home_link(at_home_draft(2, 2), Dialect::Draft);
    const auto answer = scene.answer();
    CHECK(answer.status() == without_ndp);
    CHECK(answer.bid_status() == Statuses{without_ndp});
    CHECK(scene.bids(node) == Bids{1, 2});
    const auto home = scene.binding(node, 2);
    REQUIRE(home);
    CHECK(home->home_link);
    CHECK(home->link_address == node_link_address);
    CHECK(home->lifetime == seconds(290)); // as long as the others
    CHECK(scene.registered(node)->home_addresses4 == std::vector{v4("192.0.2.10")});
    CHECK(scene.claimed.contains(node));
}

TEST_CASE("the home agent is the sole router of the link: neighbour discovery is the node's",
          "[M-5.6.3-09][M-5.6.3-10][M-A-03]") {
    Scene scene(real_link(true));
    (void)join(scene, Update(1).bid(1, visited));
    CHECK(scene.claimed.contains(node));
    scene.home_link_events.clear();
    scene.frame_source = node_link_address;
    scene.home_link(at_home(2, 2, node_link_address));
    const auto answer = scene.answer();
    CHECK(answer.status() == accepted);
    CHECK(answer.bid_status() == Statuses{accepted});
    CHECK(scene.home_link_events == Events{"release", "answer"});
    CHECK(scene.binding(node, 2)->home_link);
    CHECK(scene.binding(node, 2)->link_address.empty());
    // Away again: it is the home agent's, and no stranger can have taken it.
    scene.native(Update(3).bid(2, visited2), visited2);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.claimed.contains(node));
    CHECK(scene.detections.empty());
}

TEST_CASE("a first registration from the home link itself needs no detection") {
    Scene scene(real_link());
    scene.frame_source = node_link_address;
    scene.home_link(at_home(1, 1, {}));
    CHECK(scene.answer().status() == without_ndp);
    CHECK(scene.bids(node) == Bids{1});
}

TEST_CASE("169, or what is wrong with it") {
    auto config = real_link();
    SECTION("169: not wanted here") {
        config.home_link.accept_simultaneous = false;
        Scene scene(config);
        scene.home_link(at_home(1, 1, node_link_address));
        const auto answer = scene.answer();
        CHECK(answer.status() == prohibited);
        CHECK(answer.bid_status() == Statuses{prohibited});
        CHECK(answer.message.lifetime.is_zero());
        CHECK(scene.counter("refused_169") == 1);
    }
    SECTION("169: nobody knows where frames should go") {
        Scene scene(config);
        scene.home_link(at_home(1, 1, {}));
        CHECK(scene.answer().status() == prohibited);
    }
    SECTION("164: a group is no address of a node") {
        Scene scene(config);
        const auto wrong = GENERATE(LinkAddress{3, 0, 0, 0, 0, 1}, LinkAddress{0, 0, 0, 0, 0, 0},
                                    LinkAddress{2, 0, 0, 0, 1});
        scene.home_link(at_home(1, 1, wrong));
        CHECK(scene.answer().status() == BindingStatus::McoaMalformed);
    }
    SECTION("164: H with an address that is not the home address") {
        config.dialect = Dialect::Rfc;
        Scene scene(config);
        Update update(1);
        update.bid(1, visited);
        std::get<wire::BindingIdentifier>(update.message.options.back()).flags |=
            wire::bid_rfc::home;
        scene.native(update, visited);
        CHECK(scene.answer().status() == BindingStatus::McoaMalformed);
    }
    SECTION("164: two home links") {
        Scene scene(config);
        auto update = at_home(1, 1, node_link_address);
        update.bid(2, node);
        std::get<wire::BindingIdentifier>(update.message.options.back()).flags |=
            wire::bid_rfc::home;
        scene.home_link(update);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::McoaNotComplete);
        CHECK(answer.bid_status() == Statuses{without_ndp, BindingStatus::McoaMalformed});
        CHECK(scene.bids(node) == Bids{1});
    }
}

TEST_CASE("bulk: home and away in one message") {
    Scene scene(real_link());
    scene.frame_source = node_link_address;
    auto update = at_home(1, 1, node_link_address);
    update.bid(2, visited);
    scene.home_link(update);
    const auto answer = scene.answer();
    CHECK(answer.status() == without_ndp);
    CHECK(answer.bid_status() == Statuses{without_ndp, accepted});
    CHECK(scene.bids(node) == Bids{1, 2});
}

TEST_CASE("another home link, and none, by a reload") {
    auto config = real_link();
    Scene scene(config);
    (void)join(scene, Update(10).bid(1, visited));
    scene.home_link(at_home(11, 2, node_link_address));
    CHECK(scene.answer().status() == without_ndp);
    REQUIRE(scene.binding(node, 2)->link == home_interface);
    scene.home_link_events.clear();

    config.home_link.link = home_interface + 1;
    auto actions = scene.reconfigure(config);
    REQUIRE(actions);
    scene.run(std::move(*actions));
    CHECK(scene.binding(node, 2)->link == home_interface + 1);
    CHECK(scene.bids(node) == Bids{1, 2});
    CHECK(scene.home_link_events == Events{"claim"});

    scene.home_link_events.clear();
    config.home_link.link = 0;
    actions = scene.reconfigure(config);
    REQUIRE(actions);
    scene.run(std::move(*actions));
    CHECK(scene.bids(node) == Bids{1});
    CHECK(scene.home_link_events.empty()); // there is nobody to be told
    CHECK(scene.counter("bindings_removed") == 1);

    config.home_link.link = home_interface;
    actions = scene.reconfigure(config);
    REQUIRE(actions);
    scene.run(std::move(*actions));
    CHECK(scene.home_link_events == Events{"claim"});
    CHECK(scene.bids(node) == Bids{1});
}

TEST_CASE("who uses neighbour discovery was told so when it registered, not by a reload") {
    auto config = real_link(true);
    Scene scene(config);
    (void)join(scene, Update(10).bid(1, visited));
    scene.home_link(at_home(11, 2, node_link_address));
    CHECK(scene.answer().status() == accepted);
    scene.home_link_events.clear();
    auto actions = scene.reconfigure(real_link(false));
    REQUIRE(actions);
    scene.run(std::move(*actions));
    CHECK(scene.home_link_events.empty()); // it still answers for itself
    scene.home_link(at_home(12, 2, node_link_address));
    CHECK(scene.answer().status() == without_ndp);
    CHECK(scene.home_link_events == Events{"claim", "answer"});
}
