# Postern. `make` alone lists the targets.
#
# Everything is made from nothing: the tools that are missing are installed or
# built under build/tools (tools/bootstrap), at the versions that
# tools/versions.env, tools/tinygo.mod and tools/lint.mod name. Whether something
# has to be made again is decided by content, not by time: see tools/plugin.sh.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ROOT := $(CURDIR)
# Every package of the tree; what stands under build/ is none of it.
PACKAGES := $(patsubst %,./%/...,$(wildcard bench host plugin tools))
TESTSUM := go run ./tools/testsum
# How long each fuzz target runs: `make fuzz FUZZTIME=1m`.
FUZZTIME ?=
# A package may take as long as a slow machine needs: the longest takes five minutes on two
# CPUs, and the tests' own bounds are those that find what hangs.
GOTEST := go test -json -timeout 25m
# Where tests find what they need. Nothing is skipped for want of it.
TESTENV := POSTERN_MODULE=$(ROOT)/build/postern.wasm POSTERN_ENVOY=$(ROOT)/build/tools/envoy/envoy POSTERN_REQUIRE_ENVOY=1
# The packages that have goroutines of their own. What only drives the module through them,
# one request after the other, takes minutes under the race detector and shows nothing.
RACE_PACKAGES := ./host ./host/abi/... ./host/cmd/... ./host/envoy/... ./host/internal/... ./host/replay/... ./host/serve/... ./host/upstream/...
# The packages in which real Envoys run.
ENVOY_PACKAGES := ./host/envoy/... ./host/parity ./host/parity/kernels

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

.PHONY: demo
demo: build ## build what is missing, send real requests through the module and show every decision
	@go run ./tools/demo

.PHONY: build
build: plugin ## build/postern, the command, and the module beside it
	@go build -buildvcs=false -trimpath -o build/postern ./host/cmd/postern

.PHONY: plugin
plugin: tinygo ## build/postern.wasm, the module (nothing to do if nothing changed)
	@tools/plugin.sh

.PHONY: test
test: tinygo envoy linters cc build ## everything that must hold: all tests, in wazero and a real Envoy, fuzzers, linters, module rules
	@$(MAKE) --no-print-directory vet wasmcheck lint
	@rm -f build/tests.txt
	@echo "== tests, in wazero and in Envoy"
	@set -o pipefail; $(TESTENV) $(GOTEST) $(PACKAGES) | $(TESTSUM) -no-skips | tee build/tests.txt
	@echo "== the same module, poisoning what it frees"
	@POSTERN_TAGS=poison POSTERN_OUT=$(ROOT)/build/poison tools/plugin.sh
	@set -o pipefail; $(TESTENV) POSTERN_MODULE=$(ROOT)/build/poison/postern.wasm \
		$(GOTEST) -run 'TestScenarios|TestMemoryIsFlat|TestCrowd|TestW|TestHostCalls|TestH22|TestM14' ./host/attacks ./host/parity | $(TESTSUM) -no-skips
	@echo "== a storm of 100,000 streams, on the module and on the one that poisons"
	@set -o pipefail; $(TESTENV) POSTERN_POISONED=$(ROOT)/build/poison/postern.wasm \
		$(GOTEST) -run Poisoned ./host/parity/storm | $(TESTSUM) -no-skips
	@echo "== race detector over the host"
	@set -o pipefail; $(TESTENV) CGO_ENABLED=1 $(GOTEST) -race $(RACE_PACKAGES) | $(TESTSUM)
	@echo "== fuzz targets"
	@FUZZ_ONCE=1 FUZZTIME=$(or $(FUZZTIME),2s) tools/fuzz.sh
	@echo "== all of it holds; the tests:"
	@cat build/tests.txt

.PHONY: e2e
e2e: envoy build ## only the tests that run a real Envoy
	@set -o pipefail; $(TESTENV) $(GOTEST) $(ENVOY_PACKAGES) | $(TESTSUM) -no-skips

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s)
	@FUZZTIME=$(or $(FUZZTIME),10s) tools/fuzz.sh

.PHONY: bench
bench: build envoy ## in one run beside jwt_authn in a real Envoy and beside native Go; a quarter of an hour; QUICK=1: two minutes
	@$(TESTENV) go run ./bench

.PHONY: lint
lint: linters ## formatting and linters
	@build/tools/lint/golangci-lint run $(PACKAGES)

.PHONY: fmt
fmt: linters ## rewrite the Go files as the linters want them
	@build/tools/lint/golangci-lint fmt $(PACKAGES:/...=)

.PHONY: generate
generate: ## run the generators named in the sources
	@go generate $(PACKAGES)

.PHONY: golden
golden: build ## rewrite the golden files; say in the commit why they changed
	@go run ./tools/wasmcheck -update build/postern.wasm
	@for package in $$(git grep -l 'flag.Bool("update"' -- '*_test.go' | xargs -r -n 1 dirname | sort -u); do \
		$(TESTENV) go test -count=1 "./$$package" -update || exit 1; done
	@git status --short -- testdata ':(glob)**/testdata/**'

.PHONY: check
check: envoy cc build ## before a commit: formatting, linters, vet, race tests, module rules, clean git status
	@$(MAKE) --no-print-directory lint vet
	@set -o pipefail; $(TESTENV) CGO_ENABLED=1 $(GOTEST) -race $(PACKAGES) | $(TESTSUM)
	@$(MAKE) --no-print-directory wasmcheck
	@test -z "$$(git status --porcelain)" || { echo "check: not committed:" >&2; git status --short >&2; exit 1; }

.PHONY: clean
clean: ## remove what was built, but not the tools (for those: rm -r build)
	@find build -mindepth 1 -maxdepth 1 ! -name tools -exec rm -rf {} + 2>/dev/null || true

# Parts of the above.
.PHONY: tools tinygo envoy linters cc vet wasmcheck
tools: tinygo envoy linters
tinygo:
	@tools/bootstrap/tinygo.sh
envoy:
	@tools/bootstrap/envoy.sh
linters:
	@tools/bootstrap/lint.sh
cc:
	@tools/bootstrap/cc.sh
vet:
	@go vet $(PACKAGES)
	@GOOS=wasip1 GOARCH=wasm go vet ./plugin/... ./bench/guest/... ./host/parity/kernels/guest/...
wasmcheck:
	@go run ./tools/wasmcheck build/postern.wasm
