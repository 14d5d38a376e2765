// SPDX-License-Identifier: GPL-2.0-or-later
/* Ends an interval of count_plugin.c: runs in the guest, linked statically, as starting programs is slow there. */
#include <stdio.h>
#include <sys/io.h>

int main(void)
{
    if (ioperm(0xf5, 1, 1)) {
        perror("ioperm");
        return 1;
    }
    __asm__ volatile("outb %%al, $0xf5" : : "a"(0));
    return 0;
}
