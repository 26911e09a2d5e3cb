# ChaosChain TEE. Everything real happens in CMake (presets in CMakePresets.json) and scripts/.
.DEFAULT_GOAL := help
.PHONY: help deps build demo demo-offline test bench fuzz install coverage delete-a-check check clean format

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 20
BUILD_DIR := build

help:                ## this list
	@sed -n 's/^\([a-z-]*\): .*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

deps:                ## install what building and testing needs (Debian packages), after showing the plan
	@scripts/install-deps.sh test

build:               ## build the release: programs in build/bin/, libraries in build/lib/
	@scripts/build.sh release

demo:                ## install what the demo needs, build, and run Genesis Studio on a local chain (BREAK=debug-td: one attack)
	@scripts/install-deps.sh demo
	@scripts/install-npm.sh tests/npm/chain
	@scripts/build.sh release programs providers
	@scripts/genesis.sh

demo-offline:        ## the way of evidence in files: forge, verify, attack, and a quote of real hardware; no chain, no npm
	@scripts/install-deps.sh build
	@scripts/build.sh release programs providers
	@scripts/demo.sh

test:                ## install what the tests need, build, and run every test
	@scripts/install-deps.sh test
	@scripts/build.sh release
	@scripts/run-tests.sh $(BUILD_DIR)

bench: build         ## build and run the benchmarks
	@scripts/build.sh release benchmarks
	@scripts/bench.sh

fuzz:                ## run each fuzz target for FUZZ_SECONDS (20) with libFuzzer; needs clang
	@scripts/fuzz.sh $(FUZZ_SECONDS)

install: build       ## install below DESTDIR and PREFIX (/usr/local)
	@DESTDIR="$(DESTDIR)" cmake --install $(BUILD_DIR) --prefix "$(PREFIX)"

coverage:            ## lines and branches of wire/, verify/ and appraise/ that the tests reach
	@scripts/install-deps.sh coverage
	@scripts/coverage.sh

delete-a-check:      ## remove each check in turn; some test must notice every one
	@scripts/delete-a-check --all

check:               ## everything that CI checks beside the tests
	@scripts/check.sh

clean:               ## remove all build folders
	rm -rf build build-*

format:              ## lay out all C files as .clang-format says
	@scripts/check-format.sh --fix
