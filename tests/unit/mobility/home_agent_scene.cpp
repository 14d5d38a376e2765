// SPDX-License-Identifier: GPL-2.0-or-later
// The home agent's counterpart in tests: mobile nodes, kernel, time.
#include "home_agent_scene.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "wire/checksum.hpp"

namespace dsmip::mobility::test {

wire::Ipv6Address v6(const char* text) {
    return wire::Ipv6Address::parse(text).value();
}

wire::Ipv4Address v4(const char* text) {
    return wire::Ipv4Address::parse(text).value();
}

HomeAgentConfig default_config() {
    HomeAgentConfig config;
    config.address6 = agent6;
    config.address4 = agent4;
    config.home_prefixes = {{v6("2001:db8:1::"), 64}};
    config.nodes = {{node, {v4("192.0.2.10"), v4("192.0.2.11")}}, {other, {}}};
    config.address_pool = wire::Prefix4{v4("192.0.2.160"), 29};
    return config;
}

// ---------------------------------------------------------------- messages

Update::Update(std::uint16_t sequence, seconds lifetime) {
    message.sequence = sequence;
    message.flags.acknowledge = true;
    message.flags.home_registration = true;
    message.lifetime = wire::Lifetime::from(lifetime);
}

Update& Update::of(const wire::Ipv6Address& address) {
    home_address = address;
    return *this;
}

Update& Update::add(wire::MobilityOption option) {
    message.options.push_back(std::move(option));
    return *this;
}

Update& Update::home4(const char* address, std::uint8_t length, bool prefix) {
    return add(wire::Ipv4HomeAddress{length, prefix, v4(address)});
}

Update& Update::router() {
    message.flags.mobile_router = true;
    return *this;
}

Update& Update::prefix(const char* address, std::uint8_t length) {
    return add(wire::MobileNetworkPrefix{{v6(address), length}});
}

Update& Update::care_of4(const wire::Ipv4Address& address) {
    return add(wire::Ipv4CareOfAddress{address});
}

Update& Update::alternate(const wire::Ipv6Address& address) {
    return add(wire::AlternateCareOfAddress{address});
}

Update& Update::bid(std::uint16_t bid, const wire::Ipv6Address& care_of, std::uint8_t priority) {
    wire::BindingIdentifier option;
    option.bid = bid;
    option.care_of_address = care_of;
    option.flags = priority;
    return add(option);
}

Update& Update::bid(std::uint16_t bid, const wire::Ipv4Address& care_of, std::uint8_t priority) {
    wire::BindingIdentifier option;
    option.bid = bid;
    option.care_of_address = care_of;
    option.flags = priority;
    return add(option);
}

Update& Update::bid(std::uint16_t bid) {
    wire::BindingIdentifier option;
    option.bid = bid;
    return add(option);
}

Update& Update::force_udp() {
    message.flags.force_udp = true;
    return *this;
}

Update& Update::tlv() {
    message.flags.tlv = true;
    return *this;
}

Update& Update::overwrite() {
    message.flags.overwrite = true;
    return *this;
}

std::vector<wire::Ipv4AddressAcknowledgement> Answer::home4() const {
    return wire::find_options<wire::Ipv4AddressAcknowledgement>(message.options);
}

std::optional<wire::NatDetection> Answer::nat() const {
    const auto* option = wire::find_option<wire::NatDetection>(message.options);
    return option == nullptr ? std::nullopt : std::optional(*option);
}

std::vector<wire::BindingIdentifier> Answer::bids() const {
    return wire::find_options<wire::BindingIdentifier>(message.options);
}

std::vector<BindingStatus> Answer::bid_status() const {
    std::vector<BindingStatus> result;
    for (const auto& option : bids()) {
        result.push_back(option.status);
    }
    return result;
}

// ---------------------------------------------------------------- inputs

Scene::Scene(HomeAgentConfig config)
    : agent(std::move(config)) {}

std::vector<std::uint8_t> Scene::octets(const Update& update, Dialect dialect) {
    return wire::encode(update.message, dialect, update.home_address, agent6).value();
}

void Scene::correct_checksum(std::vector<std::uint8_t>& octets) {
    octets.at(wire::checksum_offset) = octets.at(wire::checksum_offset + 1) = 0;
    const auto sum = wire::mobility_header_checksum(octets, node, agent6);
    octets.at(wire::checksum_offset) = static_cast<std::uint8_t>(sum >> 8U);
    octets.at(wire::checksum_offset + 1) = static_cast<std::uint8_t>(sum);
}

ReceivedMessage Scene::native_frame(const wire::Ipv6Address& home_address,
                                    const wire::Ipv6Address& care_of) {
    ReceivedMessage message;
    message.source = home_address;
    message.destination = agent6;
    message.wire_source = care_of;
    message.link = 2;
    return message;
}

ReceivedMessage Scene::udp_frame(const wire::Ipv6Address& home_address,
                                 const wire::Endpoint& from) {
    ReceivedMessage message;
    message.source = home_address;
    message.destination = agent6;
    message.path = MessagePath{cookie_++, Encapsulation::udp, from, {agent4, 4191}, 3};
    message.link = 7;
    return message;
}

void Scene::native(const Update& update, const wire::Ipv6Address& care_of, Dialect dialect) {
    deliver(octets(update, dialect), native_frame(update.home_address, care_of));
}

void Scene::home_link(const Update& update, Dialect dialect) {
    auto message = native_frame(update.home_address, {});
    message.wire_source.reset();
    message.link_address = frame_source;
    deliver(octets(update, dialect), message);
}

void Scene::udp(const Update& update, const wire::Endpoint& from, Dialect dialect) {
    deliver(octets(update, dialect), udp_frame(update.home_address, from));
}

void Scene::deliver(const std::vector<std::uint8_t>& octets, ReceivedMessage message) {
    message.octets = octets;
    run(agent.receive(now, message));
}

bool Scene::remove(const wire::Ipv6Address& home_address, std::optional<std::uint16_t> bid) {
    bool found = false;
    run(agent.remove(now, home_address, bid, found));
    return found;
}

void Scene::restart(HomeAgentConfig config) {
    agent = HomeAgent(std::move(config));
    held.clear();
    held_since_.clear();
    // Nobody answers for a daemon that is gone.
    claimed.clear();
    detections.clear();
    held_by_store.clear();
    held_by_store_since_.clear();
    const auto kernel = kernel_table();
    const auto store = stored();
    std::vector<std::pair<const KernelNode*, const StoredRegistration*>> found;
    for (const auto& held : kernel) {
        found.emplace_back(&held, nullptr);
    }
    for (const auto& registration : store) {
        const auto same = std::find_if(found.begin(), found.end(), [&](const auto& pair) {
            return pair.first != nullptr &&
                   pair.first->home_address == registration.node.home_address;
        });
        if (same != found.end()) {
            same->second = &registration;
        } else {
            found.emplace_back(nullptr, &registration);
        }
    }
    std::stable_partition(found.begin(), found.end(), [](const auto& pair) {
        return pair.first != nullptr || !pair.second->node.bindings.empty();
    });
    Actions all;
    for (const auto& [in_kernel, in_store] : found) {
        auto made = agent.restore(now, in_kernel, in_store);
        std::move(made.begin(), made.end(), std::back_inserter(all));
    }
    run(std::move(all));
}

void Scene::advance(Duration by) {
    const auto end = now + by;
    for (;;) {
        auto next = end;
        if (const auto deadline = agent.next_deadline()) {
            next = std::min(next, std::max(*deadline, now));
        }
        for (const auto& [home_address, row] : table_) {
            for (const auto& [bid, expires] : row.expires) {
                next = std::min(next, std::max(expires, now));
            }
        }
        now = next;
        expire_kernel();
        if (const auto deadline = agent.next_deadline(); deadline && *deadline <= now) {
            run(agent.tick(now));
            const auto again = agent.next_deadline();
            REQUIRE((!again || *again > now)); // or the daemon would spin
        }
        if (now >= end) {
            return;
        }
    }
}

// ---------------------------------------------------------------- kernel

tl::expected<Actions, std::string> Scene::reconfigure(HomeAgentConfig config) {
    PreparedConfiguration next(std::move(config));
    return agent.reconfigure(now, next);
}

void Scene::run(Actions actions) {
    for (auto& action : actions) {
        queue_.push_back(std::move(action));
    }
    if (running_) {
        return;
    }
    running_ = true;
    while (!queue_.empty()) {
        auto action = std::move(queue_.front());
        queue_.pop_front();
        if (auto* message = std::get_if<SendMessage>(&action)) {
            sent.push_back(std::move(*message));
            home_link_events.emplace_back("answer");
        } else if (auto* report = std::get_if<Report>(&action)) {
            reports.push_back(std::move(*report));
        } else if (auto* dad = std::get_if<StartDad>(&action)) {
            detections.push_back(*dad);
        } else if (auto* claim = std::get_if<ClaimHomeAddress>(&action)) {
            home_link_events.emplace_back(claim->announce ? "claim" : "claim silently");
            claimed[claim->home_address] = std::move(*claim);
        } else if (const auto* release = std::get_if<ReleaseHomeAddress>(&action)) {
            home_link_events.emplace_back("release");
            REQUIRE(claimed.erase(release->home_address) == 1);
        } else if (const auto* forget = std::get_if<ForgetLease4>(&action)) {
            forgotten.push_back(forget->address);
        } else if (const auto* keep = std::get_if<KeepRegistration>(&action)) {
            request(*keep);
        } else {
            request(action);
        }
    }
    running_ = false;
}

namespace {

RequestId id_of(const Action& action) {
    if (const auto* install = std::get_if<InstallBindings>(&action)) {
        return install->request;
    }
    return std::get<RemoveBindings>(action).request;
}

} // namespace

void Scene::request(const Action& action) {
    ++requests;
    if (!held.empty()) {
        hold(action); // requests are answered in order
        return;
    }
    switch (kernel) {
    case Kernel::works: {
        const bool done = apply(action);
        run(agent.confirm(now, id_of(action), done ? KernelOutcome{} : "in use"));
        break;
    }
    case Kernel::refuses_prefixes: {
        auto without = action;
        auto* install = std::get_if<InstallBindings>(&without);
        const bool refuse = install != nullptr && install->prefixes &&
                            !(install->node.prefixes6.empty() && install->node.prefixes4.empty());
        if (refuse) {
            install->prefixes = false;
        }
        const bool done = apply(without);
        run(agent.confirm(now, id_of(action), done && !refuse ? KernelOutcome{} : "in use"));
        break;
    }
    case Kernel::refuses:
        run(agent.confirm(now, id_of(action), "no memory"));
        break;
    case Kernel::waits:
        hold(action);
        break;
    case Kernel::loses_request:
        break;
    case Kernel::loses_answer:
        apply(action);
        break;
    }
}

void Scene::answer_dad(DadOutcome outcome) {
    REQUIRE(!detections.empty());
    const auto request = detections.front().request;
    detections.pop_front();
    run(agent.dad_done(now, request, outcome));
}

void Scene::hold(const Action& action) {
    held.push_back(action);
    held_since_.push_back(now);
}

void Scene::answer_kernel(bool success) {
    REQUIRE(!held.empty());
    auto action = held.front();
    held.pop_front();
    // Lifetimes run from the request on, however late it is done.
    if (auto* install = std::get_if<InstallBindings>(&action)) {
        for (auto& binding : install->node.bindings) {
            binding.lifetime =
                std::max(binding.lifetime - (now - held_since_.front()), Duration(1));
        }
    }
    held_since_.pop_front();
    const bool done = success && apply(action);
    run(agent.confirm(now, id_of(action), done ? KernelOutcome{} : "refused"));
}

bool Scene::apply(const Action& action) {
    if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
        const auto row = table_.find(remove->home_address);
        if (row == table_.end()) {
            return true;
        }
        for (const auto bid : remove->bids) {
            row->second.expires.erase(bid);
            std::erase_if(row->second.node.bindings,
                          [&](const KernelBinding& binding) { return binding.bid == bid; });
        }
        if (remove->bids.empty() || row->second.node.bindings.empty()) {
            table_.erase(row);
        }
        return true;
    }
    const auto& install = std::get<InstallBindings>(action);
    for (const auto& [home_address, row] : table_) {
        for (const auto& address : row.node.home_addresses4) {
            const auto& wanted = install.node.home_addresses4;
            if (home_address != install.node.home_address &&
                std::find(wanted.begin(), wanted.end(), address) != wanted.end()) {
                return false; // an IPv4 home address has one owner
            }
        }
    }
    for (const auto& [home_address, row] : table_) {
        for (const auto& prefix : row.node.prefixes4) {
            for (const auto& wanted : install.node.prefixes4) {
                if (home_address != install.node.home_address &&
                    (prefix.contains(wanted) || wanted.contains(prefix))) {
                    return false;
                }
            }
        }
    }
    REQUIRE(install.replace); // the engine always says what all of the node is
    REQUIRE(!install.node.bindings.empty());
    Row row{install.node, {}};
    if (!install.prefixes) {
        const auto known = table_.find(install.node.home_address);
        row.node.prefixes6 =
            known == table_.end() ? std::vector<wire::Prefix6>{} : known->second.node.prefixes6;
        row.node.prefixes4 =
            known == table_.end() ? std::vector<wire::Prefix4>{} : known->second.node.prefixes4;
    }
    for (const auto& binding : install.node.bindings) {
        REQUIRE(binding.lifetime > Duration(0));
        REQUIRE(!binding.care_of.is_unspecified());
        row.expires[binding.bid] = now + binding.lifetime;
    }
    table_[install.node.home_address] = std::move(row);
    return true;
}

