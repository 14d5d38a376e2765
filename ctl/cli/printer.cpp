// SPDX-License-Identifier: GPL-2.0-or-later
// Lines and JSON.
#include "cli/printer.hpp"

#include <utility>

namespace dsmip::cli {

namespace {

std::string scalar_text(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

} // namespace

Json& Printer::append() {
    Json& array = *stack_.back();
    array.push_back(Json::object());
    return array.back();
}

void Printer::words(std::string_view text) {
    if (text.empty()) {
        return;
    }
    if (!at_line_start_) {
        text_ += ' ';
    }
    text_ += text;
    at_line_start_ = false;
}

void Printer::new_line(int indent) {
    text_ += '\n';
    text_.append(static_cast<std::size_t>(indent), ' ');
    at_line_start_ = true;
}

void Printer::end_line() {
    if (!text_.empty() && text_.back() != '\n') {
        text_ += '\n';
    }
    at_line_start_ = true;
}

void Printer::json_value(const Json& value, int indent) {
    if (indent == 0) {
        *stack_.back() = value;
    }
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    const auto print_member = [&](std::string_view name, const Json& member) {
        if (member.is_structured() && !member.empty()) {
            text_ += fmt::format("{}{}:\n", margin, name);
            json_value(member, indent + 4);
        } else if (!member.empty()) {
            text_ += fmt::format("{}{} {}\n", margin, name, scalar_text(member));
        }
    };
    if (value.is_object()) {
        for (const auto& [name, member] : value.items()) {
            print_member(name, member);
        }
    } else if (value.is_array()) {
        for (const Json& member : value) {
            if (member.is_structured()) {
                std::string line;
                for (const auto& [name, part] : member.items()) {
                    line += fmt::format("{}{}{}", line.empty() ? "" : " ",
                                        member.is_object() ? name + " " : "", scalar_text(part));
                }
                text_ += margin + line + "\n";
            } else {
                text_ += margin + scalar_text(member) + "\n";
            }
        }
    } else {
        text_ += margin + scalar_text(value) + "\n";
    }
    at_line_start_ = true;
}

std::string Printer::finish() {
    if (format_ == Format::json) {
        return root_.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    end_line();
    return std::move(text_);
}

std::string Printer::take_item() {
    std::string result;
    if (format_ == Format::json && root_.empty()) {
        return result;
    }
    if (format_ == Format::json) {
        result = root_.back().dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    } else {
        result = text_;
    }
    root_ = Json::array();
    text_.clear();
    at_line_start_ = true;
    return result;
}

} // namespace dsmip::cli
