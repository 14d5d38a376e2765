// SPDX-License-Identifier: GPL-2.0-or-later
// The order in which a Binding Update is judged: of two faults the one of the earlier rule decides
// (RFC 6275, 9.5.1 and 10.3.1; RFC 5555, 4.5; RFC 5648, 6.2 and 6.3).
#include <map>
#include <set>
#include <variant>

#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

// A Binding Update about to be sent, and what it meets.
struct Attempt {
    HomeAgentConfig config = default_config();
    std::optional<std::uint16_t> registered; // sequence number of a plain binding before
    Update update{100};
    wire::Ipv6Address destination = agent6;
    std::optional<wire::Ipv6Address> wire_source;
    std::optional<wire::Endpoint> from; // in UDP
    bool over_home_link = false;
};

using Expected = std::variant<BindingStatus, std::string>; // answered, or dropped under that name

// `about`: what the fault needs to be so.  Two that need different things of the same cannot be
// had at once.
struct Fault {
    std::string name;
    Expected expected;
    std::map<std::string, std::string> about;
    void (*spoil)(Attempt&);
};

// In order of the rules.
const std::vector<Fault> faults{
    {"source",
     "drop_source_not_unicast",
     {{"source", "group"}},
     [](Attempt& attempt) { attempt.wire_source = v6("ff02::1"); }},
    {"destination",
     "drop_destination_not_unicast",
     {{"destination", "group"}},
     [](Attempt& attempt) { attempt.destination = v6("ff02::6a"); }},
    {"home address",
     "drop_home_address_not_unicast",
     {{"home", "link"}, {"entry", "none"}},
     [](Attempt& attempt) { attempt.update.of(v6("fe80::1")); }},
    {"UDP over IPv6",
     "drop_tunnel_not_ipv4",
     {{"way", "udp"}, {"outside", "ipv6"}},
     [](Attempt& attempt) {
         attempt.from = wire::Endpoint{visited, 40000};
     }},
    {"other home address in UDP",
     "drop_home_address_option_in_udp",
     {{"way", "udp"}, {"source", "care-of"}},
     [](Attempt& attempt) {
         attempt.from = attempt.from.value_or(outside);
         attempt.wire_source = visited;
     }},
    {"correspondent",
     "drop_correspondent_registration",
     {{"R", "clear"}},
     [](Attempt& attempt) { attempt.update.message.flags.home_registration = false; }},
    {"135",
     BindingStatus::SequenceNumberOutOfWindow,
     {{"entry", "later"}},
     [](Attempt& attempt) { attempt.registered = 200; }},
    {"nonce indices",
     "drop_nonce_indices",
     {},
     [](Attempt& attempt) {
         attempt.update.add(wire::NonceIndices{1, 2});
     }},
    {"131",
     BindingStatus::HomeRegistrationNotSupported,
     {{"destination", "other"}},
     [](Attempt& attempt) { attempt.destination = v6("2001:db8:1::2"); }},
    {"132",
     BindingStatus::NotHomeSubnet,
     {{"home", "elsewhere"}, {"entry", "none"}},
     [](Attempt& attempt) { attempt.update.of(v6("2001:db8:9::100")); }},
    {"129",
     BindingStatus::AdministrativelyProhibited,
     {{"home", "unlisted"}, {"entry", "none"}},
     [](Attempt& attempt) { attempt.update.of(unlisted); }},
    {"no Home Address option",
     "drop_no_home_address_option",
     {{"way", "native"}, {"source", "home"}, {"lifetime", "some"}, {"care-of", "elsewhere"}},
     [](Attempt& attempt) {
         attempt.over_home_link = true;
         attempt.update.alternate(visited);
     }},
    {"174",
     BindingStatus::InvalidCareOfAddress,
     {{"way", "native"}, {"lifetime", "some"}, {"bids", "none"}, {"care-of", "group"}},
     [](Attempt& attempt) { attempt.update.alternate(v6("ff05::1")); }},
    {"133",
     BindingStatus::NotHomeAgentForThisMobileNode,
     {{"lifetime", "none"}, {"entry", "none"}},
     [](Attempt& attempt) { attempt.update.message.lifetime = wire::Lifetime{0}; }},
    {"140",
     BindingStatus::MobileRouterOperationNotPermitted,
     {{"lifetime", "some"}, {"R", "set"}},
     [](Attempt& attempt) {
         attempt.config.prefixes.accept_mobile_routers = false;
         attempt.update.router();
     }},
    {"139",
     BindingStatus::RegistrationTypeChangeDisallowed,
     {{"lifetime", "some"}, {"R", "set"}, {"entry", "plain"}},
     [](Attempt& attempt) {
         attempt.registered = attempt.registered.value_or(50);
         attempt.update.router();
     }},
    {"141",
     BindingStatus::InvalidPrefix,
     {{"lifetime", "some"}, {"R", "set"}, {"prefixes", "named"}, {"entry", "none"}},
     [](Attempt& attempt) { attempt.update.router().prefix("ff0e::", 64); }},
    {"142",
     BindingStatus::NotAuthorizedForPrefix,
     {{"lifetime", "some"}, {"R", "set"}, {"prefixes", "named"}, {"entry", "none"}},
     [](Attempt& attempt) { attempt.update.router().prefix("2001:db8:cccc::", 64); }},
    {"143",
     BindingStatus::ForwardingSetupFailed,
     {{"lifetime", "some"}, {"R", "set"}, {"prefixes", "none"}, {"entry", "none"}},
     [](Attempt& attempt) { attempt.update.router(); }},
    {"144",
     BindingStatus::CannotForceUdpEncapsulation,
     {{"way", "udp"}, {"lifetime", "some"}},
     [](Attempt& attempt) {
         attempt.from = attempt.from.value_or(outside);
         attempt.config.accept_forced_udp = false;
         attempt.update.force_udp();
     }},
    {"164",
     BindingStatus::McoaMalformed,
     {{"bids", "both generations"}},
     [](Attempt& attempt) {
         wire::BindingIdentifier draft;
         draft.bid = 3;
         draft.flags = 0x80; // C
         draft.care_of_address = visited;
         attempt.update.add(draft).bid(4, visited2);
     }},
    {"166",
     BindingStatus::McoaProhibited,
     {{"bids", ""}},
     [](Attempt& attempt) { attempt.config.accept_mcoa = false; }},
    {"168",
     BindingStatus::McoaBulkRegistrationProhibited,
     {{"bids", "two"}},
     [](Attempt& attempt) {
         attempt.config.accept_bulk = false;
         attempt.update.bid(1, visited).bid(2, visited2);
     }},
    {"165",
     BindingStatus::McoaNonMcoaBindingExists,
     {{"bids", ""}, {"lifetime", "some"}, {"entry", "plain"}},
     [](Attempt& attempt) { attempt.registered = attempt.registered.value_or(50); }},
    {"167",
     BindingStatus::McoaUnknownCareOfAddress,
     {{"bids", "no address"}, {"lifetime", "some"}},
     [](Attempt& attempt) { attempt.update.bid(9); }},
};

