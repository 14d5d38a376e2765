// SPDX-License-Identifier: GPL-2.0-or-later
// One description, two forms.
#include <catch2/catch.hpp>

#include "cli/printer.hpp"

namespace dsmip::cli {

namespace {

void describe(Printer& printer) {
    for (const int number : {1, 2}) {
        printer.item([&] {
            printer.field("number", "no {}", number);
            printer.field("wait_ms", "wait {}", 1500, "1s");
            printer.json_field("hidden", true);
            printer.words("seen");
            printer.new_line(4);
            printer.object("inner", [&] { printer.field("key", "key {}", "v"); });
            printer.array("list", [&] {
                printer.element([&] { printer.field("a", "{}", 1); });
                printer.element([&] { printer.field("a", "{}", 2); });
            });
        });
    }
}

std::string print(Printer::Format format) {
    Printer printer(format);
    describe(printer);
    return printer.finish();
}

} // namespace

TEST_CASE("text has words, lines and indents", "[printer]") {
    CHECK(print(Printer::Format::text) == "no 1 wait 1s seen\n    key v 1 2\n"
                                          "no 2 wait 1s seen\n    key v 1 2\n");
}

TEST_CASE("JSON has the keys in order of printing", "[printer]") {
    CHECK(
        print(Printer::Format::json) ==
        R"([{"number":1,"wait_ms":1500,"hidden":true,"inner":{"key":"v"},"list":[{"a":1},{"a":2}]},)"
        R"({"number":2,"wait_ms":1500,"hidden":true,"inner":{"key":"v"},"list":[{"a":1},{"a":2}]}])"
        "\n");
}

TEST_CASE("nothing printed is no text and an empty array", "[printer]") {
    CHECK(Printer(Printer::Format::text).finish().empty());
    CHECK(Printer(Printer::Format::json).finish() == "[]\n");
}

TEST_CASE("a stream prints one item at a time", "[printer]") {
    Printer text(Printer::Format::text);
    Printer json(Printer::Format::json);
    for (Printer* printer : {&text, &json}) {
        for (const int number : {1, 2}) {
            printer->item([&] { printer->field("n", "n {}", number); });
            const std::string wanted = printer == &text ? fmt::format("n {}\n", number)
                                                        : fmt::format("{{\"n\":{}}}\n", number);
            CHECK(printer->take_item() == wanted);
        }
    }
}

TEST_CASE("a stream that printed nothing yields nothing", "[printer]") {
    CHECK(Printer(Printer::Format::text).take_item().empty());
    CHECK(Printer(Printer::Format::json).take_item().empty());
}

TEST_CASE("invalid UTF-8 is replaced, not fatal", "[printer]") {
    Printer printer(Printer::Format::json);
    printer.item([&] { printer.field("name", "{}", std::string("a\xff")); });
    CHECK(printer.finish() == "[{\"name\":\"a\xEF\xBF\xBD\"}]\n");
}

TEST_CASE("a value of unknown shape becomes indented lines", "[printer]") {
    Printer printer(Printer::Format::text);
    printer.json_value(Json::parse(R"({"role":"home-agent","pid":7,"empty":[],"nothing":null,
        "nodes":[{"home":"2001:db8::1","bid":1},{"home":"2001:db8::2","bid":0}],
        "pool":{"used":1,"free":{"v4":2}},"names":["a","b"]})"));
    CHECK(printer.finish() == "role home-agent\n"
                              "pid 7\n"
                              "nodes:\n"
                              "    home 2001:db8::1 bid 1\n"
                              "    home 2001:db8::2 bid 0\n"
                              "pool:\n"
                              "    used 1\n"
                              "    free:\n"
                              "        v4 2\n"
                              "names:\n"
                              "    a\n"
                              "    b\n");
}

} // namespace dsmip::cli
