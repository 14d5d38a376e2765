// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the actions of an engine.
#include "daemon/engine_driver.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <unordered_map>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <linux/dsmip.h>

#include "daemon/clock.hpp"
#include "daemon/kernel_values.hpp"
#include "daemon/socket_route.hpp"

namespace dsmip::daemon {

namespace {

// Messages and events taken in one turn, so that no source starves the others while those that come
// together still share kernel requests.
constexpr int turn_max = 64;
// Messages read in one turn when most of them come to nothing or to an answer at once: a flood is
// to be read as fast as it comes.
constexpr int read_max = 1024;

bool is_answer(const mobility::Actions& actions) {
    return actions.size() == 1 && std::holds_alternative<mobility::SendMessage>(actions.front());
}

// One function for each alternative of a variant.
template<class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template<class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

// Roles leave out what they do not do.
template<class Call, class Word>
void call_if_set(const Call& call, const Word& word) {
    if (call) {
        call(word);
    }
}

} // namespace

tl::expected<std::unique_ptr<EngineDriver>, std::string>
EngineDriver::open(asio::io_context& loop, bool home_agent, Reporter reporter) {
    auto client = netlink::Client::open();
    if (!client) {
        return tl::make_unexpected(client.error().code == ENOENT
                                       ? client.error().message() +
                                             "; the kernel module dsmip is not loaded"
                                       : client.error().message());
    }
    auto events = netlink::EventSocket::open();
    if (!events) {
        return tl::make_unexpected(events.error().message());
    }
    auto tunnel_socket = SignallingSocket::open(Passage::tunnel);
    if (!tunnel_socket) {
        return tl::make_unexpected(tunnel_socket.error());
    }
    auto plain_socket = SignallingSocket::open(Passage::plain);
    if (!plain_socket) {
        return tl::make_unexpected(plain_socket.error());
    }
    return std::unique_ptr<EngineDriver>(
        new EngineDriver(loop, home_agent, std::move(reporter), std::move(*tunnel_socket),
                         std::move(*plain_socket), std::move(*client), std::move(*events)));
}

EngineDriver::EngineDriver(asio::io_context& loop, bool home_agent, Reporter reporter,
                           SignallingSocket tunnel_socket, SignallingSocket plain_socket,
                           netlink::Client client, netlink::EventSocket events)
    : loop_(loop)
    , reporter_(std::move(reporter))
    , tunnel_socket_(std::move(tunnel_socket))
    , plain_socket_(std::move(plain_socket))
    , client_(std::move(client))
    , events_(std::move(events))
    , queue_({.install =
                  [this](std::span<const netlink::Node> nodes, bool replace) {
                      return client_.binding_new(ifindex_, nodes,
                                                 {.create = true, .replace = replace});
                  },
              .remove =
                  [this](std::span<const netlink::Node> nodes) {
                      return client_.binding_del(ifindex_, nodes);
                  },
              .prefixes =
                  [this](std::span<const netlink::Node> nodes) {
                      return client_.prefix_new(ifindex_, nodes, {.replace = true});
                  },
              .routes = [this](const wire::Ipv6Address& home_address,
                               const std::vector<netlink::Prefix>& prefixes)
                  -> tl::expected<void, std::string> {
                  if (!calls_.route_prefixes) {
                      return {};
                  }
                  return calls_.route_prefixes(home_address, prefixes);
              }},
             home_agent) {}

tl::expected<std::vector<mobility::KernelNode>, std::string>
EngineDriver::kernel_nodes(std::uint32_t ifindex) {
    auto dump = client_.bindings(ifindex);
    if (!dump) {
        return tl::make_unexpected(dump.error().message());
    }
    std::vector<mobility::KernelNode> nodes;
    nodes.reserve(dump->nodes.size());
    std::unordered_map<wire::Ipv6Address, std::size_t> places;
    for (const auto& entry : dump->nodes) {
        places.emplace(entry.node.home_address, nodes.size());
        nodes.push_back(from_kernel(entry.node));
    }
    const auto prefixes = client_.prefixes(ifindex);
    if (!prefixes) {
        return tl::make_unexpected(prefixes.error().message());
    }
    for (const auto& entry : prefixes->nodes) {
        // A node that is in one dump only came or went meanwhile.
        if (const auto place = places.find(entry.node.home_address); place != places.end()) {
            for (const auto& prefix : entry.node.prefixes) {
                add_prefix(nodes[place->second], prefix);
            }
        }
    }
    return nodes;
}

tl::expected<void, std::string> EngineDriver::start(std::uint32_t ifindex, EngineCalls calls) {
    if (auto bound = tunnel_socket_.bind_to(ifindex); !bound) {
        return bound;
    }
    ifindex_ = ifindex;
    calls_ = std::move(calls);
    timer_.emplace(loop_, [this] { run(calls_.tick(now())); });
    tunnel_watch_.emplace(loop_, tunnel_socket_.fd(), [this] { read_messages(tunnel_socket_); });
    plain_watch_.emplace(loop_, plain_socket_.fd(), [this] { read_messages(plain_socket_); });
    event_watch_.emplace(loop_, events_.fd(), [this] { read_events(); });
    timer_->set(calls_.next_deadline());
    return {};
}

void EngineDriver::stop() {
    timer_.reset();
    tunnel_watch_.reset();
    plain_watch_.reset();
    event_watch_.reset();
}

void EngineDriver::run(const mobility::Actions& actions) {
    execute(actions);
    finish_turn();
}

void EngineDriver::confirm(std::span<const mobility::RequestId> requests,
                           const mobility::RequestOutcome& outcome) {
    for (const auto request : requests) {
        execute(calls_.confirm(now(), request, outcome));
    }
    finish_turn();
}

void EngineDriver::finish_turn() {
    queue_.flush([this](mobility::RequestId request, const mobility::KernelOutcome& outcome) {
        if (outcome) {
            log_failure("kernel_refused", *outcome);
        }
        execute(calls_.confirm(now(), request, outcome));
    });
    if (timer_) {
        timer_->set(calls_.next_deadline());
    }
}

void EngineDriver::execute(const mobility::Actions& actions) {
    const Overloaded perform{
        [this](const mobility::SendMessage& message) { send(message); },
        [this](const mobility::InstallBindings& install) { queue_.push(install); },
        [this](const mobility::RemoveBindings& remove) { queue_.push(remove); },
        [this](const mobility::KeepRegistration& keep) { call_if_set(calls_.keep, keep); },
        [this](const mobility::StartDad& dad) { calls_.start_dad(dad); },
        [this](const mobility::ClaimHomeAddress& claim) { calls_.claim_home_address(claim); },
        [this](const mobility::ReleaseHomeAddress& release) {
            calls_.release_home_address(release.home_address);
        },
        [this](const mobility::ForgetLease4& forget) {
            call_if_set(calls_.forget_lease4, forget.address);
        },
        [this](const mobility::AssignHomeAddress4& assign) {
            call_if_set(calls_.assign_home_address4, assign.address);
        },
        [this](const mobility::WithdrawHomeAddress4& withdraw) {
            call_if_set(calls_.withdraw_home_address4, withdraw.address);
        },
        [this](const mobility::UseHomeAgent& use) { call_if_set(calls_.use_home_agent, use); },
        [this](const mobility::Report& report) { reporter_(report); }};
    for (const auto& action : actions) {
        std::visit(perform, action);
    }
}

const Counters& EngineDriver::counters() {
    const auto set = [this](std::string_view name, std::uint64_t value) {
        if (value != 0) {
            counters_.set(name, value);
        }
    };
    set("drop_queue_full_tunnel", tunnel_socket_.overflows());
    set("drop_queue_full_plain", plain_socket_.overflows());
    return counters_;
}

void EngineDriver::read_messages(SignallingSocket& socket) {
    int delivered = 0;
    for (int i = 0; (i < read_max && delivered < turn_max) || socket.has_more(); ++i) {
        const auto datagram = socket.receive();
        if (!datagram) {
            counters_.add(fmt::format("drop_{}", datagram.error()));
            continue;
        }
        if (!*datagram) {
            break;
        }
        delivered += deliver(**datagram) ? 1 : 0;
    }
    finish_turn();
}

bool EngineDriver::deliver(const SignallingDatagram& datagram) {
    counters_.add("messages_received");
    mobility::ReceivedMessage message;
    message.source = datagram.source;
    message.destination = *datagram.ancillary.destination;
    message.wire_source = datagram.ancillary.wire_source;
    message.link = datagram.ancillary.link;
    message.octets = datagram.octets;
    if ((datagram.ancillary.mark & DSMIP_COOKIE_FLAG) != 0) {
        const auto path = client_.path_get(ifindex_, datagram.ancillary.mark);
        if (path) {
            message.path = from_kernel(*path);
        }
        // Without its path the message would look as if it had come over plain IPv6.
        if (!message.path) {
            counters_.add("drop_path_unknown");
            return true; // the kernel was asked
        }
    }
    if (calls_.frame_source && !message.path && !message.wire_source) {
        message.link_address = calls_.frame_source(message.link, message.source);
    }
    const auto actions = calls_.receive(now(), message);
    execute(actions);
    return message.path || !(actions.empty() || is_answer(actions));
}

void EngineDriver::read_events() {
    for (int i = 0; i < turn_max; ++i) {
        auto event = events_.next();
        if (!event) {
            if (event.error().code == ENOBUFS) {
                counters_.add("events_lost");
                resynchronize();
            } else if (event.error().code != EPROTO) {
                log_failure("event_socket_error", event.error().message());
                break;
            }
            continue;
        }
        if (!*event) {
            break;
        }
        const auto& message = **event;
        if (message.command != netlink::Command::binding_expired || message.ifindex != ifindex_) {
            continue;
        }
        for (const auto& node : message.nodes) {
            for (const auto& binding : node.bindings) {
                execute(calls_.binding_expired(now(), node.home_address, binding.bid));
            }
        }
    }
    finish_turn();
}

void EngineDriver::resynchronize() {
    const auto kernel = kernel_nodes(ifindex_);
    if (!kernel) {
        log_failure("resynchronize_failed", kernel.error());
        return;
    }
    std::set<std::pair<wire::Ipv6Address, std::uint16_t>> present;
    for (const auto& node : *kernel) {
        for (const auto& binding : node.bindings) {
            present.emplace(node.home_address, binding.bid);
        }
    }
    for (const auto& node : calls_.bindings(now())) {
        for (const auto& binding : node.bindings) {
            if (!present.contains({node.home_address, binding.bid})) {
                execute(calls_.binding_expired(now(), node.home_address, binding.bid));
            }
        }
    }
}

std::optional<std::uint32_t> EngineDriver::make_path(const mobility::UdpPath& path) {
    netlink::Path request;
    request.remote = path.remote.address;
    request.remote_port = path.remote.port;
    if (!path.local.is_unspecified()) {
        request.local = path.local;
    }
    request.encapsulation = netlink::Encapsulation::udp;
    if (path.link != 0) {
        request.link = path.link;
    }
    request.lifetime = PathCache::lifetime;
    const auto made = client_.path_new(ifindex_, request);
    if (!made || !made->cookie) {
        log_failure("path_refused", made ? "no cookie in the reply" : made.error().message());
        return std::nullopt;
    }
    return made->cookie;
}

void EngineDriver::send(const mobility::SendMessage& message) {
    auto route = socket_route(message);
    if (const auto* native = std::get_if<mobility::NativeIpv6>(&message.route)) {
        if (calls_.set_neighbour && !native->link_address.empty()) {
            calls_.set_neighbour(native->link, native->wire_destination, native->link_address);
        }
    } else if (const auto* udp = std::get_if<mobility::UdpPath>(&message.route)) {
        const auto cookie = paths_.cookie(
            now(), *udp, [this](const mobility::UdpPath& path) { return make_path(path); });
        if (!cookie) {
            return; // counted; the engine retransmits
        }
        route.ancillary.mark = *cookie;
    }
    auto& socket = route.ancillary.mark != 0 ? tunnel_socket_ : plain_socket_;
    if (auto sent = socket.send(message.octets, route.destination, route.ancillary); !sent) {
        log_failure("send_failed", sent.error());
        return;
    }
    counters_.add("messages_sent");
}

void EngineDriver::log_failure(std::string_view counter, const std::string& text) {
    counters_.add(counter);
    reporter_({mobility::Report::Level::warning, counter, {{"error", text}}});
}

} // namespace dsmip::daemon
