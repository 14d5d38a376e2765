// SPDX-License-Identifier: GPL-2.0-or-later
// One description of the output, two forms: lines for people or JSON for programs. Every value is
// given once, with its key and its words, so the two cannot drift apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dsmip::cli {

using Json = nlohmann::ordered_json;

class Printer {
public:
    enum class Format { text, json };
    explicit Printer(Format format)
        : format_(format) {
        stack_.push_back(&root_);
    }
    Printer(const Printer&) = delete;
    Printer& operator=(const Printer&) = delete;

    /// JSON: everything until the end of `fill` becomes an element of the surrounding array. Text:
    /// ends the line afterwards.
    template<class Fill>
    void item(Fill&& fill) {
        enter(append(), fill);
        end_line();
    }
    /// JSON: member `key`, an array of the elements that `fill` makes. Text: no trace.
    template<class Fill>
    void array(std::string_view key, Fill&& fill) {
        Json& member = (*stack_.back())[std::string(key)];
        member = Json::array();
        enter(member, fill);
    }
    /// JSON: everything until the end of `fill` becomes an element of `array`. Text: no trace.
    template<class Fill>
    void element(Fill&& fill) {
        enter(append(), fill);
    }
    /// JSON: member `key` with the members that `fill` writes. Text: no trace.
    template<class Fill>
    void object(std::string_view key, Fill&& fill) {
        Json& member = (*stack_.back())[std::string(key)];
        member = Json::object();
        enter(member, fill);
    }

    /// JSON: member `key`. Text: the words `pattern`, with one {} for the value.
    template<class Value>
    void field(std::string_view key, std::string_view pattern, const Value& value) {
        field(key, pattern, value, value);
    }
    /// The same where people and programs get the value in different units.
    template<class Value, class Shown>
    void field(std::string_view key, std::string_view pattern, const Value& value,
               const Shown& shown) {
        json_field(key, value);
        words(fmt::format(fmt::runtime(pattern), shown));
    }
    /// Only in JSON.
    template<class Value>
    void json_field(std::string_view key, const Value& value) {
        (*stack_.back())[std::string(key)] = value;
    }
    /// Only in text: words, set off by a blank.
    void words(std::string_view text);
    /// Only in text: a new line, set in by `indent` blanks.
    void new_line(int indent);

    /// A whole value of unknown shape, e.g. from the daemon. JSON: that value. Text: its members
    /// become "key value" lines, set in by `indent` blanks.
    void json_value(const Json& value, int indent = 0);

    /// Everything, with a newline at the end; empty if text and nothing was printed. An array that
    /// got no element is "[]".
    [[nodiscard]] std::string finish();
    /// The last item on a line of its own, for a stream of events; forgets it.
    [[nodiscard]] std::string take_item();

private:
    Json& append();
    template<class Fill>
    void enter(Json& value, Fill&& fill) {
        stack_.push_back(&value);
        fill();
        stack_.pop_back();
    }
    void end_line();

    Format format_;
    Json root_ = Json::array();
    std::vector<Json*> stack_;
    std::string text_;
    bool at_line_start_ = true;
};

} // namespace dsmip::cli
