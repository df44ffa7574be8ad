GO ?= go
PKG := ./...
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help build demo test race lint fuzz bench soak golden all

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/streambench, one static binary.
	$(GO) build -trimpath -o bin/streambench ./cmd/streambench

demo: build ## Kill one of three workers at 1.5M events/s and show the recovery (half a minute, no root, no Docker).
	bin/streambench demo

# Each of these fills the machine by itself: one after the other, and nothing beside them.
JVM := ./adapters/java ./adapters/flink ./adapters/kafkastreams ./adapters/spark
test: ## Run every test: with nothing but Go; Chromium, Maven, Docker and the broker of STREAMBENCH_KAFKA are used where they are.
	$(GO) test -timeout 20m $(filter-out $(shell $(GO) list $(JVM)),$(shell $(GO) list $(PKG)))
	$(GO) test -timeout 20m -p 1 $(JVM)

# What has no goroutines of its own, or only starts processes: the race detector would only be slow there.
PURE := . ./reports ./reports/summary ./matrix ./matrix/stats ./adapters/native
RACED ?= $(PKG)
race: ## Run the tests of what is concurrent under the race detector, fewer golden vectors (needs a C compiler).
	CGO_ENABLED=1 $(GO) test -race -short -timeout 30m $(filter-out $(shell $(GO) list $(PURE) $(JVM)),$(shell $(GO) list $(RACED)))

lint: ## Check formatting, vet for Linux and macOS, and that go.mod is tidy.
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt -w these:"; echo "$$files"; exit 1; fi
	$(GO) vet $(PKG)
	GOOS=darwin $(GO) vet $(PKG)
	$(GO) mod tidy -diff

FUZZTIME ?= 5s
fuzz: ## Run every fuzz target for FUZZTIME (5s).
	@set -e; for pkg in $$($(GO) list $(PKG)); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

bench: ## Print the throughput of generators, codecs, oracle, engine and the way through kafka (STREAMBENCH_KAFKA too).
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./workloads ./adapters/native/... ./adapters/kafka ./adapters/log

FAULTS ?= 200
SEED ?= 1
soak: ## Break exactly-once runs by FAULTS (200) drawn faults from SEED (1) on: nothing may be lost, doubled or left behind, also of a killed tool.
	STREAMBENCH_SOAK=$(FAULTS) STREAMBENCH_SOAK_SEED=$(SEED) $(GO) test ./adapters/native -run '^TestFaultsLoseNothing$$' -count 1 -v -timeout 120m
	STREAMBENCH_SOAK=1 $(GO) test ./cmd/streambench -run '^TestNothingIsLeft' -count 1 -v -timeout 30m

golden: ## Rewrite golden files, script outputs and docs/ from the code; read the diff afterwards.
	@set -e; for dir in $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u); do \
		echo "$$dir"; $(GO) test $$dir -update; \
	done

all: lint build test race ## What has to pass before a change lands.
