# The few commands that everything else hangs on. `make demo` and `make test` work as the first command after a clone:
# they install what is missing (tools/setup.sh), configure, build with ccache and say how far they are.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

JOBS ?= $(shell nproc)
PRESET ?= release
BUILD := build/$(PRESET)
# Objects of one clone serve another one: paths are stored relative to the clone.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
# One build report every so many files where there is no terminal, a line that rewrites itself where there is one.
export NINJA_STATUS ?= [%f/%t %es] 

.PHONY: help setup build demo test bench lint fuzz soak clean

help:
	@echo "make demo    a small plant on this machine: broker, hub, two gateways, four edges; Ctrl-C stops it"
	@echo "make test    build and run every test"
	@echo "make build   build/$(PRESET)/bin/millwright and millwright-edge"
	@echo "make setup   install what build and tests need (apt, npm); at once when nothing is missing"
	@echo "make bench   build and run every benchmark          make lint   format, clang-tidy, headers, order"
	@echo "make fuzz    every fuzzer for FUZZ_SECONDS (20)      make soak   the long simulation"
	@echo "make clean   remove build/                           PRESET=asan|tsan  with sanitizers; JOBS=n"

setup:
	@tools/setup.sh test

$(BUILD)/build.ninja: CMakePresets.json CMakeLists.txt
	@echo "build: configuring $(PRESET)"
	@cmake --preset $(PRESET) --log-level=WARNING

build:
	@tools/setup.sh build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@echo "build: $(PRESET), $(JOBS) at a time, into $(BUILD)/bin"
	@tools/ninja_progress.sh $(BUILD) $(JOBS) all

demo:
	@tools/setup.sh build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@echo "build: the programs, $(JOBS) at a time, into $(BUILD)/bin"
	@tools/ninja_progress.sh $(BUILD) $(JOBS) millwright millwright-edge
	@exec $(BUILD)/bin/millwright demo $(ARGS)

test:
	@tools/setup.sh test
	@$(MAKE) --no-print-directory build
	@echo "test: ctest, $(JOBS) at a time"
	@ctest --test-dir $(BUILD) --parallel $(JOBS) --output-on-failure --no-tests=error $(ARGS)

bench:
	@tools/setup.sh test
	@$(MAKE) --no-print-directory build
	@tools/bench.sh $(BUILD) $(ARGS)

lint:
	@tools/setup.sh lint
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@tools/lint.sh $(BUILD) $(JOBS) $(ARGS)

FUZZ_SECONDS ?= 20
fuzz:
	@tools/setup.sh fuzz
	@echo "build: configuring fuzz"
	@cmake --preset fuzz --log-level=WARNING
	@tools/fuzz.sh build/fuzz $(JOBS) $(FUZZ_SECONDS)

soak:
	@test -x tests/soak/run.sh || { echo "soak: tests/soak/run.sh is missing" >&2; exit 1; }
	@tools/setup.sh test
	@$(MAKE) --no-print-directory build
	@exec tests/soak/run.sh $(BUILD)/bin $(ARGS)

clean:
	rm -rf build
