// SPDX-License-Identifier: GPL-2.0-or-later
// A home agent on this host: engine, device, routes to the home prefixes.
#pragma once

#include <memory>

#include <asio/io_context.hpp>

#include "daemon/configuration.hpp"
#include "daemon/discovery_service.hpp"
#include "daemon/engine_driver.hpp"
#include "daemon/home_link.hpp"
#include "daemon/home_routes.hpp"
#include "daemon/host_keeper.hpp"
#include "daemon/host_network.hpp"
#include "daemon/prefix_routes.hpp"
#include "daemon/registration_store.hpp"
#include "daemon/role.hpp"
#include "mobility/home_agent.hpp"
#include "netlink/xfrm_reports.hpp"

namespace dsmip::daemon {

class HomeAgentRole final : public Role {
public:
    static tl::expected<std::unique_ptr<Role>, std::string>
    open(asio::io_context& loop, const Configuration& configuration, RoleCalls calls);

    ~HomeAgentRole() override;
    HomeAgentRole(const HomeAgentRole&) = delete;
    HomeAgentRole& operator=(const HomeAgentRole&) = delete;

    tl::expected<void, std::string> start() override;
    void stop(std::function<void()> finished) override;
    [[nodiscard]] Json status() const override;
    tl::expected<Json, std::string> delete_binding(const BindingDeleteRequest& request) override;
    tl::expected<Json, std::string> explain(const ExplainRequest& request) const override;
    tl::expected<Json, std::string> drain(const DrainControlRequest& request) override;
    [[nodiscard]] tl::expected<Json, std::string> home_agents() const override;
    [[nodiscard]] std::shared_ptr<Preparation>
    prepare(const Configuration& configuration) const override;
    void reconfigure(std::shared_ptr<Preparation> next, Taken taken) override;

private:
    HomeAgentRole(asio::io_context& loop, HomeAgentConfiguration configuration, HostNetwork network,
                  std::unique_ptr<HomeLink> home_link, std::unique_ptr<EngineDriver> driver,
                  std::unique_ptr<RegistrationStore> store, RoleCalls calls);
    /// Bindings of the kernel and registrations of the store into the engine.
    tl::expected<mobility::Actions, std::string> restore();
    void log_reconciliation() const;
    static void log_failures(std::string_view when, const std::vector<std::string>& failures);
    tl::expected<void, std::string> set_up_network();
    [[nodiscard]] netlink::RouteSpec address_route(const wire::Ipv4Address& address) const;
    [[nodiscard]] netlink::RouteSpec prefix_route(const netlink::Prefix& prefix) const;
    tl::expected<void, std::string> route_restored();
    [[nodiscard]] HomeRoutes wanted_routes(const HomeAgentConfiguration& configuration,
                                           std::span<const wire::Ipv4Address> lent_elsewhere) const;
    void add_home_link_calls(EngineCalls& calls);
    void start_home_link();
    tl::expected<void, std::string> watch_home_link();
    tl::expected<void, std::string> follow_home_link();
    void watch_home_address_options();
    tl::expected<void, std::string> start_discovery();

    // home_agent_reload.cpp: a reload step by step
    struct Reload;
    void stage_routes();
    tl::expected<void, std::string> switch_over();
    void take_over(mobility::ReconfigurationOutlook outlook);
    void remove_routes();
    void refuse_reload(std::string reason);
    void finish_reload(tl::expected<Notes, ReloadRefusal> result);
    void take_back_routes();
    void end_reload_if_done();
    void end_reload();
    void cut_reload_short();
    void go_on(void (HomeAgentRole::*step)());

    asio::io_context& loop_;
    HomeAgentConfiguration configuration_;
    HostNetwork network_;
    std::unique_ptr<HomeLink> home_link_; // a real one
    std::unique_ptr<NamedLinkWatch> home_link_watch_;
    std::uint64_t home_link_changes_ = 0;
    std::unique_ptr<NamedLinkWatch> underlay_;
    mobility::HomeAgent engine_;
    std::unique_ptr<EngineDriver> driver_;
    std::unique_ptr<RegistrationStore> store_; // none = the kernel alone remembers
    PrefixRoutes routes_;
    HomeRouting home_routing_;
    std::optional<netlink::XfrmReports> refused_options_;
    std::optional<ReadWatch> refused_options_watch_;
    RoleCalls calls_;
    std::unique_ptr<DiscoveryService> discovery_; // once started
    std::unique_ptr<HostKeeper> keeper_;
    std::unique_ptr<Reload> reload_; // under way
};

} // namespace dsmip::daemon