// What one needs is so as well if the other has its way.
const std::set<std::pair<std::string, std::string>> implied{
    {"group", "care-of"},      {"group", "other"}, {"link", "elsewhere"},    {"link", "unlisted"},
    {"elsewhere", "unlisted"}, {"later", "plain"}, {"both generations", ""}, {"two", ""},
    {"no address", ""},
};

bool compatible(const Fault& first, const Fault& second) {
    for (const auto& [what, value] : second.about) {
        const auto other = first.about.find(what);
        if (other != first.about.end() && other->second != value &&
            !implied.contains({other->second, value}) &&
            !implied.contains({value, other->second})) {
            return false;
        }
    }
    return true;
}

bool needs_bids(const Fault& fault) {
    const auto bids = fault.about.find("bids");
    return bids != fault.about.end() && bids->second.empty();
}

Expected outcome_of(const Attempt& attempt) {
    Scene scene(attempt.config);
    if (attempt.registered) {
        scene.native(Update(*attempt.registered), visited);
        REQUIRE(scene.answer().status() == BindingStatus::Accepted);
    }
    const auto before = scene.agent.binding_cache(scene.now);
    auto frame = attempt.from ? scene.udp_frame(attempt.update.home_address, *attempt.from)
                              : Scene::native_frame(attempt.update.home_address,
                                                    attempt.wire_source.value_or(visited));
    frame.destination = attempt.destination;
    if (attempt.from) {
        frame.wire_source = attempt.wire_source;
    } else if (attempt.over_home_link) {
        frame.wire_source.reset();
    }
    scene.reports.clear();
    scene.deliver(wire::encode(attempt.update.message, Dialect::Rfc, attempt.update.home_address,
                               attempt.destination)
                      .value(),
                  frame);
    CHECK(scene.agent.binding_cache(scene.now) == before); // whatever it was, nothing changed
    if (!scene.silent()) {
        return scene.answer().status();
    }
    for (const auto& report : scene.reports) {
        if (report.name == "message-dropped") {
            const auto cause = report.fields.front().second.text();
            CHECK(scene.counter(cause) == 1); // silent, but not secret
            return cause;
        }
    }
    return "nothing at all";
}

Attempt make_attempt(const std::vector<const Fault*>& with) {
    Attempt attempt;
    bool wants_bids = false;
    bool has_bids = false;
    // The earlier fault has the last word about what both change.
    for (auto fault = with.rbegin(); fault != with.rend(); ++fault) {
        (*fault)->spoil(attempt);
        wants_bids = wants_bids || needs_bids(**fault);
    }
    has_bids =
        wire::find_option<wire::BindingIdentifier>(attempt.update.message.options) != nullptr;
    if (wants_bids && !has_bids) {
        attempt.update.bid(1, visited);
    }
    return attempt;
}

} // namespace

TEST_CASE("without a fault a Binding Update is accepted") {
    Attempt attempt;
    Scene scene(attempt.config);
    scene.native(attempt.update, visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("each fault alone has its status or its name among the drops", "[M-6.3-05]") {
    for (const auto& fault : faults) {
        CAPTURE(fault.name);
        CHECK(outcome_of(make_attempt({&fault})) == fault.expected);
    }
}

TEST_CASE("of two faults the earlier rule decides", "[M-6.3-05]") {
    std::size_t pairs = 0;
    for (auto first = faults.begin(); first != faults.end(); ++first) {
        for (auto second = std::next(first); second != faults.end(); ++second) {
            if (compatible(*first, *second)) {
                CAPTURE(first->name, second->name);
                CHECK(outcome_of(make_attempt({&*first, &*second})) == first->expected);
                ++pairs;
            }
        }
    }
    CHECK(pairs > 120);
}
