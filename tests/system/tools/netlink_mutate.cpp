// SPDX-License-Identifier: GPL-2.0-or-later
#include "netlink_mutate.hpp"

#include <algorithm>
#include <cstring>

#include <linux/dsmip.h>
#include <linux/netlink.h>

namespace dsmip::tools {

namespace {

constexpr std::size_t stock_limit = 600;
constexpr int depth_limit = 6;

using List = std::vector<Attribute>;

const Policy* policy_of(const Stock& stock, std::optional<std::uint32_t> table) {
    if (!table) {
        return nullptr;
    }
    const auto found = stock.policies.tables.find(*table);
    return found == stock.policies.tables.end() ? nullptr : &found->second;
}

const Policy* policy_of(const Stock& stock, const Request& request) {
    const bool dump = (request.flags & NLM_F_DUMP) == NLM_F_DUMP;
    const auto& commands = dump ? stock.policies.dumps : stock.policies.requests;
    const auto found = commands.find(request.command);
    return found == commands.end() ? nullptr : policy_of(stock, found->second);
}

const AttributeRule* rule_of(const Policy* policy, std::uint16_t type) {
    if (policy == nullptr) {
        return nullptr;
    }
    const auto found = policy->find(type);
    return found == policy->end() ? nullptr : &found->second;
}

Bytes random_bytes(Random& random, std::size_t size) {
    constexpr std::uint8_t telling[] = {0, 1, 2, 4, 16, 32, 127, 128, 192, 224, 254, 255};
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) {
        byte = random.chance(50) ? random.pick(telling) : static_cast<std::uint8_t>(random.next());
    }
    return bytes;
}

/// Few different ones, so that they meet again.
Bytes random_address(Random& random, std::size_t size) {
    constexpr std::uint8_t nets4[][3] = {{198, 51, 100}, {192, 0, 2}, {203, 0, 113}, {10, 0, 0}};
    constexpr std::uint8_t nets6[] = {0x0a, 0x0b, 0x01, 0x00};
    if (size == 4) {
        const auto& net = random.pick(nets4);
        return {net[0], net[1], net[2], static_cast<std::uint8_t>(random.below(24))};
    }
    Bytes bytes{0x20, 0x01, 0x0d, 0xb8, 0, random.pick(nets6), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    bytes.back() = static_cast<std::uint8_t>(random.below(48));
    return bytes;
}

std::size_t width_of(std::uint32_t kind) {
    switch (kind) {
    case NL_ATTR_TYPE_U8:
    case NL_ATTR_TYPE_S8:
        return 1;
    case NL_ATTR_TYPE_U16:
    case NL_ATTR_TYPE_S16:
        return 2;
    case NL_ATTR_TYPE_U32:
    case NL_ATTR_TYPE_S32:
        return 4;
    case NL_ATTR_TYPE_U64:
    case NL_ATTR_TYPE_S64:
        return 8;
    default:
        return 0;
    }
}

Bytes random_number(const Stock& stock, const AttributeRule& rule, std::size_t width,
                    Random& random) {
    const std::uint64_t largest = width == 8 ? UINT64_MAX : (std::uint64_t{1} << (8 * width)) - 1;
    const std::uint64_t max = std::min(rule.max, largest);
    std::uint64_t value = 0;
    switch (random.below(6)) {
    case 0:
        value = rule.min;
        break;
    case 1:
        value = max;
        break;
    case 2:
        value = random.between(rule.min, std::max(rule.min, max));
        break;
    case 3:
        // Sizes of every order.
        value = std::clamp(random.next() >> random.below(64), rule.min, std::max(rule.min, max));
        break;
    case 4:
        // Some numbers are those of interfaces.
        value = std::clamp<std::uint64_t>(random.pick(stock.devices), rule.min,
                                          std::max(rule.min, max));
        break;
    default:
        value = std::min(rule.min + random.below(20), std::max(rule.min, max));
        break;
    }
    if (rule.mask) {
        value &= *rule.mask;
    }
    Bytes bytes(width);
    std::memcpy(bytes.data(), &value, width);
    return bytes;
}

Attribute generate(const Stock& stock, std::uint16_t type, const AttributeRule& rule,
                   Random& random, int depth);

List generate_list(const Stock& stock, const Policy& policy, Random& random, int depth) {
    List list;
    for (const auto& [type, rule] : policy) {
        if (random.chance(60)) {
            list.push_back(generate(stock, type, rule, random, depth));
        }
    }
    return list;
}

/// A value that the policy allows.
Attribute generate(const Stock& stock, std::uint16_t type, const AttributeRule& rule,
                   Random& random, int depth) {
    Attribute attribute{.type = type};
    if (rule.kind == NL_ATTR_TYPE_NESTED || rule.kind == NL_ATTR_TYPE_NESTED_ARRAY) {
        attribute.nested = true;
        const Policy* inside = policy_of(stock, rule.policy);
        if (inside != nullptr && depth < depth_limit) {
            attribute.children = generate_list(stock, *inside, random, depth + 1);
        }
    } else if (const std::size_t width = width_of(rule.kind)) {
        attribute.payload = random_number(stock, rule, width, random);
    } else if (rule.kind == NL_ATTR_TYPE_FLAG) {
    } else if (rule.max_length == 4 || rule.max_length == 16) {
        attribute.payload = random_address(random, rule.max_length);
    } else {
        const std::uint32_t longest = rule.max_length != 0 ? rule.max_length : 32;
        attribute.payload = random_bytes(
            random, random.between(rule.min_length, std::max(rule.min_length, longest)));
    }
    return attribute;
}

/// A place where an attribute stands, and the rules there.
struct Place {
    List* list;
    std::size_t index;
    const Policy* policy;
    Attribute& attribute() const { return (*list)[index]; }
};

void collect(const Stock& stock, List& list, const Policy* policy, std::vector<Place>& places) {
    for (std::size_t index = 0; index < list.size(); ++index) {
        places.push_back({&list, index, policy});
        if (list[index].nested) {
            const AttributeRule* rule = rule_of(policy, list[index].type);
            collect(stock, list[index].children,
                    rule == nullptr ? nullptr : policy_of(stock, rule->policy), places);
        }
    }
}

std::vector<Place> places_of(const Stock& stock, Request& request) {
    std::vector<Place> places;
    collect(stock, request.attributes, policy_of(stock, request), places);
    return places;
}

void new_value(const Stock& stock, const Place& place, Random& random) {
    Attribute& attribute = place.attribute();
    const AttributeRule* rule = rule_of(place.policy, attribute.type);
    if (rule != nullptr) {
        attribute = generate(stock, attribute.type, *rule, random, 2);
    } else if (!attribute.nested) {
        attribute.payload = random_bytes(random, attribute.payload.size());
    }
}

void flatten(Attribute& attribute) {
    if (attribute.nested) {
        attribute.payload.clear();
        serialise(attribute.children, attribute.payload);
        attribute.children.clear();
    } else {
        attribute.children = parse(attribute.payload);
        attribute.payload.clear();
    }
    attribute.nested = !attribute.nested;
}

void wrong_length(Attribute& attribute, Random& random) {
    if (attribute.nested) {
        flatten(attribute);
    }
    Bytes& payload = attribute.payload;
    switch (random.below(5)) {
    case 0:
        payload.resize(payload.size() + 1);
        break;
    case 1:
        payload.resize(payload.empty() ? 0 : payload.size() - 1);
        break;
    case 2:
        payload.clear();
        break;
    case 3:
        payload.resize(payload.size() * 2);
        break;
    default:
        payload = random_bytes(random, random.chance(5) ? random.below(9000) : random.below(40));
        break;
    }
}

/// Many of them, each a little different.
void repeat(const Stock& stock, const Place& place, Random& random) {
    const Attribute original = place.attribute();
    const std::uint64_t times = random.chance(10) ? random.between(30, 200) : random.between(1, 12);
    for (std::uint64_t n = 0; n < times; ++n) {
        Attribute copy = original;
        std::vector<Place> inside;
        List alone{std::move(copy)};
        collect(stock, alone, place.policy, inside);
        for (const Place& one : inside) {
            if (!one.attribute().nested && random.chance(50)) {
                new_value(stock, one, random);
            }
        }
        place.list->push_back(std::move(alone.front()));
    }
}

void wrap(Attribute& attribute, Random& random) {
    for (std::uint64_t depth = random.between(1, 20); depth != 0; --depth) {
        attribute =
            nest(random.chance(80) ? attribute.type : static_cast<std::uint16_t>(random.below(16)),
                 {attribute});
    }
}

void spoil_head(const Stock& stock, Request& request, Random& random) {
    switch (random.below(6)) {
    case 0:
        request.command = static_cast<std::uint8_t>(
            random.chance(80) ? random.below(DSMIP_CMD_MAX + 3) : random.next());
        break;
    case 1:
        request.flags |= NLM_F_DUMP;
        break;
    case 2:
        request.flags = static_cast<std::uint16_t>(random.next());
        break;
    case 3:
        request.version = static_cast<std::uint8_t>(random.next());
        break;
    case 4:
        request.reserved = static_cast<std::uint16_t>(random.next());
        break;
    default:
        request.attributes = random.pick(stock.valid).attributes;
        break;
    }
}

void spoil_place(const Stock& stock, const Place& place, const std::vector<Place>& places,
                 Random& random) {
    Attribute& attribute = place.attribute();
    List& list = *place.list;
    switch (random.below(15)) {
    case 0:
    case 1:
    case 2:
        new_value(stock, place, random);
        break;
    case 3:
        if (!attribute.nested) {
            attribute.payload.assign(attribute.payload.size(), random.chance(50) ? 0 : 0xff);
        }
        break;
    case 4:
        wrong_length(attribute, random);
        break;
    case 5:
        attribute.false_length = static_cast<std::uint16_t>(
            random.chance(70) ? random.below(attribute.payload.size() + 12) : random.next());
        break;
    case 6:
        attribute.type =
            static_cast<std::uint16_t>(random.chance(80) ? random.below(24) : random.below(0x4000));
        break;
    case 7:
        flatten(attribute);
        break;
    case 8:
        attribute.extra_flags = NLA_F_NET_BYTEORDER;
        break;
    case 9:
        list.insert(list.begin() + static_cast<std::ptrdiff_t>(random.below(list.size() + 1)),
                    Attribute(attribute));
        break;
    case 10:
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(place.index));
        break;
    case 11:
        std::swap(attribute, random.pick(list));
        break;
    case 12: {
        Attribute copy = random.pick(places).attribute();
        list.push_back(std::move(copy));
        break;
    }
    case 13:
        repeat(stock, place, random);
        break;
    default:
        if (place.policy != nullptr && !place.policy->empty() && random.chance(80)) {
            auto entry = place.policy->begin();
            std::advance(entry, random.below(place.policy->size()));
            list.push_back(generate(stock, entry->first, entry->second, random, 1));
        } else {
            wrap(attribute, random);
        }
        break;
    }
}

Attribute lifetime(std::uint32_t ms) {
    return scalar<std::uint32_t>(DSMIP_BINDING_A_LIFETIME, ms);
}

Attribute port(std::uint16_t type, std::uint16_t value) {
    return scalar<std::uint16_t>(type, __builtin_bswap16(value));
}

void fill_bindings(std::vector<Request>& valid, const Attribute& index) {
    const auto home = [](const char* text) { return address(DSMIP_NODE_A_HOME_ADDRESS, text); };
    const auto binding = [](std::uint16_t bid, List more) {
        more.insert(more.begin(), scalar(DSMIP_BINDING_A_BID, bid));
        return nest(DSMIP_NODE_A_BINDING, std::move(more));
    };
    const auto via4 = address(DSMIP_BINDING_A_CARE_OF4, "198.51.100.1");
    const auto via6 = address(DSMIP_BINDING_A_CARE_OF6, "2001:db8:1::1");
    const Attribute udp = scalar<std::uint8_t>(DSMIP_BINDING_A_ENCAP, DSMIP_ENCAP_UDP);
    const Attribute home4 =
        nest(DSMIP_NODE_A_HOME_ADDRESSES4, {address(DSMIP_NODE_A_HOME_ADDRESS4, "203.0.113.1"),
                                            address(DSMIP_NODE_A_HOME_ADDRESS4, "203.0.113.2")});
    const auto node = [](List attributes) { return nest(DSMIP_A_NODE, std::move(attributes)); };

    const std::vector<List> bodies = {
        {index, node({home("2001:db8:a::1"), binding(0, {via4, lifetime(60000)})})},
        {index, node({home("2001:db8:a::2"), binding(1, {via6, lifetime(60)}),
                      binding(2, {via4, lifetime(5)})})},
        {index, node({home("2001:db8:a::3"), home4,
                      binding(0, {via4, port(DSMIP_BINDING_A_PORT, 5000), udp, lifetime(600000),
                                  address(DSMIP_BINDING_A_CLAIMED4, "10.0.0.1"),
                                  scalar<std::uint8_t>(DSMIP_BINDING_A_PRIORITY, 3),
                                  scalar<std::uint16_t>(DSMIP_BINDING_A_SEQUENCE, 77),
                                  scalar<std::uint32_t>(DSMIP_BINDING_A_FLAGS, 5)})})},
        {index, node({home("2001:db8:a::4"), binding(7, {via6, lifetime(100)})}),
         node({home("2001:db8:a::5"), binding(7, {via4, lifetime(1)})})},
    };
    for (const List& body : bodies) {
        for (const int flags :
             {NLM_F_CREATE, NLM_F_CREATE | NLM_F_REPLACE, NLM_F_CREATE | NLM_F_EXCL, 0}) {
            valid.push_back({DSMIP_CMD_BINDING_NEW, static_cast<std::uint16_t>(flags), body});
        }
    }
    valid.push_back({DSMIP_CMD_BINDING_DEL, 0, {index, node({home("2001:db8:a::1")})}});
    valid.push_back(
        {DSMIP_CMD_BINDING_DEL, 0, {index, node({home("2001:db8:a::3"), binding(0, {})})}});
    valid.push_back({DSMIP_CMD_BINDING_DEL, NLM_F_REPLACE, {index}});
    valid.push_back(
        {DSMIP_CMD_BINDING_GET, 0, {index, address(DSMIP_A_ADDRESS6, "2001:db8:a::1")}});
    valid.push_back({DSMIP_CMD_BINDING_GET, 0, {index, address(DSMIP_A_ADDRESS4, "203.0.113.1")}});
    valid.push_back({DSMIP_CMD_BINDING_GET, NLM_F_DUMP, {index}});
    valid.push_back({DSMIP_CMD_BINDING_GET, NLM_F_DUMP, {}});
}

void fill_prefixes(std::vector<Request>& valid, const Attribute& index) {
    const auto node = [](const char* home, List prefixes) {
        prefixes.insert(prefixes.begin(), address(DSMIP_NODE_A_HOME_ADDRESS, home));
        return nest(DSMIP_A_NODE, std::move(prefixes));
    };
    const auto prefix = [](std::uint16_t type, const char* text, std::uint8_t length) {
        return nest(DSMIP_NODE_A_PREFIX,
                    {address(type, text), scalar(DSMIP_PREFIX_A_LENGTH, length)});
    };
    const Attribute six = prefix(DSMIP_PREFIX_A_ADDRESS6, "2001:db8:f:1::", 64);
    const Attribute inside = prefix(DSMIP_PREFIX_A_ADDRESS6, "2001:db8:f:1:2::", 80);
    const Attribute four = prefix(DSMIP_PREFIX_A_ADDRESS4, "10.1.2.0", 24);
    const auto add = [&](int command, int flags, List attributes) {
        attributes.insert(attributes.begin(), index);
        valid.push_back({static_cast<std::uint8_t>(command), static_cast<std::uint16_t>(flags),
                         std::move(attributes)});
    };
    for (const char* home : {"2001:db8:a::1", "2001:db8:a::3", "2001:db8:a::2"}) {
        add(DSMIP_CMD_PREFIX_NEW, 0, {node(home, {six, inside, four})});
        add(DSMIP_CMD_PREFIX_NEW, NLM_F_REPLACE, {node(home, {four})});
        add(DSMIP_CMD_PREFIX_DEL, 0, {node(home, {})});
    }
    add(DSMIP_CMD_PREFIX_DEL, 0, {node("2001:db8:a::1", {four})});
    add(DSMIP_CMD_PREFIX_GET, 0, {address(DSMIP_A_ADDRESS6, "2001:db8:f:1:2::7")});
    add(DSMIP_CMD_PREFIX_GET, 0, {address(DSMIP_A_ADDRESS4, "10.1.2.3")});
    add(DSMIP_CMD_PREFIX_GET, NLM_F_DUMP, {});
}

void fill_flows(std::vector<Request>& valid, const Attribute& index) {
    const auto node = [](const char* home, List flows) {
        flows.insert(flows.begin(), address(DSMIP_NODE_A_HOME_ADDRESS, home));
        return nest(DSMIP_A_NODE, std::move(flows));
    };
    const auto flow = [](std::uint16_t fid, List selectors) {
        selectors.insert(selectors.begin(),
                         {scalar<std::uint16_t>(DSMIP_FLOW_A_FID, fid),
                          scalar<std::uint16_t>(DSMIP_FLOW_A_PRIORITY, fid),
                          nest(DSMIP_FLOW_A_BIDS, {scalar<std::uint16_t>(DSMIP_FLOW_A_BID, 1),
                                                   scalar<std::uint16_t>(DSMIP_FLOW_A_BID, 2)})});
        return nest(DSMIP_NODE_A_FLOW, std::move(selectors));
    };
    const Attribute ports = flow(
        1, {port(DSMIP_FLOW_A_SOURCE_PORT_START, 80), port(DSMIP_FLOW_A_SOURCE_PORT_END, 443)});
    const Attribute hosts = flow(2, {address(DSMIP_FLOW_A_SOURCE6_START, "2001:db8:c::1"),
                                     address(DSMIP_FLOW_A_SOURCE6_END, "2001:db8:c::9"),
                                     scalar<std::uint8_t>(DSMIP_FLOW_A_PROTOCOL_START, 17)});
    const Attribute key = nest(DSMIP_NODE_A_FLOW, {scalar<std::uint16_t>(DSMIP_FLOW_A_FID, 1)});
    for (const char* home : {"2001:db8:a::1", "2001:db8:a::2", "2001:db8:a::3"}) {
        const auto add = [&](int command, int flags, Attribute what) {
            valid.push_back({static_cast<std::uint8_t>(command),
                             static_cast<std::uint16_t>(flags),
                             {index, std::move(what)}});
        };
        add(DSMIP_CMD_FLOW_NEW, NLM_F_CREATE, node(home, {ports, hosts}));
        add(DSMIP_CMD_FLOW_NEW, NLM_F_CREATE | NLM_F_REPLACE, node(home, {ports}));
        add(DSMIP_CMD_FLOW_DEL, 0, node(home, {key}));
        add(DSMIP_CMD_FLOW_DEL, 0, node(home, {}));
        add(DSMIP_CMD_FLOW_GET, 0, address(DSMIP_A_ADDRESS6, home));
    }
    valid.push_back({DSMIP_CMD_FLOW_GET, NLM_F_DUMP, {index}});
}

} // namespace

