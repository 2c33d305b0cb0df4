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
		# The fuzzer's own closing lines are kept for a failure.
		if ! (cd "$package" && "$binary" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="$FUZZTIME" \
			-test.fuzzcachedir="$OUT/cache/$package" >"$OUT/log" 2>&1 </dev/null); then
			cat "$OUT/log" >&2
			die "$package $target failed; run again: cd $package && go test -run=$target"
		fi
		printf 'fuzz  %-60s %s\n' "$package $target" "$(grep -o 'execs: [0-9]*' "$OUT/log" | tail -n 1)"
		total=$((total + 1))
	done
	echo "$done" >"$binary.done"
done
printf 'fuzz: %d targets, %s each, no crash; %d packages unchanged since they were fuzzed\n' "$total" "$FUZZTIME" "$unchanged"
