#!/usr/bin/env bash
# Makes build/postern.wasm, the module, and build/postern-names.wasm, the same
# link with its function names.
#
# How it is linked: TinyGo compiles every package to LLVM bitcode, optimises the
# whole program at once, links with wasm-ld (stack first, so that an overflow
# traps instead of overwriting data; no entry, since a proxy calls _initialize)
# and passes it through wasm-opt. wasmstrip then drops the names, wasmcheck
# refuses a link that breaks the rules that hold for ever, and only then does it
# take the old module's place. The target says the rest: see
# tools/bootstrap/tinygo.sh and wasm/target.json.
#
# The flags, by measurement:
#   -opt=s     against -opt=1 and -opt=2, in turns in one run: in Envoy no difference
#              beyond the noise (accepted RS256, ES256, EdDSA, HS256, refusals); on
#              wazero a cold request took 105, 102, 101 us (RS256), 53, 52, 50
#              (ES256), 49, 45, 44 (EdDSA), 20, 17, 17 (HS256); 529, 654, 658 KB.
#   -no-debug  DWARF is 4 MB and carries paths of the machine; names stay.
#   gc=custom  (target.json) plugin/memory allocates: regions, no collector.
# POSTERN_TAGS adds build tags ("poison": see plugin/memory), POSTERN_OUT another folder.
#
# Nothing changed (sources, go.mod, tools, the module itself): nothing is done.

. "$(dirname "$0")/bootstrap/lib.sh"

OUT=${POSTERN_OUT:-$REPO/build}
TINYGO=$TOOLS/tinygo
FLAGS=(-opt=s -no-debug ${POSTERN_TAGS:+-tags "$POSTERN_TAGS"})

# inputs is the text that changes whenever the module has to be built anew.
inputs() {
	cd "$REPO"
	{
		echo "${FLAGS[@]}"
		cat "$TINYGO/.stamp"
		go env GOVERSION
		cksum go.mod go.sum tools/plugin.sh tools/wasmstrip/*.go tools/internal/wasm/*.go
		find plugin host/abi -name '*.go' ! -name '*_test.go' -exec cksum {} + | LC_ALL=C sort
	} | cksum
	[ ! -f "$OUT/postern.wasm" ] || cksum <"$OUT/postern.wasm"
}

need_go
mkdir -p "$OUT"
STAMP=$OUT/.postern.stamp
[ "$(inputs)" != "$(cat "$STAMP" 2>/dev/null)" ] || exit 0
lock "$OUT/.plugin.lock"
[ "$(inputs)" != "$(cat "$STAMP" 2>/dev/null)" ] || exit 0

rm -rf "$OUT"/.plugin.new.*
TMP=$(mktemp -d "$OUT/.plugin.new.XXXXXX")
cd "$REPO"
start=$SECONDS
say "compiling the module, about a minute"
# Only go's proxy settings matter to TinyGo's package loading: flags meant for
# go itself do not.
if ! GOFLAGS='' "$TINYGO/run" build -target="$TINYGO/target.json" "${FLAGS[@]}" -o "$TMP/postern-names.wasm" ./plugin >"$TMP/log" 2>&1; then
	cat "$TMP/log" >&2
	die "failed: the module does not compile"
fi
go run ./tools/wasmstrip "$TMP/postern-names.wasm" "$TMP/postern.wasm"
(cd "$TMP" && go run -C "$REPO" ./tools/wasmcheck -golden= "$TMP/postern.wasm") >/dev/null
mv "$TMP/postern-names.wasm" "$TMP/postern.wasm" "$OUT"
inputs >"$STAMP"
say "ready: ${OUT#"$REPO"/}/postern.wasm, $(wc -c <"$OUT/postern.wasm" | tr -d ' ') bytes, in $((SECONDS - start)) s"
