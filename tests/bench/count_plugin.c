// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plugin for QEMU's TCG: how often each block of guest instructions ran, per interval.
 *
 * A guest program ends an interval with `out %al, $0xf5` (mark.c). Interval K goes into the file OUT.K, one line per block:
 * address in hexadecimal, instructions in it, how often it ran.
 *
 *     -plugin count_plugin.so,out=OUT
 *
 * Debian's QEMU can load plugins but its packages have no header for them, so what is needed of the interface, version 1,
 * is declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_flags { PLUGIN_READS_NO_REGISTERS };
enum qemu_plugin_operation { PLUGIN_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, enum qemu_plugin_operation operation, void *counter,
                                              uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction, void (*call)(unsigned int cpu, void *data),
                                            enum qemu_plugin_flags flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int count, char **arguments);

/* The same code may be translated more than once: its counter stays. */
struct block {
    uint64_t address, instructions, runs;
    struct block *next;
};

#define BUCKETS (1U << 18)

static struct block *table[BUCKETS];
static const char *prefix;
static unsigned int interval;

static struct block *find_block(uint64_t address, uint64_t instructions)
{
    struct block **bucket = &table[(address * UINT64_C(0x9e3779b97f4a7c15)) >> 46];
    struct block *block;

    for (block = *bucket; block; block = block->next)
        if (block->address == address && block->instructions == instructions)
            return block;
    block = calloc(1, sizeof *block);
    if (!block)
        abort();
    block->address = address;
    block->instructions = instructions;
    block->next = *bucket;
    *bucket = block;
    return block;
}

static void end_interval(unsigned int cpu, void *data)
{
    char path[4096];
    FILE *file;

    (void)cpu;
    (void)data;
    snprintf(path, sizeof path, "%s.%u", prefix, interval++);
    file = fopen(path, "w");
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct block *block = table[i]; block; block = block->next) {
            if (file && block->runs)
                fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", block->address, block->instructions, block->runs);
            block->runs = 0;
        }
    }
    if (!file || fclose(file))
        perror(path);
}

static bool is_mark(const struct qemu_plugin_insn *instruction)
{
    const uint8_t *code = qemu_plugin_insn_data(instruction);

    return qemu_plugin_insn_size(instruction) == 2 && code[0] == 0xe6 && code[1] == 0xf5;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t instructions = qemu_plugin_tb_n_insns(tb);
    uint64_t address = qemu_plugin_tb_vaddr(tb);

    (void)id;
    /* Marks are in programs; the kernel lives in the upper half. */
    for (size_t i = 0; i < instructions && !(address >> 63); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(tb, i);

        if (is_mark(instruction))
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, end_interval, PLUGIN_READS_NO_REGISTERS, NULL);
    }
    qemu_plugin_register_vcpu_tb_exec_inline(tb, PLUGIN_ADD_U64, &find_block(address, instructions)->runs, 1);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int count, char **arguments)
{
    (void)info;
    for (int i = 0; i < count; i++)
        if (!strncmp(arguments[i], "out=", 4))
            prefix = strdup(arguments[i] + 4);
    if (!prefix) {
        fprintf(stderr, "count_plugin: out=PREFIX is missing\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
