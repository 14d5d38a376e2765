// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated network between the two engines.
#include "exchange_world.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

namespace dsmip::mobility::test {
namespace {

constexpr std::uint16_t mobile_node_port = 40000;

bool behind_nat(const wire::IpAddress& address) {
    return address.is_ipv4() && address.ipv4()->bytes.front() == 10;
}

} // namespace

// ---------------------------------------------------------------- kernel

void KernelModel::install(TimePoint now, const InstallBindings& request) {
    home_address_ = request.node.home_address;
    home_addresses4_ = request.node.home_addresses4;
    if (request.replace) {
        bindings_.clear();
    }
    if (request.prefixes) {
        prefixes6_ = request.node.prefixes6;
        prefixes4_ = request.node.prefixes4;
    } else {
        REQUIRE(request.node.prefixes6 == prefixes6_);
        REQUIRE(request.node.prefixes4 == prefixes4_);
    }
    for (const auto& binding : request.node.bindings) {
        REQUIRE(binding.lifetime > Duration{0});
        REQUIRE(binding.lifetime <= std::chrono::seconds(262140));
        bindings_[binding.bid] = {binding, now + binding.lifetime};
    }
}

bool KernelModel::remove(const RemoveBindings& request) {
    const bool all_there =
        std::all_of(request.bids.begin(), request.bids.end(),
                    [&](std::uint16_t bid) { return bindings_.count(bid) != 0; });
    if (!all_there) {
        return false;
    }
    if (request.bids.empty()) {
        bindings_.clear();
    }
    for (const auto bid : request.bids) {
        bindings_.erase(bid);
    }
    forget_if_empty();
    return true;
}

void KernelModel::forget_if_empty() {
    if (bindings_.empty()) {
        prefixes6_.clear();
        prefixes4_.clear();
    }
}

std::vector<std::uint16_t> KernelModel::expire(TimePoint now) {
    std::vector<std::uint16_t> ended;
    for (const auto& [bid, held] : bindings_) {
        if (held.expiry <= now) {
            ended.push_back(bid);
        }
    }
    for (const auto bid : ended) {
        bindings_.erase(bid);
    }
    forget_if_empty();
    return ended;
}

std::optional<TimePoint> KernelModel::next_expiry() const {
    std::optional<TimePoint> next;
    for (const auto& [bid, held] : bindings_) {
        next = next ? std::min(*next, held.expiry) : held.expiry;
    }
    return next;
}

KernelNode KernelModel::dump(TimePoint now) const {
    KernelNode node{home_address_, home_addresses4_, {}, prefixes6_, prefixes4_};
    for (const auto& [bid, held] : bindings_) {
        node.bindings.push_back(held.binding);
        node.bindings.back().lifetime = held.expiry - now;
    }
    return node;
}

// ---------------------------------------------------------------- NAT

wire::Endpoint Nat::outward(TimePoint now, const wire::Endpoint& inside) {
    for (auto& [port, mapping] : mappings_) {
        if (mapping.inside == inside && now - mapping.used < timeout) {
            mapping.used = now;
            return {outside_, port};
        }
    }
    mappings_[next_port_] = {inside, now};
    return {outside_, next_port_++};
}

std::optional<wire::Endpoint> Nat::inward(TimePoint now, const wire::Endpoint& outside) {
    const auto found = mappings_.find(outside.port);
    if (found == mappings_.end() || now - found->second.used >= timeout) {
        return std::nullopt;
    }
    found->second.used = now;
    return found->second.inside;
}

// ---------------------------------------------------------------- world

World::World(HomeAgentConfig home_agent_config, MobileNodeConfig mobile_node_config, unsigned seed)
    : random(seed)
    , home_agent_config_(std::move(home_agent_config))
    , mobile_node_config_(std::move(mobile_node_config)) {
    home_agent = std::make_unique<HomeAgent>(home_agent_config_);
    mobile_node = std::make_unique<MobileNode>(
        mobile_node_config_, [this] { return static_cast<std::uint32_t>(random()); });
}

void World::attach(std::vector<CareOfCandidate> candidates) {
    candidates_ = std::move(candidates);
    mobile_node_does(mobile_node->network_changed(now, candidates_));
}

void World::restart_mobile_node() {
    mobile_node = std::make_unique<MobileNode>(
        mobile_node_config_, [this] { return static_cast<std::uint32_t>(random()); });
    if (!mobile_node_kernel.bindings().empty()) {
        mobile_node_does(mobile_node->restore(now, mobile_node_kernel.dump(now)));
    }
    mobile_node_does(mobile_node->network_changed(now, candidates_));
}

void World::restart_home_agent() {
    home_agent = std::make_unique<HomeAgent>(home_agent_config_);
    std::vector<KernelNode> nodes;
    if (!home_agent_kernel.bindings().empty()) {
        nodes.push_back(home_agent_kernel.dump(now));
    }
    home_agent_does(home_agent->restore(now, nodes));
}

void World::stop_mobile_node() {
    mobile_node_does(mobile_node->stop(now));
}

void World::in_the_network(std::function<void()> arrives) {
    std::uniform_real_distribution<double> chance(0, 1);
    std::uniform_int_distribution<Duration::rep> delay(weather.shortest_delay.count(),
                                                       weather.longest_delay.count());
    const int copies = chance(random) < weather.repetition ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
        if (chance(random) >= weather.loss) {
            events_.emplace(now + Duration(delay(random)), arrives);
        }
    }
}

