#!/usr/bin/env bash
# Makes build/tools/tinygo: `run`, the TinyGo to call, and `target.json`, the
# target to give it.
#
# A TinyGo on PATH that is new enough is taken as it is. Otherwise TinyGo is
# built from its Go module against Debian's LLVM. Three things are then ours:
#   - the module lacks its git submodules, so TINYGOROOT is a writable copy of it
#     with an empty src/net (the module uses no network package);
#   - wasm/libc.c stands for wasi-libc (see there);
#   - libpure.a: the members of wasi-libc's archive that are arithmetic or move
#     memory and refer to nothing else; allocation cannot come with them.
#
# The target's build tag custommalloc is not optional: without it TinyGo exports
# malloc, which proxies prefer over proxy_on_memory_allocate and never free.

. "$(dirname "$0")/lib.sh"

HERE=$REPO/tools/bootstrap
MODFILE=$REPO/tools/tinygo.mod
VERSION=$(sed -n 's|.*github.com/tinygo-org/tinygo v\([0-9.]*\).*|\1|p' "$MODFILE")
PURE=(log.o log_data.o exp.o exp2.o exp_data.o
	__math_divzero.o __math_invalid.o __math_oflow.o __math_uflow.o __math_xflow.o
	memcpy.o memmove.o memset.o memcmp.o)
INSTEAD="Put TinyGo $TINYGO_MIN or later on PATH instead (https://tinygo.org/getting-started/install)."

# on_path prints the TinyGo that is installed and serves, or nothing.
on_path() {
	local found version
	found=$(command -v tinygo) || return 0
	version=$("$found" version 2>/dev/null | sed -n 's/^tinygo version \([0-9.]*\).*/\1/p')
	if at_least "${version:-0}" "$TINYGO_MIN"; then
		printf '%s %s' "$found" "$version"
	else
		say "$found is ${version:-unreadable}, older than $TINYGO_MIN; building $VERSION"
	fi
}

# wrap COMMAND-LINE...: the program `run`.
wrap() {
	printf '#!/bin/sh\n%s\n' "$*" >"$TMP/run"
	chmod 755 "$TMP/run"
}

# adopt PATH: an installed TinyGo brings its own wasi-libc, built without an
# allocator; only the target's settings are ours.
adopt() {
	cat >"$TMP/target.json" <<-JSON
		{
			"inherits": ["wasip1"],
			"build-tags": ["custommalloc"],
			"buildmode": "c-shared",
			"scheduler": "none",
			"gc": "custom",
			"ldflags": ["--no-entry"]
		}
	JSON
	wrap "exec '$1' \"\$@\""
}

build() {
	need_go
	packages "$INSTEAD" "llvm-$LLVM_VERSION-dev" "libclang-$LLVM_VERSION-dev" "clang-$LLVM_VERSION" \
		"lld-$LLVM_VERSION" "libclang-rt-$LLVM_VERSION-dev-wasm32" wasi-libc binaryen g++
	local builtins libc=/usr/lib/wasm32-wasi/libc.a source
	builtins=$(find "/usr/lib/llvm-$LLVM_VERSION/lib/clang" -name libclang_rt.builtins-wasm32.a | head -n 1)
	[ -n "$builtins" ] || die "libclang-rt-$LLVM_VERSION-dev-wasm32 holds no libclang_rt.builtins-wasm32.a on $(system). $INSTEAD"
	[ -r "$libc" ] || die "wasi-libc holds no $libc on $(system). $INSTEAD"

	cd "$REPO"
	quietly "building TinyGo $VERSION, about a minute" \
		env CGO_ENABLED=1 GOFLAGS= GOWORK=off go build -buildvcs=false -modfile="$MODFILE" -mod=readonly -trimpath \
		-tags "llvm$LLVM_VERSION" -o "$TMP/tinygo" github.com/tinygo-org/tinygo
	source=$(GOFLAGS= GOWORK=off go list -modfile="$MODFILE" -mod=readonly -m -f '{{.Dir}}' github.com/tinygo-org/tinygo)
	cp -R "$source" "$TMP/root"
	chmod -R u+w "$TMP/root"
	mkdir -p "$TMP/root/src/net"
	mkdir "$TMP/root/lib/postern"
	cp "$HERE/wasm/libc.c" "$TMP/root/lib/postern/libc.c"
	mkdir "$TMP/pure"
	(cd "$TMP/pure" && "llvm-ar-$LLVM_VERSION" x "$libc" "${PURE[@]}" && "llvm-ar-$LLVM_VERSION" rcD ../libpure.a "${PURE[@]}")
	rm -r "$TMP/pure"
	sed -e "s|@DIR@|$TOOLS/tinygo|; s|@BUILTINS@|$builtins|" "$HERE/wasm/target.json" >"$TMP/target.json"
	wrap "TINYGOROOT='$TOOLS/tinygo/root' exec '$TOOLS/tinygo/tinygo' \"\$@\""
}

installed=$(on_path)
# The folder's own place is part of the stamp: a moved checkout is made anew.
stamp="$TOOLS $installed $(stamp_of "$HERE"/{lib.sh,tinygo.sh,wasm/libc.c,wasm/target.json} "$MODFILE" "${MODFILE%.mod}.sum" "$REPO/tools/versions.env")"
whole tinygo "$stamp" && exit 0
lock "$TOOLS/.lock"
whole tinygo "$stamp" && exit 0
begin tinygo
if [ -n "$installed" ]; then
	adopt "${installed% *}"
else
	build
fi
finish tinygo "$stamp"
say "ready: $("$TOOLS/tinygo/run" version)"
