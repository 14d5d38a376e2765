# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/bench/run found, as text and as plots. A plot is drawn by hand: bars are all it needs."""
import html

DIRECTIONS = ("to-node", "from-node")
AIM_INSTRUCTIONS, AIM_MANY, AIM_TCP, AIM_OCTETS, AIM_INSTALL = 0.9, 1.05, 1.0, 400, 30
AIM_UPDATES, AIM_RESTORE, AIM_RESTORE_GUEST, AIM_OCTETS_OF_DAEMON = 300000, 10, 60, 1024
TOLERANCE = 1.02
TOLERANCE_ENGINE = 1.05 # compilers and C libraries differ a little


def table(head, rows):
    """A table of Markdown that is also good to read as it is; the first column is text."""
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row):
        return "| " + " | ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                                 for column, (cell, width) in enumerate(zip(row, widths))) + " |"
    rule = "| " + " | ".join("-" * width if column == 0 else "-" * (width - 1) + ":" for column, width in enumerate(widths)) + " |"
    return "\n".join([line(head), rule, *map(line, rows)])


def count(results, name, direction):
    return results["instructions"].get(name, {}).get(direction, {}).get("instructions")


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def ratio(ours, theirs):
    return ours / theirs if ours and theirs else None


def many_names(results):
    """(variant, nodes, name) of what was counted with many nodes."""
    for name in results["instructions"]:
        if name.endswith(" nodes"):
            variant, nodes = name[:-6].split(", ")
            yield variant, int(nodes), name


def tcp(results, variant):
    """Its TCP figure, or None: by instructions, which are the same on each machine; not by the clock."""
    return results.get("throughput_counted", {}).get(variant, {}).get("tcp", {}).get("median")


def aims(results):
    """(what, figure, aim, whether a small figure is good); the figure is None when it was not measured."""
    for theirs, ours in results["pairs"].items():
        for direction in DIRECTIONS:
            yield (f"instructions {direction.replace('-', ' ')}, {ours} / {theirs}",
                   ratio(count(results, ours, direction), count(results, theirs, direction)), AIM_INSTRUCTIONS, True)
    for variant, nodes, name in many_names(results):
        for direction in DIRECTIONS:
            yield (f"instructions {direction.replace('-', ' ')}, {variant}, {nodes:,} nodes / 1 node",
                   ratio(count(results, name, direction), count(results, variant, direction)), AIM_MANY, True)
    for theirs, ours in results["pairs"].items():
        yield f"TCP, {ours} / {theirs}", ratio(tcp(results, ours), tcp(results, theirs)), AIM_TCP, False
    for nodes, figures in (results.get("scale") or {}).get("nodes", {}).items():
        yield f"octets of kernel memory per node, {int(nodes):,} nodes", figures["octets_per_node"], AIM_OCTETS, True
        yield f"seconds to install {int(nodes):,} nodes", figures["install_s"], AIM_INSTALL, True
    plane = results.get("control_plane")
    if plane:
        engine = plane["engine"]
        nodes = f"{engine['nodes']:,} bindings"
        yield f"Binding Updates per second of one core, {nodes}", engine["refreshes_per_s"], AIM_UPDATES, False
        yield f"seconds to take over {nodes} at a start", engine["restore_s"], AIM_RESTORE, True
        yield f"octets of daemon memory per binding, {nodes}", engine["octets_per_binding"], AIM_OCTETS_OF_DAEMON, True
        for found in plane["restart"]:
            yield (f"seconds until a restarted daemon answers, {found['nodes']:,} bindings, {found['kernel']}, store {found['store']}",
                   found["restart_s"], AIM_RESTORE_GUEST, True)


def is_missed(figure, aim, small_is_good):
    return figure > aim if small_is_good else figure < aim


def is_busy(results):
    """Whether what the clock says is worth nothing."""
    return results["machine"]["load"] > results["machine"]["cpus"]


def regressions(results, reference):
    """Ratios and counts of instructions that are worse than those of the last `make bench`, as text."""
    known = {what: figure for what, figure, _, _ in aims(reference) if figure is not None}
    worse = [f"{what}: {figure:.3f}, was {known[what]:.3f}" for what, figure, _, _ in aims(results)
             if figure is not None and what in known and what.startswith("instructions") and figure > TOLERANCE * known[what]]
    before = reference.get("engine_instructions") or {}
    for what, figure in (results.get("engine_instructions") or {}).items():
        if what in before and figure > TOLERANCE_ENGINE * before[what]:
            worse.append(f"instructions of the engine for a {what}: {figure:,}, was {before[what]:,}")
    return worse


