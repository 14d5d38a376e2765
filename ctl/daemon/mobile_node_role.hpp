// SPDX-License-Identifier: GPL-2.0-or-later
// A mobile node on this host: engine, device, home addresses, policy routing, and the watch on
// links and addresses.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <asio/io_context.hpp>

#include "daemon/attachment_watch.hpp"
#include "daemon/configuration.hpp"
#include "daemon/engine_driver.hpp"
#include "daemon/home_stay.hpp"
#include "daemon/host_keeper.hpp"
#include "daemon/host_network.hpp"
#include "daemon/prefix_routes.hpp"
#include "daemon/role.hpp"
#include "mobility/mobile_node.hpp"
#include "netlink/link_monitor.hpp"

namespace dsmip::daemon {

class MobileNodeRole final : public Role {
public:
    /// Time for de-registration when the daemon is stopped.
    static constexpr mobility::Duration stop_patience = std::chrono::seconds(3);

    static tl::expected<std::unique_ptr<Role>, std::string>
    open(asio::io_context& loop, const Configuration& configuration, RoleCalls calls);

    tl::expected<void, std::string> start() override;
    void stop(std::function<void()> finished) override;
    [[nodiscard]] Json status() const override;
    tl::expected<Json, std::string> delete_binding(const BindingDeleteRequest& request) override;

private:
    MobileNodeRole(asio::io_context& loop, MobileNodeConfiguration configuration,
                   HostNetwork network, std::unique_ptr<EngineDriver> driver,
                   netlink::LinkMonitor monitor, RoleCalls calls);
    tl::expected<void, std::string> set_up_network();
    tl::expected<void, std::string> route_everything();
    tl::expected<void, std::string> open_accesses();
    [[nodiscard]] netlink::DeviceSettings device_settings() const;
    void continue_with_home_agent();
    EngineCalls engine_calls();
    mobility::Actions restore();
    void remove_leftover_addresses();
    void remove_leftover_stays();
    void network_changed();
    void ask(const AttachmentQuestions& questions);
    void forget_left_networks();
    void follow_care_of(const std::vector<mobility::CareOfCandidate>& candidates);
    void follow_shared_address(const std::vector<mobility::CareOfCandidate>& candidates);
    void assign(const wire::Ipv4Address& address);
    void withdraw(const wire::Ipv4Address& address);
    /// Says that a wish was not fulfilled, and has it tried again.
    void note(const tl::expected<void, std::string>& wish);
    /// At home the home addresses are used on the home link, elsewhere they are not there.
    void follow_home_link();
    [[nodiscard]] std::vector<HomeStay> wanted_stays() const;
    [[nodiscard]] bool is_stay(const mobility::CareOfCandidate& candidate) const;
    void begin_stay(const HomeStay& stay);
    void end_stay(const HomeStay& stay);
    /// After each call of the engine, whose actions are carried out only then.
    void look_at_engine();
    void finish_if_done();
    void finish();

    [[nodiscard]] netlink::AddressSpec home_address() const;
    [[nodiscard]] netlink::IfExists home_address_policy() const;
    [[nodiscard]] netlink::AddressSpec address4(const wire::Ipv4Address& address) const;
    [[nodiscard]] netlink::RouteSpec default_route(const wire::IpAddress& source) const;
    [[nodiscard]] netlink::RuleSpec rule_from(const wire::IpAddress& address,
                                              std::uint32_t priority, std::uint32_t table) const;
    [[nodiscard]] netlink::RouteSpec guard_route(wire::AddressFamily family) const;
    [[nodiscard]] netlink::RuleSpec guard_rule(wire::AddressFamily family) const;
    [[nodiscard]] std::vector<netlink::RuleSpec> guard_rules(const wire::IpAddress& source) const;

    asio::io_context& loop_;
    MobileNodeConfiguration configuration_;
    HostNetwork network_;
    mobility::MobileNode engine_;
    std::unique_ptr<EngineDriver> driver_;
    netlink::LinkMonitor monitor_;
    std::optional<ReadWatch> monitor_watch_;
    std::unique_ptr<NamedLinkWatch> underlay_;
    AttachmentWatch attachments_;
    std::optional<DeadlineTimer> attachment_timer_;
    std::vector<LeftNetwork> left_networks_; // those that have been forgotten
    std::optional<std::vector<mobility::CareOfCandidate>> candidates_;
    std::vector<wire::IpAddress> care_of_rules_;
    std::vector<netlink::RuleSpec> shared_rules_;
    std::optional<mobility::HomeLink> home_link_; // as it was when that was followed last
    std::vector<HomeStay> stays_;
    PrefixRoutes networks_; // rules and routes for the network behind a mobile router
    std::optional<DeadlineTimer> stop_timer_;
    std::function<void()> finished_;
    bool stopping_ = false;
    RoleCalls calls_;
    std::unique_ptr<HostKeeper> keeper_;
};

} // namespace dsmip::daemon
