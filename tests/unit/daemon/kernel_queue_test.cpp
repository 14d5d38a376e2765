// SPDX-License-Identifier: GPL-2.0-or-later
// Batches of binding requests and their outcomes.
#include <catch2/catch.hpp>

#include <cerrno>

#include <fmt/format.h>

#include "daemon/kernel_queue.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

wire::Ipv6Address home(int i) {
    return wire::Ipv6Address::parse(fmt::format("2001:db8:1::{:x}", i)).value();
}

mobility::InstallBindings install(mobility::RequestId request, int node, bool replace = false) {
    mobility::InstallBindings action;
    action.request = request;
    action.node.home_address = home(node);
    action.node.bindings.emplace_back().care_of = home(0x1000 + node);
    action.replace = replace;
    return action;
}

mobility::RemoveBindings remove(mobility::RequestId request, int node,
                                std::vector<std::uint16_t> bids = {}) {
    return {request, home(node), std::move(bids)};
}

/// A kernel that writes down what it is asked and refuses what it is told to.
struct FakeKernel {
    std::string log;
    std::optional<wire::Ipv6Address> refused;
    int code = EINVAL;

    netlink::Result<void> answer(std::string_view verb, std::span<const netlink::Node> nodes) {
        log += verb;
        bool refuse = false;
        for (const auto& node : nodes) {
            log += fmt::format(" {:x}", node.home_address.bytes[15]);
            for (const auto& binding : node.bindings) {
                if (verb == "del") {
                    log += fmt::format("/{}", binding.bid);
                }
            }
            refuse = refuse || node.home_address == refused;
        }
        log += "; ";
        if (refuse) {
            return tl::make_unexpected(netlink::NetlinkError{code, "no", "test"});
        }
        return {};
    }
    KernelQueue::Requests requests() {
        return {
            .install = [this](std::span<const netlink::Node> nodes,
                              bool replace) { return answer(replace ? "replace" : "new", nodes); },
            .remove =
                [this](std::span<const netlink::Node> nodes) { return answer("del", nodes); }};
    }
};

struct Outcomes {
    std::string log;
    KernelQueue::Done done() {
        return [this](mobility::RequestId request, const mobility::KernelOutcome& outcome) {
            log += fmt::format("{}{} ", request, outcome ? "!" : "");
        };
    }
};

} // namespace

TEST_CASE("neighbours of one kind go together, order is kept") {
    FakeKernel kernel;
    Outcomes outcomes;
    KernelQueue queue(kernel.requests(), true);
    queue.push(install(1, 1));
    queue.push(install(2, 2));
    queue.push(install(3, 1)); // the same node again: later
    queue.push(install(4, 3, true));
    queue.push(remove(5, 4, {1, 2}));
    queue.push(remove(6, 5));
    queue.push(install(7, 4));
    CHECK_FALSE(queue.empty());
    queue.flush(outcomes.done());
    CHECK(queue.empty());
    CHECK(kernel.log == "new 1 2; new 1; replace 3; del 4/1/2 5; new 4; ");
    CHECK(outcomes.log == "1 2 3 4 5 6 7 ");
}

TEST_CASE("a refused batch is asked one by one, so that each gets its own outcome") {
    FakeKernel kernel;
    kernel.refused = home(2);
    Outcomes outcomes;
    KernelQueue queue(kernel.requests(), true);
    queue.push(install(1, 1));
    queue.push(install(2, 2));
    queue.push(install(3, 3));
    queue.flush(outcomes.done());
    CHECK(kernel.log == "new 1 2 3; new 1; new 2; new 3; ");
    CHECK(outcomes.log == "1 2! 3 ");
}

TEST_CASE("what is gone before it is deleted is deleted") {
    FakeKernel kernel;
    kernel.refused = home(2);
    kernel.code = ENOENT;
    Outcomes outcomes;
    KernelQueue queue(kernel.requests(), true);
    queue.push(remove(1, 2));
    queue.push(remove(2, 2, {7, 8})); // one of them may still be there
    queue.flush(outcomes.done());
    CHECK(outcomes.log == "1 2 ");
    CHECK(kernel.log == "del 2; del 2/7/8; del 2/7; del 2/8; ");
}

TEST_CASE("requests that follow from an outcome are done in the same flush") {
    FakeKernel kernel;
    KernelQueue queue(kernel.requests(), true);
    queue.push(install(1, 1));
    std::string seen;
    queue.flush([&](mobility::RequestId request, const mobility::KernelOutcome&) {
        seen += fmt::format("{} ", request);
        if (request == 1) {
            queue.push(remove(2, 1));
        }
    });
    CHECK(seen == "1 2 ");
    CHECK(kernel.log == "new 1; del 1; ");
}

TEST_CASE("prefixes follow their bindings, routes follow both") {
    FakeKernel kernel;
    Outcomes outcomes;
    auto requests = kernel.requests();
    requests.prefixes = [&](std::span<const netlink::Node> nodes) {
        return kernel.answer(fmt::format("prefixes {}", nodes.front().prefixes.size()), nodes);
    };
    std::string refused;
    requests.routes =
        [&](const wire::Ipv6Address& node,
            const std::vector<netlink::Prefix>& list) -> tl::expected<void, std::string> {
        kernel.log += fmt::format("route {:x} {}; ", node.bytes[15], list.size());
        if (!refused.empty()) {
            return tl::make_unexpected(refused);
        }
        return {};
    };
    KernelQueue queue(requests, true);
    auto router = install(2, 2, true);
    router.prefixes = true;
    router.node.prefixes6 = {{home(0), 64}};
    router.node.prefixes4 = {{wire::Ipv4Address{{10, 1, 0, 0}}, 16}};
    SECTION("installed") {
        queue.push(install(1, 1, true));
        queue.push(router);
        queue.flush(outcomes.done());
        CHECK(kernel.log == "replace 1 2; prefixes 2 2; route 2 2; ");
        CHECK(outcomes.log == "1 2 ");
    }
    SECTION("none any more") {
        router.node.prefixes6.clear();
        router.node.prefixes4.clear();
        queue.push(router);
        queue.flush(outcomes.done());
        CHECK(kernel.log == "replace 2; prefixes 0 2; route 2 0; ");
    }
    SECTION("removed with their node, not with one of its bindings") {
        queue.push(remove(1, 2, {7}));
        queue.push(remove(2, 2));
        queue.flush(outcomes.done());
        CHECK(kernel.log == "del 2/7; del 2; route 2 0; ");
    }
    SECTION("a route that cannot be made is a failure") {
        refused = "no route";
        queue.push(router);
        queue.flush(outcomes.done());
        CHECK(outcomes.log == "2! ");
    }
    SECTION("a prefix that is refused has no route") {
        kernel.refused = home(2);
        queue.push(router);
        queue.flush(outcomes.done());
        CHECK(kernel.log == "replace 2; ");
        CHECK(outcomes.log == "2! ");
    }
}