void Scene::expire_kernel() {
    std::vector<std::pair<wire::Ipv6Address, std::uint16_t>> gone;
    for (auto& [home_address, row] : table_) {
        for (const auto& [bid, expires] : row.expires) {
            if (expires <= now) {
                gone.emplace_back(home_address, bid);
            }
        }
    }
    for (const auto& [home_address, bid] : gone) {
        apply(RemoveBindings{0, home_address, {bid}});
    }
    for (const auto& [home_address, bid] : gone) {
        if (kernel_tells_expiry) {
            run(agent.binding_expired(now, home_address, bid));
        }
    }
}

// ---------------------------------------------------------------- store

void Scene::request(const KeepRegistration& keep) {
    if (!held_by_store.empty() || store == Kernel::waits) {
        held_by_store.push_back(keep);
        held_by_store_since_.push_back(now);
        return;
    }
    if (store == Kernel::works || store == Kernel::loses_answer) {
        apply(keep, now);
    }
    if (store == Kernel::works || store == Kernel::refuses) {
        run(agent.confirm(now, keep.request,
                          store == Kernel::works ? RequestOutcome{} : "disk is full"));
    }
}

void Scene::answer_store(bool success) {
    REQUIRE(!held_by_store.empty());
    const auto keep = held_by_store.front();
    held_by_store.pop_front();
    if (success) {
        apply(keep, held_by_store_since_.front());
    }
    held_by_store_since_.pop_front();
    run(agent.confirm(now, keep.request, success ? RequestOutcome{} : "disk is full"));
}

