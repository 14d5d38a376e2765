# SPDX-License-Identifier: GPL-2.0-or-later
# The front door.  `make help` says what there is.

KDIR    ?= /lib/modules/$(shell uname -r)/build
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help all ctl kmod install demo check check-unit check-fuzz check-style check-system check-debug check-sanitized check-smp check-mutations soak check-kmod \
	check-requirements check-documentation setup lint clean bench bench-quick

help:
	@echo 'dsmip: dual-stack Mobile IPv6 for Linux'
	@echo
	@echo '  make demo         install what is missing, build, boot a guest, show a node roaming'
	@echo '  make check        install what is missing, build, run all tests (guest: Debian kernel)'
	@echo '  make check-debug  the system tests on a kernel with KASAN, lockdep and kmemleak; check-sanitized'
	@echo '  make check-sanitized  some system tests with a sanitized daemon; SANITIZED_TESTS names them'
	@echo '  make check-smp    the same on an emulated SMP machine: slow'
	@echo '  make check-mutations  do the unit tests notice when a rule is broken? (some three minutes)'
	@echo '  make soak         fuzzers and removal under traffic at full length on both: hours'
	@echo
	@echo '  make bench        measure against the tunnels of the kernel, write Documentation/benchmarks (over an hour)'
	@echo '  make bench-quick  instructions per packet of four formats against the last bench (about five minutes)'
	@echo
	@echo '  make all          daemon and command into build/ctl; the module for KDIR'
	@echo '  make kmod KDIR=D  the module for the kernel whose build folder is D'
	@echo '  make install      daemon, command and module of this machine; PREFIX, DESTDIR'
	@echo '  make lint         clang-tidy, clang-format, shellcheck; make check has all but clang-tidy'
	@echo '  make clean        remove build/'
	@echo
	@echo 'scripts/vm --help tells how to run a command in a guest.'

all: ctl kmod

# Debian packages that are not there yet; see scripts/dependencies.
setup:
	@scripts/setup

ctl:
	@cmake -S . -B build/ctl -DCMAKE_BUILD_TYPE=RelWithDebInfo -DDSMIP_UNIT_TESTS=OFF >/dev/null
	@cmake --build build/ctl -j $(JOBS)

kmod:
	$(MAKE) -C kmod KDIR=$(KDIR)

install: all
	cmake --install build/ctl --prefix $(DESTDIR)$(PREFIX)
	$(MAKE) -C kmod KDIR=$(KDIR) install

demo: setup
	@echo 'Building daemon and command (some minutes, the first time only) ...'
	@cmake -S . -B build/ctl -DCMAKE_BUILD_TYPE=RelWithDebInfo -DDSMIP_UNIT_TESTS=OFF >/dev/null
	@cmake --build build/ctl -j $(JOBS) --target dsmipd --target dsmipctl
	@scripts/demo

check: setup check-style ctl check-unit check-fuzz check-kmod check-documentation check-system check-requirements

check-unit:
	@cmake -S . -B build/unit -DCMAKE_BUILD_TYPE=Debug -DDSMIP_SANITIZE=ON -DDSMIP_UNIT_TESTS=ON >/dev/null
	@cmake --build build/unit -j $(JOBS)
	ctest --test-dir build/unit -j $(JOBS) --output-on-failure --output-junit junit.xml

# Codec, engines, configuration and control protocol; DSMIP_FUZZ_SECONDS of each.
check-fuzz:
	tests/fuzz/run

check-style:
	scripts/lint --fast

check-kmod:
	scripts/check-kmod

# The descriptions of the contract, of counters, events and rules are those of this tree.
check-documentation: ctl
	tests/uapi_documentation
	tests/events_documentation
	tests/rules_documentation
	tests/documentation_links

check-system: ctl
	tests/vm/selftest.sh
	tests/system/run --kernel debian

check-debug: setup ctl
	scripts/vm prepare --kernel uml-debug
	tests/system/run --kernel uml-debug
	$(MAKE) check-sanitized

# AddressSanitizer maps 16 TiB, which a process of user-mode Linux does not have: QEMU, where each
# takes some three times as long. These are the ones that go through most of the daemon.
SANITIZED_TESTS ?= registration_test reload_test replug_test

# The build of check-unit, without what only the unit tests need.
check-sanitized: setup
	@cmake -S . -B build/unit -DCMAKE_BUILD_TYPE=Debug -DDSMIP_SANITIZE=ON -DDSMIP_UNIT_TESTS=ON >/dev/null
	@cmake --build build/unit -j $(JOBS) --target dsmipd --target dsmipctl --target dsmip-nl --target dsmip-netlink-check
	DSMIP_PROGRAMS=$(CURDIR)/build/unit/bin tests/system/run --kernel debian --slow 2 --out sanitized $(SANITIZED_TESTS)

check-smp: setup ctl
	scripts/vm prepare --kernel x86-debug
	DSMIP_VM_CPUS=$${DSMIP_VM_CPUS:-4} tests/system/run --kernel x86-debug --jobs 1

soak: setup ctl
	tests/system/soak

# Changes of the sources that each break a row of the matrix: its tests have to notice.
check-mutations: setup
	@cmake -S . -B build/unit -DCMAKE_BUILD_TYPE=Debug -DDSMIP_SANITIZE=ON -DDSMIP_UNIT_TESTS=ON >/dev/null
	@cmake --build build/unit -j $(JOBS)
	tests/mutations/run

# Every test named in the requirements matrix exists and ran in this tree.
check-requirements:
	tests/requirements

bench: setup ctl
	tests/bench/run

bench-quick: setup ctl
	tests/bench/run --quick

lint:
	scripts/lint

clean:
	rm -rf build
