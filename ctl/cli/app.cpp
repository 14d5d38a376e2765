// SPDX-License-Identifier: GPL-2.0-or-later
// Arguments of dsmipctl into a call of one command.
#include "cli/app.hpp"

#include <algorithm>
#include <functional>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"

namespace dsmip::cli {

namespace {

class App {
public:
    App(std::ostream& out, std::ostream& err, int output)
        : out_(out)
        , err_(err) {
        options_.output = output;
        app_.set_version_flag("--version", "dsmipctl " DSMIP_VERSION);
        app_.add_flag("--json", options_.json, "print JSON instead of text");
        app_.add_option("--socket", options_.socket, "control socket of dsmipd")
            ->envname("DSMIP_SOCKET")
            ->capture_default_str()
            ->type_name("PATH");
        app_.fallthrough();
        app_.require_subcommand(1);
        app_.footer("Exit status: 0 done, 1 failed or not found, 2 usage, 3 module not loaded,\n"
                    "4 permission missing, 5 daemon not running.\n"
                    "dsmipctl COMMAND --help shows examples. See also dsmipctl(8).");
        add_status();
        add_explain();
        add_reload();
        add_drain();
        add_device();
        add_binding();
        add_prefix();
        add_flow();
        add_home_agent();
        add_monitor();
        add_counters();
    }

    int run(std::vector<std::string> arguments) {
        std::reverse(arguments.begin(), arguments.end()); // what CLI11 wants
        try {
            app_.parse(arguments);
        } catch (const CLI::ParseError& error) {
            return app_.exit(error, out_, err_) == 0 ? 0 : static_cast<int>(ExitCode::usage);
        }
        Outcome outcome = command_();
        if (!outcome) {
            err_ << "dsmipctl: " << outcome.error().message << std::endl;
            return static_cast<int>(outcome.error().code);
        }
        return 0;
    }

private:
    CLI::App* add(CLI::App& parent, const char* name, const char* help, const char* examples,
                  std::function<Outcome()> command) {
        auto* sub = parent.add_subcommand(name, help);
        sub->footer(std::string("Examples:\n") + examples);
        sub->callback([this, command = std::move(command)] { command_ = command; });
        return sub;
    }

    void add_status() {
        add(app_, "status", "what the daemon is doing",
            "  dsmipctl status\n"
            "  dsmipctl --socket /run/dsmip/mn.sock status\n"
            "  dsmipctl status --json | jq .",
            [this] { return status(options_, out_); });
    }

    void add_explain() {
        add(app_, "explain", "why a node is bound at this home agent, or not",
            "  dsmipctl explain 2001:db8:1::100\n"
            "  dsmipctl explain 192.0.2.10 --json | jq .last_update",
            [this] { return explain(options_, out_); })
            ->add_option("ADDRESS", address_, "home address (IPv6 or IPv4)")
            ->required()
            ->each([this](const std::string& text) { options_.address = parse_address(text); });
    }

    void add_reload() {
        add(app_, "reload", "let the daemon read its configuration again",
            "  dsmipctl reload\n"
            "  dsmipctl reload --json | jq .change_count",
            [this] { return reload(options_, out_); });
    }

    void add_drain() {
        auto* sub = add(app_, "drain", "send all nodes of this home agent to others",
                        "  dsmipctl drain --to 2001:db8:1::2 --rate 50\n"
                        "  dsmipctl drain --to 2001:db8:1::2 --to 2001:db8:1::3 --grace 30\n"
                        "  dsmipctl status --json | jq .home_agent.drain\n"
                        "  dsmipctl drain --stop",
                        [this] { return drain(options_, out_); });
        auto* to = sub->add_option_function<std::vector<std::string>>(
            "--to",
            [this](const std::vector<std::string>& texts) {
                for (const auto& text : texts) {
                    options_.drain_to.push_back(parse_home_agent(text));
                }
            },
            "IPv6 address of another home agent; may be repeated, in order of preference; without "
            "it nodes choose themselves");
        to->type_name("ADDRESS");
        auto* rate =
            sub->add_option("--rate", options_.drain_rate, "nodes per second, 10 if unsaid")
                ->check(CLI::Range(1, 100000))
                ->type_name("N");
        auto* grace = sub->add_option("--grace", options_.drain_grace,
                                      "how long a node that was asked may still renew its binding, "
                                      "0 if unsaid")
                          ->check(CLI::Range(0, 262140))
                          ->type_name("SECONDS");
        sub->add_flag("--stop", options_.drain_stop, "take nodes again, ask no more to leave")
            ->excludes(to)
            ->excludes(rate)
            ->excludes(grace);
    }