void Scene::apply(const KeepRegistration& keep, TimePoint since) {
    const auto& home_address = keep.registration.node.home_address;
    if (keep.registration.is_nothing()) {
        records_.erase(home_address);
    } else {
        records_[home_address] = {keep.registration, since};
    }
}

std::vector<StoredRegistration> Scene::stored() const {
    std::vector<StoredRegistration> result;
    for (const auto& [home_address, record] : records_) {
        auto registration = record.registration;
        for (auto& binding : registration.node.bindings) {
            binding.lifetime -= now - record.since;
        }
        for (auto& lease : registration.leases) {
            lease.remaining = std::max(lease.remaining - (now - record.since), Duration(0));
        }
        registration.remembered =
            std::max(registration.remembered - (now - record.since), Duration(0));
        std::erase_if(registration.node.bindings,
                      [](const KernelBinding& binding) { return binding.lifetime <= Duration(0); });
        result.push_back(std::move(registration));
    }
    return result;
}

bool Scene::store_in_step() const {
    std::vector<KernelNode> nodes;
    for (const auto& registration : stored()) {
        if (!registration.node.bindings.empty()) {
            nodes.push_back(registration.node);
        }
    }
    return nodes == agent.binding_cache(now);
}

std::vector<KernelNode> Scene::kernel_table() const {
    std::vector<KernelNode> nodes;
    for (const auto& [home_address, row] : table_) {
        nodes.push_back(row.node);
        for (auto& binding : nodes.back().bindings) {
            binding.lifetime = row.expires.at(binding.bid) - now;
        }
        std::erase_if(nodes.back().bindings,
                      [](const KernelBinding& binding) { return binding.lifetime <= Duration(0); });
        if (nodes.back().bindings.empty()) {
            nodes.pop_back();
        }
    }
    return nodes;
}