def instruction_table(results):
    rows, paired = [], set()

    def row(name, against=None):
        cells = [name]
        for direction in DIRECTIONS:
            own = count(results, name, direction)
            cells += [number(own), number(ratio(own, count(results, against, direction)) if against else None, 2)]
        rows.append(cells)
    for theirs, ours in results["pairs"].items():
        paired |= {theirs, ours}
    for name in sorted(set(results["instructions"]) - paired, key=lambda name: (" nodes" in name, name)):
        if name.startswith("plain"):
            row(name)
    for theirs, ours in results["pairs"].items():
        if theirs in results["instructions"]:
            row(theirs)
            row(ours, theirs)
    for name in results["instructions"]:
        if name not in paired and not name.startswith("plain"):
            row(name, name.split(",")[0] if " nodes" in name else None)
    return table(["", "to node", "ratio", "from node", "ratio"], rows)


def throughput_table(results, clock):
    """clock: the name of the results"""
    rows = []
    speed = results[clock]
    against = {ours: theirs for theirs, ours in results["pairs"].items()}
    for name, kinds in speed.items():
        cells = [name]
        for kind, unit in (("to-node", 1e3), ("from-node", 1e3), ("tcp", 1e6)):
            figure = kinds.get(kind, {}).get("median")
            other = speed.get(against.get(name), {}).get(kind, {}).get("median")
            cells += [number(figure / unit if figure else None), number(ratio(figure, other), 2)]
        rows.append(cells)
    return table(["", "kpackets/s to node", "ratio", "from node", "ratio", "TCP Mbit/s", "ratio"], rows)


def scale_table(results):
    return table(["nodes", "install s", "dump s", "flush s", "octets each"],
                 [[f"{int(nodes):,}", number(figures["install_s"], 2), number(figures["dump_s"], 2), number(figures["flush_s"], 2),
                   number(figures["octets_per_node"])] for nodes, figures in results["scale"]["nodes"].items()])


def control_plane_tables(plane, instructions):
    engine = plane["engine"]
    parts = ["Home agent engine alone: seconds of one core, without sockets; a kernel that confirms at once.\n\n" + table(
        ["bindings", "registrations/s", "refreshes/s", "take-over s", "octets each", "kept in the store/s", "start from it s"],
        [[f"{engine['nodes']:,}", number(engine["registrations_per_s"]), number(engine["refreshes_per_s"]),
          number(engine["restore_s"], 2), number(engine["octets_per_binding"]),
          number(engine["store_records_per_s"]), number(engine["store_restore_s"], 2)]])]
    if instructions:
        parts.append("Instructions of the engine for a " + ", for a ".join(
            f"{what}: {figure:,}" for what, figure in instructions.items()) + ".")
    parts.append("End to end in a guest, microseconds of a Binding Update. The whole is the clock's, generator and kernel included;\n"
                 "who used it is known with Debian's kernel only, in emulation.\n\n" + table(
        ["kernel, store", "nodes", "registrations/s", "refreshes/s", "whole", "daemon user", "daemon system", "generator"],
        [[f"{found['kernel']}, {found['store']}", number(found["nodes"]), number(found["registrations_per_s"]),
          number(found["refreshes_per_s"]), number(found["whole_us"], 1)]
         + ([""] * 3 if found["kernel"].startswith("uml") else
            [number(found[key], 1) for key in ("daemon_user_us", "daemon_system_us", "load_us")]) for found in plane["end_to_end"]]))
    parts.append("A start of the daemon in a guest, seconds: bindings are installed and dumped over netlink; it answers after taking\n"
                 "them over from the kernel alone, after a crash, and from the store alone.\n\n" + table(
        ["kernel, store", "bindings", "install", "dump", "kernel alone", "after a crash", "store alone"],
        [[f"{found['kernel']}, {found['store']}", number(found["nodes"])]
         + [number(found[key], 2) for key in ("install_s", "dump_s", "take_over_s", "restart_s")]
         + [number(found["rebuild_s"], 2) if found["store"] != "none" else ""] for found in plane["restart"]]))
    return "\n\n".join(parts)


def text(results):
    at = results["machine"]
    parts = [f"Commit {at['commit']}, {at['date']}, {at['processor']}, {at['cpus']} processors, load {at['load']:g}.",
             "## Instructions per packet at the home agent\n\n"
             f"Guest instructions, {at['kernel_of_instructions']} in QEMU's emulation. The ratio is to the tunnel of the kernel "
             "above;\nwith many nodes, to one node.\n\n" + instruction_table(results)]
    if results.get("throughput_counted"):
        rounds = next(iter(results["throughput_counted"].values()))["tcp"]["rounds"]
        parts.append(f"## Packets and TCP by instructions\n\n{at['kernel_of_instructions']} in QEMU's emulation, whose clock counts "
                     f"instructions, a thousand million in a second;\nsenders and both ends of the tunnel included; medians of "
                     f"{rounds} rounds.\n\n{throughput_table(results, 'throughput_counted')}")
    if results.get("throughput"):
        rounds = next(iter(results["throughput"].values()))["tcp"]["rounds"]
        busy = ("**The machine was busy with other work: these figures have no meaning beyond their order of magnitude.**\n\n"
                if is_busy(results) else "")
        parts.append(f"## Packets and TCP by the clock\n\n{at['kernel_of_throughput']}, one processor; medians of {rounds} "
                     f"rounds.\n\n{busy}{throughput_table(results, 'throughput')}")
    if results.get("scale"):
        parts.append("## Many nodes\n\n" + scale_table(results))
    if results.get("control_plane"):
        parts.append("## Control plane\n\n" + control_plane_tables(results["control_plane"], results.get("engine_instructions")))
    rows = [[what, number(figure, 2 if figure < 100 else 0), ("≤ " if small else "≥ ") + f"{aim:g}",
             "missed" if is_missed(figure, aim, small) else "met"]
            for what, figure, aim, small in aims(results) if figure is not None]
    parts.append("## Aims\n\n" + table(["", "is", "aim", ""], rows))
    return "\n\n".join(parts) + "\n"