    /// What people try: the IPv4 address, beside the other one or alone, and lists.
    static std::string why_no_home_agent(const std::string& text, const std::string& error) {
        const auto comma = text.find(',');
        const auto last = comma == std::string::npos ? text : text.substr(text.rfind(',') + 1);
        if (wire::Ipv4Address::parse(last)) {
            return "'" + text +
                   "': a Home Agent Switch message (RFC 5142) carries IPv6 addresses only; give "
                   "that of the home agent alone. Mobile nodes know its IPv4 address by address4 "
                   "in [[mobile-node.home-agent]] of their own configuration";
        }
        return comma == std::string::npos
                   ? error
                   : "'" + text + "': is a list; repeat --to for each home agent";
    }

    static wire::Ipv6Address parse_home_agent(const std::string& text) {
        auto address = wire::Ipv6Address::parse(text);
        if (!address) {
            throw CLI::ValidationError("--to", why_no_home_agent(text, address.error().message));
        }
        return *address;
    }

    void add_device() {
        auto* device = app_.add_subcommand("device", "dsmip devices");
        device->require_subcommand(1);
        add(*device, "show", "settings and sizes of the devices",
            "  dsmipctl device show\n"
            "  dsmipctl device show dsmip0 --json",
            [this] { return device_show(options_, out_); })
            ->add_option("DEV", options_.device, "only this device");
    }

    void add_binding() {
        auto* binding = app_.add_subcommand("binding", "bindings of mobile nodes");
        binding->require_subcommand(1);
        auto* show = add(*binding, "show", "bindings in the kernel, with their traffic",
                         "  dsmipctl binding show\n"
                         "  dsmipctl binding show 2001:db8:1::100\n"
                         "  dsmipctl binding show 192.0.2.10 --json | jq '.[].care_of'\n"
                         "  dsmipctl binding show --prefix 2001:db8:1::/64 --state nat",
                         [this] { return binding_show(options_, out_); });
        show->add_option("ADDRESS", address_, "only the node with this home address (IPv6 or IPv4)")
            ->each([this](const std::string& text) { options_.address = parse_address(text); });
        show->add_option("--dev", options_.device, "only this device")->type_name("DEV");
        show->add_option("--prefix", prefix_, "only nodes with a home address in it")
            ->type_name("PREFIX")
            ->each([this](const std::string& text) {
                if (const auto set = set_prefix(options_.filter, text); !set) {
                    throw CLI::ValidationError("--prefix", set.error());
                }
            });
        show->add_option("--bid", options_.filter.bid, "only this binding identifier")
            ->type_name("N");
        const auto states = binding_states();
        show->add_option("--state", options_.filter.states,
                         "only those that are so; may be repeated")
            ->check(CLI::IsMember(std::vector<std::string>(states.begin(), states.end())))
            ->type_name("STATE");

        auto* del = add(*binding, "del", "end bindings of a node, through the daemon",
                        "  dsmipctl binding del 2001:db8:1::100          all of the node\n"
                        "  dsmipctl binding del 2001:db8:1::100 bid 2    only that one",
                        [this] { return binding_del(options_, out_); });
        del->add_option("ADDRESS", address_, "home address (IPv6 or IPv4)")
            ->required()
            ->each([this](const std::string& text) { options_.address = parse_address(text); });
        del->add_option("BID", bid_words_, "bid N: only this binding identifier")
            ->expected(0, 2)
            ->type_name("[bid N]");
        del->parse_complete_callback([this] { parse_bid(); });
    }

