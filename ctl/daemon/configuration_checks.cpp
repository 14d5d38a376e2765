// SPDX-License-Identifier: GPL-2.0-or-later
// Sections that do not fit the role, and what concerns both roles.
#include "daemon/configuration_checks.hpp"

#include <fmt/format.h>

#include "daemon/configuration_checker.hpp"

namespace dsmip::daemon {

namespace {

class Checker : ConfigurationChecker {
public:
    explicit Checker(ReadConfiguration& read)
        : ConfigurationChecker(read) {}

    void check() {
        const auto& device = read_.configuration.device;
        if (const auto at = line("device", "underlay"); at != 0 && device.underlay == device.name) {
            mistake(
                at, "device.underlay",
                fmt::format("{} is the tunnel device; wanted the interface or VRF that its outer "
                            "packets belong to",
                            device.name));
        }
        const auto* role = find("", "role");
        if (role == nullptr || !role->valid) {
            return; // which section matters is not known
        }
        check_files();
        const bool home_agent = read_.configuration.role == RoleName::home_agent;
        check_sections(home_agent ? "home-agent" : "mobile-node",
                       home_agent ? "mobile-node" : "home-agent", role->line);
        if (home_agent && section_line("home-agent") != 0) {
            check_home_agent(read_);
        } else if (!home_agent && section_line("mobile-node") != 0) {
            check_mobile_node(read_);
        }
    }

private:
    void check_sections(std::string_view own, std::string_view other, unsigned role_line) {
        if (section_line(own) == 0) {
            mistake(role_line, own,
                    fmt::format("section is missing; role \"{}\" needs a section [{}]", own, own));
        }
        if (const auto line = section_line(other)) {
            mistake(line, other,
                    fmt::format("section of the other role; role = \"{}\" wants [{}] only, and one "
                                "process has one role",
                                own, own));
        }
    }

    void check_files() {
        const auto& store = read_.configuration.store;
        if (const auto at = std::max(line("store", "path"), line("control", "socket"));
            at != 0 && store.enabled && store.path == read_.configuration.control_socket) {
            mistake(at, "store.path", "is that of the control socket; wanted another file");
        }
    }
};

} // namespace

void check_configuration(ReadConfiguration& read) {
    Checker(read).check();
}

std::string_view security_hint() {
    return ". Protection of the signalling by IPsec is not configurable in this version; \"none\" "
           "means that whoever can send packets to the home agent can redirect the traffic of any "
           "mobile node, and has to be written out";
}

} // namespace dsmip::daemon