const CareOfCandidate* World::attached(const wire::IpAddress& address) const {
    const auto found =
        std::find_if(candidates_.begin(), candidates_.end(), [&](const CareOfCandidate& candidate) {
            return candidate.address == address;
        });
    return found == candidates_.end() ? nullptr : &*found;
}

void World::mobile_node_does(const Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* message = std::get_if<SendMessage>(&action)) {
            ++updates;
            update_times.push_back(now);
            to_home_agent(*message);
        } else if (const auto* install = std::get_if<InstallBindings>(&action)) {
            mobile_node_kernel.install(now, *install);
            mobile_node_does(mobile_node->kernel_done(now, install->request, std::nullopt));
        } else if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
            const auto outcome = mobile_node_kernel.remove(*remove)
                                     ? KernelOutcome{}
                                     : KernelOutcome("no such binding");
            mobile_node_does(mobile_node->kernel_done(now, remove->request, outcome));
        } else if (const auto* assign = std::get_if<AssignHomeAddress4>(&action)) {
            std::erase(device_addresses4, assign->address);
            device_addresses4.push_back(assign->address);
        } else if (const auto* withdraw = std::get_if<WithdrawHomeAddress4>(&action)) {
            std::erase(device_addresses4, withdraw->address);
        }
    }
}

void World::home_agent_does(const Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* message = std::get_if<SendMessage>(&action)) {
            to_mobile_node(*message);
        } else if (const auto* install = std::get_if<InstallBindings>(&action)) {
            home_agent_kernel.install(now, *install);
            home_agent_does(home_agent->confirm(now, install->request, std::nullopt));
        } else if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
            const auto outcome = home_agent_kernel.remove(*remove)
                                     ? KernelOutcome{}
                                     : KernelOutcome("no such binding");
            home_agent_does(home_agent->confirm(now, remove->request, outcome));
        }
    }
}

void World::to_home_agent(const SendMessage& message) {
    ReceivedMessage received;
    received.source = message.source;
    received.destination = message.destination;
    received.link = 1;
    if (const auto* native = std::get_if<NativeIpv6>(&message.route)) {
        if (attached(native->wire_source) == nullptr) {
            return;
        }
        received.wire_source = native->wire_source;
    } else if (const auto* udp = std::get_if<UdpPath>(&message.route)) {
        if (attached(udp->local) == nullptr) {
            return;
        }
        MessagePath path;
        path.local = udp->remote;
        path.remote = {udp->local, mobile_node_port};
        if (behind_nat(udp->local)) {
            path.remote = nat.outward(now, path.remote);
        }
        path.link = 1;
        received.path = path;
    } else {
        FAIL("a mobile node has nothing to answer");
    }
    in_the_network([this, received, octets = message.octets]() mutable {
        received.octets = octets;
        if (received.path) {
            received.path->cookie = next_cookie_++;
            cookies_[received.path->cookie] = *received.path;
        }
        home_agent_does(home_agent->receive(now, received));
    });
}

void World::to_mobile_node(const SendMessage& message) {
    if (const auto* native = std::get_if<NativeIpv6>(&message.route)) {
        in_the_network([this, message, native = *native] {
            if (const auto* where = attached(native.wire_destination)) {
                deliver_to_mobile_node(message, std::nullopt, where->link);
            }
        });
        return;
    }
    const auto* answer = std::get_if<AnswerPath>(&message.route);
    REQUIRE(answer != nullptr);
    REQUIRE(cookies_.count(answer->cookie) == 1);
    const auto used = cookies_.at(answer->cookie);
    in_the_network([this, message, used] {
        auto inside = used.remote;
        if (inside.address == wire::IpAddress(wire::Ipv4Address{{203, 0, 113, 1}})) {
            const auto mapped = nat.inward(now, used.remote);
            if (!mapped) {
                return;
            }
            inside = *mapped;
        }
        if (const auto* where = attached(inside.address)) {
            MessagePath path;
            path.remote = used.local;
            path.local = inside;
            path.link = where->link;
            deliver_to_mobile_node(message, path, where->link);
        }
    });
}

void World::deliver_to_mobile_node(const SendMessage& message, std::optional<MessagePath> path,
                                   unsigned link) {
    ReceivedMessage received;
    received.source = message.source;
    received.destination = message.destination;
    received.path = path;
    received.link = link;
    received.octets = message.octets;
    mobile_node_does(mobile_node->receive(now, received));
}