// ---------------------------------------------------------------- results

Answer Scene::answer() {
    REQUIRE(sent.size() == 1);
    auto message = std::move(sent.front());
    sent.clear();
    const auto decoded =
        wire::decode(message.octets, message.source, message.destination, answers_in);
    REQUIRE(decoded);
    const auto* acknowledgement = std::get_if<wire::BindingAcknowledgement>(&*decoded);
    REQUIRE(acknowledgement != nullptr);
    return {*acknowledgement, std::move(message)};
}

bool Scene::in_step(Duration tolerance) const {
    auto engine = agent.binding_cache(now);
    auto table = kernel_table();
    const bool lifetimes_agree =
        engine.size() == table.size() &&
        std::equal(engine.begin(), engine.end(), table.begin(), [&](auto& a, auto& b) {
            return a.bindings.size() == b.bindings.size() &&
                   std::equal(a.bindings.begin(), a.bindings.end(), b.bindings.begin(),
                              [&](const KernelBinding& x, const KernelBinding& y) {
                                  return std::chrono::abs(x.lifetime - y.lifetime) <= tolerance;
                              });
        });
    for (auto* nodes : {&engine, &table}) {
        for (auto& entry : *nodes) {
            for (auto& binding : entry.bindings) {
                binding.lifetime = Duration(0);
            }
        }
    }
    return lifetimes_agree && engine == table;
}