void fill_stock(Stock& stock) {
    const Attribute index = scalar<std::uint32_t>(DSMIP_A_IFINDEX, stock.devices.front());
    const auto set = [&](List settings) {
        stock.valid.push_back(
            {DSMIP_CMD_DEVICE_SET, 0, {index, nest(DSMIP_A_DEVICE, std::move(settings))}});
    };
    for (const int command : {DSMIP_CMD_DEVICE_GET, DSMIP_CMD_COUNTER_GET}) {
        stock.valid.push_back({static_cast<std::uint8_t>(command), 0, {index}});
    }
    stock.valid.push_back({DSMIP_CMD_DEVICE_GET, NLM_F_DUMP, {}});
    set({scalar<std::uint32_t>(DSMIP_DEVICE_A_FWMARK, 5),
         scalar<std::uint32_t>(DSMIP_DEVICE_A_BID_MARK_MASK, 0xff00)});
    set({port(DSMIP_DEVICE_A_UDP_PORT, 4191),
         scalar<std::uint32_t>(DSMIP_DEVICE_A_COOKIE_LIFETIME, 1000)});
    set({address(DSMIP_DEVICE_A_HOME_AGENT4, "192.0.2.1"),
         address(DSMIP_DEVICE_A_HOME_AGENT6, "2001:db8:1::1")});
    set({scalar<std::uint32_t>(DSMIP_DEVICE_A_HOME_LINK, 1)});
    set({scalar<std::uint32_t>(DSMIP_DEVICE_A_UNDERLAY, 1)});
    set({scalar<std::uint32_t>(DSMIP_DEVICE_A_UNDERLAY, 0)});
    set({scalar<std::uint32_t>(DSMIP_DEVICE_A_SOURCE_RATE, 100),
         scalar<std::uint32_t>(DSMIP_DEVICE_A_SOURCE_BURST, 300)});
    set({scalar<std::uint32_t>(DSMIP_DEVICE_A_NETWORK_RATE, 0),
         scalar<std::uint32_t>(DSMIP_DEVICE_A_NETWORK_BURST, 1)});
    set({scalar<std::uint32_t>(DSMIP_DEVICE_A_STRANGER_RATE, 1000000),
         scalar<std::uint32_t>(DSMIP_DEVICE_A_STRANGER_BURST, 1000000),
         scalar<std::uint32_t>(DSMIP_DEVICE_A_TUNNEL_MTU, 1400)});
    const auto path = [&](List attributes) {
        stock.valid.push_back(
            {DSMIP_CMD_PATH_NEW, 0, {index, nest(DSMIP_A_PATH, std::move(attributes))}});
    };
    const Attribute remote4 = address(DSMIP_PATH_A_REMOTE4, "198.51.100.1");
    path({remote4});
    path({address(DSMIP_PATH_A_REMOTE6, "2001:db8:1::1"),
          scalar<std::uint32_t>(DSMIP_PATH_A_LIFETIME, 200)});
    path({remote4, scalar<std::uint8_t>(DSMIP_PATH_A_ENCAP, DSMIP_ENCAP_UDP),
          port(DSMIP_PATH_A_REMOTE_PORT, 5000)});
    stock.valid.push_back(
        {DSMIP_CMD_PATH_GET,
         0,
         {index, nest(DSMIP_A_PATH, {scalar<std::uint32_t>(DSMIP_PATH_A_COOKIE, 0x80000001U)})}});
    fill_bindings(stock.valid, index);
    fill_prefixes(stock.valid, index);
    fill_flows(stock.valid, index);
    // A command that is newer than this program starts from what the kernel says of it.
    Random random(1);
    for (const auto& [command, table] : stock.policies.requests) {
        const bool known =
            std::any_of(stock.valid.begin(), stock.valid.end(),
                        [&](const Request& request) { return request.command == command; });
        const Policy* policy = policy_of(stock, table);
        for (int n = 0; !known && policy != nullptr && n < 16; ++n) {
            stock.valid.push_back({command,
                                   static_cast<std::uint16_t>(n % 2 == 0 ? NLM_F_CREATE : 0),
                                   generate_list(stock, *policy, random, 1)});
        }
    }
}

