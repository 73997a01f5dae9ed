# make demo   sets up what is missing, then makes a sample clip with two depicted people and judges it
# make test   sets up what is missing, then runs every check
# make mutate changes signed files in 100,000 seeded ways (N, SEED) and wants none of them accepted
# make differential asks three other implementations about 6,000 seeded mutations (N, SEED) and the shared corpus
# make fuzz   runs every fuzz target for TIME (30s) with WORKERS at once (1), some 40 minutes
# make night  does all three with new seeds (SEED) for HOURS (8) and says what it found
# make accuracy measures how often marks are found, and that none is found where there is none (half an hour)
# make build  the binary, at ./consentry
# FFMPEG=system links the distribution's FFmpeg 7; CGO_ENABLED=0 leaves the decoder out.
SHELL := /bin/bash
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: help build demo test bench mutate trust clean mutants accuracy fuzz night differential

build:
	@scripts/setup.sh build
	@scripts/build.sh

demo: build
	@./consentry demo build/demo

test:
	@scripts/setup.sh test
	@scripts/test.sh

accuracy:
	@scripts/setup.sh test
	@scripts/accuracy.sh

bench: build
	@scripts/bench.sh

SEED ?= 1
mutate: N ?= 100000
mutate:
	CGO_ENABLED=0 nice -n 19 go test ./internal/mutate -run '^TestMutations$$' -count=1 -timeout 0 -v -mutations $(N) -seed $(SEED)

differential: N ?= 6000
differential:
	@scripts/setup.sh test
	CGO_ENABLED=0 nice -n 19 go test ./internal/interop ./cmd/consentry -run 'AllAgree|Measured|Elsewhere' -count=1 -timeout 0 -v
	CGO_ENABLED=0 nice -n 19 go test ./internal/mutate -run 'Elsewhere' -count=1 -timeout 0 -v -asked $(N) -seed $(SEED)

TIME ?= 30s
WORKERS ?= 1
fuzz:
	@scripts/setup.sh build
	@nice -n 19 scripts/fuzz.sh $(TIME) -parallel $(WORKERS)

HOURS ?= 8
night:
	@scripts/setup.sh test
	@nice -n 19 scripts/night.sh $(HOURS) $(if $(filter-out file,$(origin SEED)),$(SEED))

# What can be made, from the lines at the top of this file.
help:
	@sed -n 's/^# \(make .*\)/  \1/p; /^SHELL/q' Makefile

# Which checks of package consent could be taken out without a test noticing. It takes some twenty minutes on an idle core.
mutants:
	nice -n 19 go run ./internal/mutants -also . -threats internal/mutants/threats.txt consent
	nice -n 19 go run ./internal/mutants -time 90m -skip CostsLittle -equivalent internal/mutants/consent.txt -also . -run 'TestJudge|TestReaches|TestBundle|TestThreats|TestConsentInFiles|TestMany|TestNarrowed|TestReported' consent

# Rebuilds the embedded trust lists from their sources beside the project.
trust:
	go run ./internal/trustgen ../shared/trust

clean:
	rm -rf build consentry