def bar_chart(title, unit, groups):
    """groups: [(label, [(series, value)])]; horizontal bars, one colour for each series."""
    colours, names = ("#8c9bb0", "#1f6fb4", "#c46a1b", "#3f8f58"), []
    for _, bars in groups:
        names += [series for series, _ in bars if series not in names]
    largest = max(value for _, bars in groups for _, value in bars)
    left, width, bar, gap, top = 150, 560, 14, 12, 70
    out, y = [], top
    for label, bars in groups:
        out.append(f'<text x="{left - 8}" y="{y + len(bars) * bar / 2 + 4:.0f}" text-anchor="end">{html.escape(label)}</text>')
        for series, value in bars:
            length = width * value / largest
            out.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" '
                       f'fill="{colours[names.index(series) % len(colours)]}"/>')
            out.append(f'<text x="{left + length + 4:.1f}" y="{y + bar - 4}" class="value">{value:,.0f}</text>')
            y += bar
        y += gap
    legend = "".join(f'<rect x="{left + 140 * index}" y="40" width="12" height="12" fill="{colours[index % len(colours)]}"/>'
                     f'<text x="{left + 140 * index + 18}" y="50">{html.escape(name)}</text>' for index, name in enumerate(names))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 80}" height="{y + 10}" font-family="sans-serif" '
            f'font-size="12">\n<style>.value {{ font-size: 10px; fill: #444 }}</style>\n'
            f'<rect width="100%" height="100%" fill="white"/>\n'
            f'<text x="{left}" y="24" font-size="15">{html.escape(title)} ({html.escape(unit)})</text>\n{legend}\n'
            + "\n".join(out) + "\n</svg>\n")


def plots(results):
    """{file name: SVG}"""
    out = {}
    for direction in DIRECTIONS:
        groups = [(name, [("forwarding only", count(results, name, direction))]) for name in ("plain4", "plain6")
                  if count(results, name, direction)]
        for theirs, ours in results["pairs"].items():
            if count(results, theirs, direction) and count(results, ours, direction):
                groups.append((f"{ours}, {theirs}", [("dsmip", count(results, ours, direction)),
                                                     ("tunnel of the kernel", count(results, theirs, direction))]))
        out[f"instructions-{direction}.svg"] = bar_chart(f"Work at the home agent, {direction.replace('-', ' ')}",
                                                         "instructions per packet, less is better", groups)
    groups = []
    for variant in dict.fromkeys(variant for variant, _, _ in many_names(results)):
        counts = [("1 node", count(results, variant, "to-node"))]
        counts += [(f"{nodes:,} nodes", count(results, name, "to-node")) for other, nodes, name in many_names(results)
                   if other == variant]
        groups.append((variant, counts))
    if groups:
        out["nodes.svg"] = bar_chart("Work at the home agent with many nodes, to node", "instructions per packet", groups)
    groups = [(name, [("forwarding only", tcp(results, name) / 1e6)]) for name in ("plain4", "plain6") if tcp(results, name)]
    groups += [(f"{ours}, {theirs}", [("dsmip", tcp(results, ours) / 1e6), ("tunnel of the kernel", tcp(results, theirs) / 1e6)])
               for theirs, ours in results["pairs"].items() if tcp(results, ours) and tcp(results, theirs)]
    if groups:
        out["tcp.svg"] = bar_chart("TCP to the node, one processor", "Mbit in 1,000 million instructions, more is better", groups)
    return out


def write(results, folder):
    """results.md and the plots."""
    pictures = plots(results)
    for name, picture in pictures.items():
        (folder / name).write_text(picture, encoding="utf-8")
    body = ("<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n<!-- Written by tests/bench/run. -->\n# Benchmarks\n\n"
            "What is measured and how to read it: [performance.md](../performance.md).\n\n" + text(results) + "\n"
            + "\n".join(f"![{name[:-4]}]({name})" for name in pictures) + "\n")
    (folder / "results.md").write_text(body, encoding="utf-8")
