# The front door. Every target works on a fresh machine that has Node.js, npm and make.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
INSTALLED := node_modules/.installed

.PHONY: help install build demo test check format servers fixtures bench fuzz nightly docs clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(INSTALLED) ## the packages, and with them the pinned Node.js

# The install script of the package `node` fetches the pinned Node.js; no other package needs its script.
$(INSTALLED): package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	npm rebuild node --loglevel=error
	@touch $@

build: $(INSTALLED) ## dist/, as it is published
	@npm run --silent build

demo: build ## what a DBA would see, on real binlogs, without a database server
	@node scripts/demo.ts

test: build servers ## everything, real servers included
	@vitest run

check: build ## types, lint, format, unused code, import direction
	@tsc -p tsconfig.json
	@oxlint --type-aware --deny-warnings
	@prettier --check --log-level warn .
	@knip --no-progress

format: $(INSTALLED) ## put the sources into the house format
	@prettier --write --log-level warn .

servers: $(INSTALLED) ## real MySQL and MariaDB servers for the tests, fetched once into a cache
	@node scripts/servers.ts

fixtures: servers ## make the fixture binlogs again, with real servers
	@node scripts/fixtures.ts

bench: build servers ## speed and memory, as ratios to mysqlbinlog on a log of 1 GB
	@node bench/run.ts

COUNT ?= 100000
SEED ?= 1

# One arena of the C library: with one for each thread, what a million small indexes give back is kept, and counts as memory.
fuzz: $(INSTALLED) ## broken and made-up logs by the thousand: make fuzz COUNT=1000000 SEED=7
	@MALLOC_ARENA_MAX=1 node fuzz/run.ts --count $(COUNT) --seed $(SEED)

nightly: $(INSTALLED) ## what takes an hour: 100,000 made-up histories of clocks, and a million broken logs
	@HISTORIES=100000 vitest run test/app/atProperties.test.ts
	@$(MAKE) --no-print-directory fuzz COUNT=1000000

docs: build ## write the generated parts of the README again
	@node scripts/docs.ts

clean: ## remove what was built and installed
	rm -rf node_modules dist coverage