std::optional<TimePoint> World::next_event() const {
    std::optional<TimePoint> next;
    const auto consider = [&](std::optional<TimePoint> candidate) {
        if (candidate) {
            next = next ? std::min(*next, *candidate) : *candidate;
        }
    };
    consider(home_agent->next_deadline());
    consider(mobile_node->next_deadline());
    consider(home_agent_kernel.next_expiry());
    consider(mobile_node_kernel.next_expiry());
    if (!events_.empty()) {
        consider(events_.begin()->first);
    }
    return next;
}

// Everything that is due now: the network, the kernels, the engines.
void World::step() {
    while (!events_.empty() && events_.begin()->first <= now) {
        const auto happens = events_.begin()->second;
        events_.erase(events_.begin());
        happens();
    }
    for (const auto bid : home_agent_kernel.expire(now)) {
        home_agent_does(home_agent->binding_expired(now, mobile_node_config_.home_address, bid));
    }
    for (const auto bid : mobile_node_kernel.expire(now)) {
        mobile_node_does(mobile_node->binding_expired(now, bid));
    }
    home_agent_does(home_agent->tick(now));
    mobile_node_does(mobile_node->tick(now));
}

void World::run(Duration length) {
    const TimePoint end = now + length;
    unsigned stuck = 0;
    for (auto next = next_event(); next && *next <= end; next = next_event()) {
        stuck = *next > now ? 0 : stuck + 1;
        REQUIRE(stuck < 100); // else an engine spins
        now = std::max(now, *next);
        step();
        check_invariants();
    }
    now = end;
}

void World::check_invariants() const {
    bool ipv4 = false;
    bool ipv6 = false;
    for (const auto& [bid, held] : mobile_node_kernel.bindings()) {
        ipv4 = ipv4 || held.binding.care_of.is_ipv4();
        ipv6 = ipv6 || held.binding.care_of.is_ipv6();
        // What the mobile node believes in ends before the home agent forgets it.
        const auto there = home_agent_kernel.bindings().find(bid);
        if (there != home_agent_kernel.bindings().end() &&
            there->second.binding.sequence == held.binding.sequence) {
            REQUIRE(held.expiry <= there->second.expiry);
        }
    }
    if (!mobile_node_config_.mcoa) {
        REQUIRE_FALSE((ipv4 && ipv6));
        REQUIRE(mobile_node_kernel.bindings().size() <= 1);
    }
    for (const auto& row : mobile_node->binding_update_list(now)) {
        REQUIRE(row.remaining >= Duration{0});
    }
    for (const auto& counter : mobile_node->counters()) {
        if (counter.name == "illegal_transitions" || counter.name == "encode_failures") {
            REQUIRE(counter.value == 0);
        }
    }
}

std::string World::compare(const KernelBinding& here, const KernelBinding& there) {
    const auto name = "BID " + std::to_string(here.bid) + ": ";
    if (attached(here.care_of) == nullptr) {
        return name + "care-of address " + wire::to_string(here.care_of) + " is not attached";
    }
    if (here.encapsulation != there.encapsulation) {
        return name + "another format";
    }
    if (here.nat != there.nat || (here.bid == 0 && here.sequence != there.sequence)) {
        return name + "NAT verdict or sequence number differs";
    }
    if (!behind_nat(here.care_of)) {
        return here.care_of == there.care_of ? "" : name + "another end point";
    }
    const auto outside = nat.outward(now, {here.care_of, mobile_node_port});
    const bool same = there.care_of == outside.address && there.port == outside.port;
    return same ? "" : name + "not the end point the NAT has";
}

std::string World::disagreement() {
    std::vector<std::uint16_t> wanted;
    if (mobile_node_config_.mcoa) {
        for (const auto& access : mobile_node_config_.accesses) {
            const bool usable = std::any_of(candidates_.begin(), candidates_.end(),
                                            [&](const CareOfCandidate& candidate) {
                                                return candidate.link_name == access.link_name;
                                            });
            if (usable) {
                wanted.push_back(access.bid);
            }
        }
    } else if (!candidates_.empty()) {
        wanted.push_back(0);
    }
    const auto& here = mobile_node_kernel.bindings();
    const auto& there = home_agent_kernel.bindings();
    if (here.size() != wanted.size() || there.size() != wanted.size()) {
        return std::to_string(wanted.size()) + " bindings wanted, mobile node has " +
               std::to_string(here.size()) + ", home agent " + std::to_string(there.size());
    }
    for (const auto bid : wanted) {
        if (here.count(bid) == 0 || there.count(bid) == 0) {
            return "BID " + std::to_string(bid) + " is missing";
        }
        if (auto difference = compare(here.at(bid).binding, there.at(bid).binding);
            !difference.empty()) {
            return difference;
        }
    }
    if (mobile_node_kernel.home_addresses4() != home_agent_kernel.home_addresses4()) {
        return "the IPv4 home addresses differ";
    }
    if (mobile_node_kernel.prefixes6() != home_agent_kernel.prefixes6() ||
        mobile_node_kernel.prefixes4() != home_agent_kernel.prefixes4()) {
        return "the prefixes differ";
    }
    return "";
}

} // namespace dsmip::mobility::test
