// SPDX-License-Identifier: GPL-2.0-or-later
// The manual page of the configuration file and the key table are in step, and the examples are
// valid.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "daemon/configuration.hpp"
#include "daemon/configuration_keys.hpp"

using namespace dsmip::daemon;

namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream stream(path);
    INFO(path);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

const std::filesystem::path documentation = DSMIP_DOCUMENTATION;

/// The page writes one line for each key:  .TP / .BR KEY " = " KIND-IN-WORDS
/// in sections  .SS [SECTION]  or  .SS [[SECTION]]  ; the text has "Default:" or "Required.".
struct ManualKey {
    std::string section;
    std::string name;
    std::string text;
};

std::string without_markup(std::string line) {
    for (const auto* markup : {"\\fB", "\\fI", "\\fR", "\\&"}) {
        for (auto at = line.find(markup); at != std::string::npos; at = line.find(markup)) {
            line.erase(at, std::string_view(markup).size());
        }
    }
    line.erase(std::remove(line.begin(), line.end(), '\\'), line.end());
    return line;
}

std::vector<ManualKey> manual_keys() {
    std::istringstream page(read_file(documentation / "man" / "dsmipd.toml.5"));
    std::vector<ManualKey> keys;
    std::string section;
    bool in_keys = false;
    bool tag_next = false;
    std::string line;
    while (std::getline(page, line)) {
        if (line.rfind(".SH", 0) == 0) {
            in_keys = line == ".SH KEYS";
        } else if (!in_keys) {
            continue;
        } else if (line.rfind(".SS ", 0) == 0) {
            section = line.substr(4);
            section.erase(std::remove_if(section.begin(), section.end(),
                                         [](char c) { return c == '[' || c == ']' || c == '"'; }),
                          section.end());
            if (section == "Top level") {
                section.clear();
            }
        } else if (line == ".TP") {
            tag_next = true;
        } else if (tag_next) {
            tag_next = false;
            REQUIRE(line.rfind(".B ", 0) == 0);
            keys.push_back({section, without_markup(line.substr(3)), ""});
        } else if (!keys.empty()) {
            keys.back().text += without_markup(line) + " ";
        }
    }
    return keys;
}

} // namespace

TEST_CASE("the manual has every key, with its kind, range and default, and no other") {
    const auto described = manual_keys();
    std::set<std::pair<std::string, std::string>> left;
    for (const auto& key : described) {
        INFO(key.section << " " << key.name);
        CHECK(left.emplace(key.section, key.name).second);
    }
    for (const auto& row : configuration_keys()) {
        INFO("[" << row.section << "] " << row.name);
        const auto found =
            std::find_if(described.begin(), described.end(), [&](const ManualKey& key) {
                return key.section == row.section && key.name == row.name;
            });
        REQUIRE(found != described.end());
        left.erase({found->section, found->name});
        if (row.required) {
            CHECK_THAT(found->text, Catch::Contains("Required."));
        } else if (row.fallback.empty()) {
            CHECK_THAT(found->text, Catch::Contains("No default."));
        } else {
            CHECK_THAT(found->text, Catch::Contains("Default: " + std::string(row.fallback) + "."));
        }
        if (row.kind == KeyKind::integer) {
            CHECK_THAT(found->text,
                       Catch::Contains(wanted(row).substr(3),
                                       Catch::CaseSensitive::No)); // "integer from ..."
        }
        if (row.kind == KeyKind::duration) {
            CHECK_THAT(found->text,
                       Catch::Contains(duration_text(std::chrono::seconds(row.minimum)) + " to " +
                                       duration_text(std::chrono::seconds(row.maximum))));
        }
        if (row.kind == KeyKind::interface || row.kind == KeyKind::path) {
            CHECK_THAT(found->text,
                       Catch::Contains(fmt::format("{} to {} octets", row.minimum, row.maximum)));
        }
        for (const auto choice : row.choices) {
            CHECK_THAT(found->text, Catch::Contains("\"" + std::string(choice) + "\""));
        }
    }
    for (const auto& [section, name] : left) {
        FAIL_CHECK("the manual describes [" << section << "] " << name << ", which does not exist");
    }
}

TEST_CASE("the defaults that the key table names are those of the program") {
    const auto read = read_configuration("role = \"home-agent\"\nsecurity = \"none\"\n"
                                         "[home-agent]\naddress6 = \"2001:db8::1\"\n"
                                         "home-prefixes = [\"2001:db8::/64\"]\n"
                                         "accept-unlisted-nodes = true\n");
    REQUIRE(read);
    // Written out, every default leads to the same configuration.
    std::string explicit_text = "role = \"home-agent\"\nsecurity = \"none\"\n";
    for (const auto& section : configuration_sections()) {
        if (section.name.empty() || section.array || section.name == "mobile-node") {
            continue;
        }
        explicit_text += "[" + std::string(section.name) + "]\n";
        if (section.name == "home-agent") {
            explicit_text += "address6 = \"2001:db8::1\"\nhome-prefixes = [\"2001:db8::/64\"]\n"
                             "accept-unlisted-nodes = true\n";
        } else if (section.name == "home-agent.home-link") {
            explicit_text += "interface = \"eth0\"\n";
        }
        for (const auto& row : configuration_keys()) {
            if (row.section == section.name && !row.fallback.empty() &&
                row.name != "accept-unlisted-nodes") {
                const bool quote = row.kind == KeyKind::duration;
                explicit_text += std::string(row.name) + " = " + (quote ? "\"" : "") +
                                 std::string(row.fallback) + (quote ? "\"" : "") + "\n";
            }
        }
    }
    INFO(explicit_text);
    const auto written = read_configuration(explicit_text);
    REQUIRE(written);
    CHECK(written->device.name == read->device.name);
    CHECK(written->device.table == read->device.table);
    CHECK(written->device.create == read->device.create);
    CHECK(written->control_socket == read->control_socket);
    CHECK(written->home_agent.udp_port == read->home_agent.udp_port);
    CHECK(written->home_agent.on_stop == read->home_agent.on_stop);
    const auto& a = written->home_agent.engine;
    const auto& b = read->home_agent.engine;
    CHECK(a.max_lifetime == b.max_lifetime);
    CHECK(a.nat_refresh_time == b.nat_refresh_time);
    CHECK(a.accept_forced_udp == b.accept_forced_udp);
    CHECK(a.impose_udp == b.impose_udp);
    CHECK(a.accept_tlv == b.accept_tlv);
    CHECK(a.accept_mcoa == b.accept_mcoa);
    CHECK(a.accept_bulk == b.accept_bulk);
    CHECK(a.dialect == b.dialect);
    CHECK(a.home_link.sole_router == b.home_link.sole_router);
    CHECK(a.home_link.accept_simultaneous == b.home_link.accept_simultaneous);
}

TEST_CASE("the examples are valid") {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(documentation / "examples")) {
        if (entry.path().extension() != ".toml") {
            continue;
        }
        ++count;
        const auto read = read_configuration(read_file(entry.path()));
        std::string mistakes;
        if (!read) {
            for (const auto& mistake : read.error()) {
                mistakes += to_string(mistake, entry.path().filename().string()) + "\n";
            }
        }
        CHECK(mistakes.empty());
        INFO(mistakes);
    }
    CHECK(count >= 2);
}
