// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that misbehaves as told when it is loaded, so that the VM tool's self-test sees whether real trouble in a kernel is
 * noticed: insmod broken.ko what=warn|oops|leak|uaf|abba|rcu|spin|atomic|shift
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

static char *what = "nothing";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "what to do wrong");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static int __rcu *protected_value;

static void broken_oops(void)
{
	int *volatile nowhere = (int *)8;

	*nowhere = 1;
}

static void broken_leak(void)
{
	int i;
	void *volatile block;

	/* Some may look alive, because a register or the stack still holds a pointer. */
	for (i = 0; i < 32; i++)
		block = kmalloc(200, GFP_KERNEL);
	block = NULL;
}

static void broken_uaf(void)
{
	char *volatile block = kmalloc(64, GFP_KERNEL);

	kfree(block);
	block[3] = 1;
}

static void broken_abba(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void broken_spin(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* A mutex where sleeping is not allowed. */
static void broken_atomic(void)
{
	preempt_disable();
	mutex_lock(&first);
	mutex_unlock(&first);
	preempt_enable();
}

static void broken_shift(void)
{
	volatile unsigned int distance = 77;

	pr_info("broken: %u\n", 1U << distance);
}

static int __init broken_init(void)
{
	if (!strcmp(what, "warn"))
		WARN(1, "broken: told to warn\n");
	else if (!strcmp(what, "oops"))
		broken_oops();
	else if (!strcmp(what, "leak"))
		broken_leak();
	else if (!strcmp(what, "uaf"))
		broken_uaf();
	else if (!strcmp(what, "abba"))
		broken_abba();
	else if (!strcmp(what, "rcu"))
		pr_info("broken: %p\n", rcu_dereference(protected_value));
	else if (!strcmp(what, "spin"))
		broken_spin();
	else if (!strcmp(what, "atomic"))
		broken_atomic();
	else if (!strcmp(what, "shift"))
		broken_shift();
	else
		return -EINVAL;
	return 0;
}

static void __exit broken_exit(void)
{
}

module_init(broken_init);
module_exit(broken_exit);
MODULE_DESCRIPTION("Misbehaves as told");
MODULE_LICENSE("GPL");