void learn(Stock& stock, const Request& request, Random& random) {
    if ((request.flags & NLM_F_DUMP) == NLM_F_DUMP || request.attributes.size() > 40 ||
        random.chance(90)) {
        return;
    }
    if (stock.valid.size() < stock_limit) {
        stock.valid.push_back(request);
        return;
    }
    // As many of each command as there are.
    Request& old = random.pick(stock.valid);
    if (old.command == request.command) {
        old = request;
    }
}

void freshen(const Stock& stock, Request& request, Random& random) {
    for (Attribute& attribute : request.attributes) {
        if (attribute.type == DSMIP_A_IFINDEX && attribute.payload.size() == 4) {
            attribute = scalar<std::uint32_t>(DSMIP_A_IFINDEX, random.pick(stock.devices));
        }
    }
    if (request.command == DSMIP_CMD_PATH_GET && !stock.cookies.empty() && random.chance(80)) {
        const auto& [device, cookie] = random.pick(stock.cookies);
        request.attributes = {scalar(DSMIP_A_IFINDEX, device),
                              nest(DSMIP_A_PATH, {scalar(DSMIP_PATH_A_COOKIE, cookie)})};
        return;
    }
    if (random.chance(50)) {
        return;
    }
    for (const Place& place : places_of(stock, request)) {
        const bool index =
            place.list == &request.attributes && place.attribute().type == DSMIP_A_IFINDEX;
        if (!place.attribute().nested && !index && random.chance(30) &&
            rule_of(place.policy, place.attribute().type) != nullptr) {
            new_value(stock, place, random);
        }
    }
}

void mutate(const Stock& stock, Request& request, Random& random) {
    for (std::uint64_t times = random.between(1, 4); times != 0; --times) {
        const std::vector<Place> places = places_of(stock, request);
        if (places.empty() || random.chance(10)) {
            spoil_head(stock, request, random);
        } else {
            spoil_place(stock, random.pick(places), places, random);
        }
    }
}

void spoil_bytes(Bytes& message, Random& random) {
    constexpr std::size_t head = NLMSG_HDRLEN;
    if (random.chance(85)) {
        return;
    }
    if (message.size() > head && random.chance(60)) {
        for (std::uint64_t times = random.between(1, 6); times != 0; --times) {
            message[head + random.below(message.size() - head)] =
                static_cast<std::uint8_t>(random.next());
        }
        return;
    }
    std::uint32_t length = 0;
    std::memcpy(&length, message.data(), sizeof length);
    length =
        static_cast<std::uint32_t>(random.chance(70) ? random.below(length + 32) : random.next());
    std::memcpy(message.data(), &length, sizeof length);
    if (random.chance(50) && length >= head && length < message.size()) {
        message.resize(length);
    }
}

} // namespace dsmip::tools