    void add_prefix() {
        auto* prefix = app_.add_subcommand("prefix", "prefixes of mobile networks");
        prefix->require_subcommand(1);
        auto* show =
            add(*prefix, "show", "prefixes in the kernel and the nodes they are behind",
                "  dsmipctl prefix show\n"
                "  dsmipctl prefix show 2001:db8:77::5    the one that holds this address\n"
                "  dsmipctl prefix show --dev dsmip0 --json | jq '.[].prefix'",
                [this] { return prefix_show(options_, out_); });
        show->add_option("ADDRESS", address_, "only the longest that holds this address")
            ->each([this](const std::string& text) { options_.address = parse_address(text); });
        show->add_option("--dev", options_.device, "only this device")->type_name("DEV");
    }

    void add_flow() {
        auto* flow = app_.add_subcommand("flow", "flow rules: which packets take which binding");
        flow->require_subcommand(1);
        auto* show = add(*flow, "show", "flow rules in the kernel, in the order they are tried",
                         "  dsmipctl flow show\n"
                         "  dsmipctl flow show 2001:db8:1::100\n"
                         "  dsmipctl flow show --json | jq '.[] | {home_address, fid, bids}'",
                         [this] { return flow_show(options_, out_); });
        show->add_option("ADDRESS", address_, "only the node with this home address (IPv6 or IPv4)")
            ->each([this](const std::string& text) { options_.address = parse_address(text); });
        show->add_option("--dev", options_.device, "only this device")->type_name("DEV");
    }

    void add_monitor() {
        add(app_, "monitor", "events of kernel and daemon as they come",
            "  dsmipctl monitor\n"
            "  dsmipctl monitor --json | jq -c 'select(.event == \"binding-expired\")'",
            [this] { return monitor(options_, out_, err_); });
    }

    void add_home_agent() {
        auto* home_agent = app_.add_subcommand("home-agent", "home agents of the home link");
        home_agent->require_subcommand(1);
        add(*home_agent, "show", "those that a node is told which looks for one, by preference",
            "  dsmipctl home-agent show\n"
            "  dsmipctl home-agent show --json | jq '.[].addresses[0]'",
            [this] { return home_agent_show(options_, out_); });
    }

    void add_counters() {
        auto* sub = add(app_, "counters", "why packets were dropped, and other counts",
                        "  dsmipctl counters\n"
                        "  dsmipctl counters dsmip0 --all\n"
                        "  dsmipctl counters --json | jq '.[0].counters.rx_end_point'",
                        [this] { return counters(options_, out_); });
        sub->add_option("DEV", options_.device, "only this device");
        sub->add_flag("--all", options_.all, "also counters that never moved");
    }

    static wire::IpAddress parse_address(const std::string& text) {
        auto address = wire::IpAddress::parse(text);
        if (!address) {
            throw CLI::ValidationError("ADDRESS", address.error().message);
        }
        return *address;
    }

    void parse_bid() {
        if (bid_words_.empty()) {
            return;
        }
        std::uint16_t bid = 0;
        if (bid_words_.size() != 2 || bid_words_[0] != "bid" ||
            !CLI::detail::lexical_cast(bid_words_[1], bid)) {
            throw CLI::ValidationError("bid", "expected \"bid N\" with N from 0 to 65535 behind "
                                              "the address");
        }
        options_.bid = bid;
    }

    std::ostream& out_;
    std::ostream& err_;
    CLI::App app_{"Shows and controls dual-stack Mobile IPv6.", "dsmipctl"};
    Options options_;
    std::string address_;
    std::string prefix_;
    std::vector<std::string> bid_words_;
    std::function<Outcome()> command_;
};

} // namespace

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, int output) {
    return App(out, err, output).run(std::move(arguments));
}

} // namespace dsmip::cli
