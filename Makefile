# make run    builds everything and starts narthex, which scrapes and shows itself
# make demo   shows a shop whose error budget burns: a page, a gate that closes, a report, in four minutes
# make test   runs the tests
# make peers  builds Prometheus, Alertmanager and VictoriaMetrics to compare with
# make fuzz   runs every fuzz target for FUZZ_SECONDS
#
# Everything else is cargo and npm; .ci/run is what CI runs.

ADDRESS ?= 0.0.0.0:9090
FUZZ_SECONDS ?= 30
RUST := 1.95
NODE := 20.19

.PHONY: run demo test ui peers fuzz clean tools

run: tools web/ui/dist/index.html
	cargo build --release
	target/release/narthex --web.listen-address=$(ADDRESS)

demo: tools web/ui/dist/index.html
	cargo build --release
	node demo/run.mjs target/release/narthex

test: tools web/ui/dist/index.html
	cargo test --workspace --no-fail-fast
	cd web/ui && npm test

ui: tools web/ui/dist/index.html

web/ui/dist/index.html: web/ui/node_modules/.package-lock.json $(shell find web/ui/src web/ui/public web/ui/*.* -type f 2>/dev/null)
	cd web/ui && npm run build

web/ui/node_modules/.package-lock.json: web/ui/package-lock.json
	cd web/ui && npm ci --no-audit --no-fund

peers:
	tests/peers/build

fuzz:
	fuzz/run $(FUZZ_SECONDS)

clean:
	cargo clean
	rm -rf web/ui/dist web/ui/node_modules

# What is missing or too old is named at once, with what to do.
tools:
	@tests/tools $(RUST) $(NODE)
