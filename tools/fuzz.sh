#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (10s unless told): a package's instrumented
# binary is compiled once, then each of its targets runs on its own.
#
#   tools/fuzz.sh [FOLDER...]     packages below the folders, else all of them
#
# With FUZZ_ONCE=1 a package is passed over whose binary is the one that was
# fuzzed last without a crash, as go test does with results: `make test` says so.
# A crash leaves its input in the package's testdata/fuzz, to be committed with
# the fix; what the fuzzer learnt besides stays in build/fuzz.

. "$(dirname "$0")/bootstrap/lib.sh"

# fuzz PACKAGE BINARY TARGET: one run; what it printed stands in $OUT/log.
fuzz() {
	(cd "$1" && "$2" -test.run='^$' -test.fuzz="^$3\$" -test.fuzztime="$FUZZTIME" \
		-test.fuzzcachedir="$OUT/cache/$1" >"$OUT/log" 2>&1 </dev/null) || return 1
	printf 'fuzz  %-60s %s\n' "$1 $3" "$(grep -o 'execs: [0-9]*' "$OUT/log" | tail -n 1)"
	total=$((total + 1))
}

# ended_late TARGET: whether the run failed of nothing but its own end. When the
# time is up, Go's fuzzer takes its deadline for an error if it sees it before its
# workers do (a race in internal/fuzz, CoordinateFuzzing). Then the target's whole
# message is the deadline's name; a crash always says more and leaves its input.
ended_late() {
	[ "$(grep -v '^fuzz: elapsed: ' "$OUT/log" | sed 's/ (.*//; s/^ *//')" = \
		"--- FAIL: $1"$'\n'"context deadline exceeded"$'\n'"FAIL" ]
}

FUZZTIME=${FUZZTIME:-10s}
OUT=$REPO/build/fuzz
need_go
cd "$REPO"
mkdir -p "$OUT"
# Packages with a target, by the source: listing the targets of all would mean
# compiling all.
packages=$(git ls-files -co --exclude-standard -- "${@:-:!build}" | grep '_test\.go$' | while read -r file; do
	! grep -qE '^func Fuzz[A-Z0-9_]?' "$file" 2>/dev/null || dirname "$file"
done | LC_ALL=C sort -u)
total=0
unchanged=0
for package in $packages; do
	binary=$OUT/$(echo "$package" | tr / -).test
	go test -c -fuzz=. -o "$binary" "./$package"
	done=$FUZZTIME$(cksum <"$binary")
	if [ "${FUZZ_ONCE:-}" = 1 ] && [ "$(cat "$binary.done" 2>/dev/null)" = "$done" ]; then
		unchanged=$((unchanged + 1))
		continue
	fi
	targets=$(cd "$package" && "$binary" -test.list '^Fuzz')
	for target in $targets; do
		for try in 1 2 3; do
			if fuzz "$package" "$binary" "$target"; then continue 2; fi
			ended_late "$target" || break
			echo "fuzz  $package $target: the fuzzer lost the race with its own deadline (try $try), once more" >&2
		done
		# The fuzzer's own closing lines say what it found.
		cat "$OUT/log" >&2
		die "$package $target failed; run again: cd $package && go test -run=$target"
	done
	echo "$done" >"$binary.done"
done
printf 'fuzz: %d targets, %s each, no crash; %d packages unchanged since they were fuzzed\n' "$total" "$FUZZTIME" "$unchanged"