std::optional<KernelNode> Scene::registered(const wire::Ipv6Address& home_address) {
    CHECK(in_step());
    for (auto& entry : agent.binding_cache(now)) {
        if (entry.home_address == home_address) {
            return entry;
        }
    }
    return std::nullopt;
}

std::optional<KernelBinding> Scene::binding(const wire::Ipv6Address& home_address,
                                            std::uint16_t bid) {
    if (const auto entry = registered(home_address)) {
        for (const auto& binding : entry->bindings) {
            if (binding.bid == bid) {
                return binding;
            }
        }
    }
    return std::nullopt;
}

std::vector<std::uint16_t> Scene::bids(const wire::Ipv6Address& home_address) {
    std::vector<std::uint16_t> result;
    if (const auto entry = registered(home_address)) {
        for (const auto& binding : entry->bindings) {
            result.push_back(binding.bid);
        }
    }
    return result;
}

std::uint64_t Scene::counter(const std::string& name) const {
    for (const auto& count : agent.counters()) {
        if (count.name == name) {
            return count.value;
        }
    }
    throw std::runtime_error("no counter " + name);
}

bool Scene::reported(const std::string& name) const {
    return std::any_of(reports.begin(), reports.end(),
                       [&](const Report& report) { return report.name == name; });
}

} // namespace dsmip::mobility::test
