# The commands of the house. Each does its own set-up on a fresh Debian machine with Rust.

CARGO ?= cargo
# The black-box tests wait more than they compute.
export RUST_TEST_THREADS ?= 4

# As `cargo test --workspace` builds it, so that nothing is built twice.
BUILD = $(CARGO) build --locked --workspace --all-targets
BLACKBOX = tests/services $(CARGO) test --locked --workspace --test blackbox --

# What `make release` makes, from these; anew when one of them changes.
SHIPPED = target/shipped/researchflow
SOURCES = $(shell find backend crates migrations -type f) Cargo.toml Cargo.lock .cargo/config.toml scripts/release

.DEFAULT_GOAL := help
.PHONY: help run test blackbox crash chaos tamper schemathesis flood chaos-edge slow-clients soak bench-ingest bench-worker bench-edge bench-overload bench-cache profile-edge release stack stack-down test-stack check clean

help: ## Prints this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Builds and starts the service on http://127.0.0.1:8080
	scripts/prerequisites run
	$(CARGO) run --locked --release -p researchflow -- serve

test: ## Every test, on SQLite and PostgreSQL, both made for it and thrown away
	scripts/prerequisites test
	$(BUILD)
	tests/services $(CARGO) test --locked --workspace

blackbox: ## The black-box tests; ONLY=name runs those whose name has it
	scripts/prerequisites test
	$(BUILD)
	$(BLACKBOX) $(ONLY)

crash: ## Kills the service at 50 random moments under load (ROUNDS=n), on each database
	scripts/prerequisites test
	$(BUILD)
	ROUNDS=$${ROUNDS:-50} $(BLACKBOX) resilience::crash --nocapture

chaos: ## Breaks whatever can break under load, at random, on each database (MINUTES=n or ROUNDS=n, SEED=n, FAULTS=redis,worker-killed)
	scripts/prerequisites test
	$(BUILD)
	$(BLACKBOX) resilience::chaos::anything --ignored --nocapture --test-threads 1

tamper: ## Tampers with 1,000 copies of a ledger (TAMPER_TRIES=n), on each database
	scripts/prerequisites test
	$(BUILD)
	TAMPER_TRIES=$${TAMPER_TRIES:-1000} $(BLACKBOX) security::tamper --nocapture

schemathesis: ## Requests made from the OpenAPI document, 100 for each operation (EXAMPLES=n)
	scripts/prerequisites test
	$(BUILD)
	EXAMPLES=$${EXAMPLES:-100} $(BLACKBOX) e2e::schemathesis --nocapture

flood: ## Four processes on one Redis at 5 times a quota, for a minute (SECONDS=n)
	scripts/prerequisites test
	$(BUILD)
	SECONDS=$${SECONDS:-60} $(BLACKBOX) edge::fleet --nocapture

chaos-edge: ## Measures what clients notice while Redis is killed, stopped and emptied
	scripts/prerequisites test
	$(CARGO) build --locked --release -p researchflow
	$(CARGO) run --locked --release -p tests --bin bench-faults

slow-clients: ## Measures what 1,000 slow clients do to others, by slowhttptest
	scripts/prerequisites bench
	$(CARGO) build --locked --release -p researchflow
	$(CARGO) run --locked --release -p tests --bin bench-slow-clients

soak: ## An hour of mixed load (MINUTES=n): whether memory and descriptors stay as they are
	scripts/prerequisites test
	$(CARGO) build --locked --release -p researchflow
	tests/services $(CARGO) run --locked --release -p tests --bin soak

bench-ingest: ## Measures ingestion, on each database
	scripts/prerequisites test
	$(CARGO) build --locked --release -p researchflow
	tests/services $(CARGO) run --locked --release -p tests --bin bench-ingest

bench-worker: ## Measures the insights worker and the relay, on each database (EVENTS=n)
	scripts/prerequisites test
	$(CARGO) build --locked --release -p researchflow
	tests/services $(CARGO) run --locked --release -p tests --bin bench-worker

bench-edge: $(if $(QUICK),,$(SHIPPED)) ## Measures the edge as it is shipped beside bare Actix, Express and Fastify (QUICK=1: as cargo builds it)
	scripts/prerequisites bench
	$(if $(QUICK),$(CARGO) build --locked --release -p researchflow)
	mkdir -p target/peers && cp -r tests/peers/edge target/peers/ && cd target/peers/edge && npm ci --ignore-scripts --no-audit --no-fund
	$(if $(QUICK),,RESEARCHFLOW_BINARY=$(SHIPPED)) tests/services $(CARGO) run --locked --release -p tests --bin bench-edge

bench-cache: ## Measures cached reads, on each database
	scripts/prerequisites test
	$(CARGO) build --locked --release -p researchflow
	tests/services $(CARGO) run --locked --release -p tests --bin bench-cache

profile-edge: ## What each layer of the edge costs, in instructions
	scripts/prerequisites bench
	$(CARGO) build --locked --profile profiling -p researchflow
	python3 tests/load/edge_shares.py target/profiling/researchflow

bench-overload: ## Measures goodput, refusals and probes at up to 10 times the peak, on each database
	scripts/prerequisites bench
	$(CARGO) build --locked --release -p researchflow
	ulimit -n $$(ulimit -Hn) && tests/services $(CARGO) run --locked --release -p tests --bin bench-overload

release: $(SHIPPED) ## The binary as it is shipped, in target/shipped: compiled again by what the first build ran under load

$(SHIPPED): $(SOURCES)
	scripts/prerequisites release
	scripts/release

stack: ## The production topology on this machine, without containers; ctrl-C stops it (DETACH=1 leaves it)
	scripts/prerequisites stack
	$(CARGO) build --locked --release -p researchflow
	deploy/stack up $(if $(DETACH),--detach) $(if $(STAGING),--environment staging)

stack-down: ## Stops it; DESTROY=1 deletes its data and secrets, too
	deploy/stack down $(if $(DESTROY),--destroy)

test-stack: ## Releases under load, bad releases, restore, monitoring, manifests (LOAD_REQUESTS=100000 for a long one)
	scripts/prerequisites test-stack
	$(CARGO) build --locked --release -p researchflow
	python3 -m venv target/production-venv
	target/production-venv/bin/pip install --quiet --disable-pip-version-check -r tests/production/requirements.txt
	target/production-venv/bin/python -m unittest -v tests.production.test_manifests tests.production.test_monitoring tests.production.test_stack

check: ## Formatting, lints, documentation, licences; warnings are errors
	scripts/prerequisites run
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check; else echo "cargo-deny is not installed: licences not checked"; fi

clean: ## Deletes what was built and what the tests installed
	$(CARGO) clean
