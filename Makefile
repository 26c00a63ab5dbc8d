# What a person types. `make demo` and `make test` install what is missing first.
.PHONY: help deps build demo run test simulate chaos test-asan test-tsan fuzz bench lint format image-test clean
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)

help:
	@echo "make demo       a simulated round, start to finish (ONCE=1 USERS=1000 SEED=1 FAULTS=none|storm PROXY=1)"
	@echo "make run        streaky serve on ./data"
	@echo "make build      build/streaky and build/streaky-sim"
	@echo "make test       every test"
	@echo "make simulate   a simulated life in bad weather (RUNS=1 SEED=1 DAYS=60 USERS=60 SEVERITY=1 START= MUTANT=)"
	@echo "make chaos      a fleet on PostgreSQL while its processes are killed (ROUNDS=1 USERS=20000 KILLS=100 SEED=)"
	@echo "make test-asan  the tests under AddressSanitizer and UBSan"
	@echo "make test-tsan  the tests under ThreadSanitizer"
	@echo "make fuzz       each fuzz target for a minute (SECONDS_EACH=60)"
	@echo "make bench      measures, beside the goals (ROWS=10000,idle for some; bench/run.py --list)"
	@echo "make lint       clang-format, clang-tidy, house rules"
	@echo "make image-test builds packaging/Containerfile in fresh roots, as root, and runs it (IMAGE=/tmp/streaky-image)"
	@echo "make format     put the sources into their form"

deps:
	@scripts/install-deps build

build: deps
	@test -f build/build.ninja || cmake --preset release >/dev/null
	@ninja -C build -j $(JOBS) streaky streaky-sim

demo: build
	@scripts/demo

run: build
	@build/streaky serve

test: deps
	@scripts/install-deps browser
	@scripts/browser-deps
	@test -f build/build.ninja || cmake --preset release >/dev/null
	@ninja -C build -j $(JOBS)
	@ctest --test-dir build --output-on-failure -j $(JOBS)

simulate: deps
	@test -f build/build.ninja || cmake --preset release >/dev/null
	@ninja -C build -j $(JOBS) simulate
	@JOBS=$(JOBS) RUNS="$(RUNS)" SEED="$(SEED)" DAYS="$(DAYS)" USERS="$(USERS)" \
	  SEVERITY="$(SEVERITY)" START="$(START)" MUTANT="$(MUTANT)" scripts/simulate

chaos: build
	@ROUNDS="$(ROUNDS)" USERS="$(USERS)" KILLS="$(KILLS)" SEED="$(SEED)" scripts/chaos build

test-asan: deps
	@cmake --preset asan >/dev/null
	@ninja -C build-asan -j $(JOBS)
	@ctest --test-dir build-asan --output-on-failure -j $(JOBS)

test-tsan: deps
	@cmake --preset tsan >/dev/null
	@ninja -C build-tsan -j $(JOBS)
	@ctest --test-dir build-tsan --output-on-failure -j $(JOBS)

fuzz: deps
	@cmake --preset fuzz >/dev/null
	@scripts/fuzz build-fuzz

bench:
	@scripts/install-deps build bench
	@cmake --preset release >/dev/null
	@ninja -C build -j $(JOBS) streaky streaky-sim bench_micro bench_postgres shifted_clock
	@python3 bench/run.py $(ROWS)

lint:
	@scripts/install-deps build lint
	@test -f build/build.ninja || cmake --preset release >/dev/null
	@scripts/lint build

format:
	@scripts/install-deps build lint
	@git ls-files '*.h' '*.cpp' | xargs clang-format-19 -i

IMAGE ?= /tmp/streaky-image
image-test:
	@scripts/image-test "$(IMAGE)"

clean:
	@rm -rf build build-asan build-tsan build-fuzz
