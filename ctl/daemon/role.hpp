// SPDX-License-Identifier: GPL-2.0-or-later
// What a process of the daemon is: home agent or mobile node. Everything else does not care which.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/configuration.hpp"
#include "daemon/control_protocol.hpp"
#include "mobility/report.hpp"

namespace dsmip::daemon {

/// Why a configuration was not taken over.
struct ReloadRefusal {
    std::string reason;
    /// What was done on the host before that and could not be taken back; mostly nothing.
    std::vector<std::string> not_taken_back = {};

    /// The reason, and what is not as it was.
    [[nodiscard]] std::string text() const;
};

/// What a role tells the daemon.
struct RoleCalls {
    /// For the log and those who monitor.
    std::function<void(const mobility::Report&)> report;
    /// It cannot go on: the daemon ends with this text and a failure. What is on the host stays.
    std::function<void(std::string)> fail;
};

/// What a role has made of a configuration alone.
class Preparation {
public:
    Preparation() = default;
    Preparation(const Preparation&) = delete;
    Preparation& operator=(const Preparation&) = delete;
    virtual ~Preparation() = default;
};

class Role {
public:
    Role() = default;
    Role(const Role&) = delete;
    Role& operator=(const Role&) = delete;
    virtual ~Role() = default;

    /// Sets up device, routes and rules, takes over what the kernel has, starts the engine. What
    /// was set up stays when it fails: a predecessor's bindings may run over it.
    virtual tl::expected<void, std::string> start() = 0;

    /// Says good-bye to the peer where that is due, takes away what is to be taken away, then calls
    /// `finished`, once.
    virtual void stop(std::function<void()> finished) = 0;

    /// The members that `status` adds for this role, e.g. "home_agent".
    [[nodiscard]] virtual Json status() const = 0;

    virtual tl::expected<Json, std::string> delete_binding(const BindingDeleteRequest& request) = 0;

    /// Why a node is bound or not; only a home agent knows.
    virtual tl::expected<Json, std::string> explain(const ExplainRequest& request) const;

    /// Sends the nodes away; only a home agent has any.
    virtual tl::expected<Json, std::string> drain(const DrainControlRequest& request);

    /// The home agents of the home link; only one of them knows.
    [[nodiscard]] virtual tl::expected<Json, std::string> home_agents() const;

    /// Called in another thread, while this one goes on: reads nothing that changes at run time.
    [[nodiscard]] virtual std::shared_ptr<Preparation>
    prepare(const Configuration& configuration) const;

    /// Takes over a configuration that differs only in what may change (configuration_difference),
    /// whole or, with the error, not at all; `taken` is called once that is done, at once or
    /// later, and no other is given to the role before. Says what that means for what is
    /// registered, and what could not be done on the host. Then `next` holds what was replaced.
    using Notes = std::vector<std::string>;
    using Taken = std::function<void(tl::expected<Notes, ReloadRefusal> result)>;
    virtual void reconfigure(std::shared_ptr<Preparation> next, Taken taken);
};

} // namespace dsmip::daemon
