package hostcall

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // hashes by name, as Envoy's utility has them
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/postern-wasm/postern/host/abi"
)

var foreignFunctions = []function{
	{name: "proxy_call_foreign_function", params: "pnpnpp", call: status(callForeign)},
}

// foreign is a foreign function: arguments to result. The arguments alias the
// guest's memory.
type foreign func(e *Env, args []byte) ([]byte, abi.Status)

// foreigns are the foreign functions of Envoy's that make sense without Envoy.
var foreigns = map[string]foreign{
	"verify_signature":       verifySignature,
	"set_envoy_filter_state": setEnvoyFilterState,
	"clear_route_cache":      func(*Env, []byte) ([]byte, abi.Status) { return nil, abi.StatusOK },
}

func callForeign(e *Env, a []uint64) abi.Status {
	name, ok1 := e.text(a[0], a[1])
	args, ok2 := e.read(a[2], a[3])
	if !ok1 || !ok2 {
		return abi.StatusInvalidMemoryAccess
	}
	f := foreigns[name]
	if f == nil || e.Profile != Envoy {
		return abi.StatusNotFound
	}
	result, s := f(e, args)
	var ptr uint32
	if len(result) > 0 && uint32(a[4]) != 0 {
		p, mem, ok := e.allocate(len(result))
		if !ok {
			return abi.StatusInvalidMemoryAccess
		}
		copy(mem, result)
		ptr = p
	}
	// Either pointer may be null: the guest does not want to know.
	if uint32(a[4]) != 0 && !e.putU32(a[4], ptr) {
		return abi.StatusInvalidMemoryAccess
	}
	if uint32(a[5]) != 0 && !e.putU32(a[5], uint32(len(result))) {
		return abi.StatusInvalidMemoryAccess
	}
	return s
}

// verifySignature verifies RSA PKCS #1 v1.5 or ECDSA in DER. What does not
// verify is status OK and a result that says so; only arguments that are none
// are BAD_ARGUMENT. Which hash goes with which key is the guest's to decide.
func verifySignature(_ *Env, b []byte) ([]byte, abi.Status) {
	args, err := abi.ParseVerifySignature(b)
	if err != nil || (len(args.PublicKey) == 0) == (args.PublicKeyPEM == "") {
		return nil, abi.StatusBadArgument
	}
	fail := func(text string) ([]byte, abi.Status) {
		return abi.AppendVerifySignatureResult(nil, false, text), abi.StatusOK
	}
	hash := hashByName(args.HashFunction)
	if hash == 0 {
		return fail(args.HashFunction + " is not supported.")
	}
	der := args.PublicKey
	if len(der) == 0 {
		block, _ := pem.Decode([]byte(args.PublicKeyPEM))
		if block == nil {
			return fail("Failed to initialize digest verify.")
		}
		der = block.Bytes
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return fail("Failed to initialize digest verify.")
	}
	h := hash.New()
	h.Write(args.Text)
	digest := h.Sum(nil)
	var ok bool
	switch key := key.(type) {
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(key, hash, digest, args.Signature) == nil
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(key, digest, args.Signature)
	default:
		return fail("Failed to initialize digest verify.")
	}
	if !ok {
		return fail("Failed to verify digest. Error code: 0")
	}
	return abi.AppendVerifySignatureResult(nil, true, ""), abi.StatusOK
}

// hashByName returns 0 for a name that is none.
func hashByName(name string) crypto.Hash {
	switch strings.ToLower(name) {
	case "sha1":
		return crypto.SHA1
	case "sha224":
		return crypto.SHA224
	case "sha256":
		return crypto.SHA256
	case "sha384":
		return crypto.SHA384
	case "sha512":
		return crypto.SHA512
	}
	return 0
}

// filterStateFactories are the well-known objects of Envoy that text makes
// (docs: advanced/well_known_filter_state).
var filterStateFactories = map[string]bool{
	"envoy.network.application_protocols":      true,
	"envoy.network.upstream_server_name":       true,
	"envoy.network.upstream_subject_alt_names": true,
	"envoy.ratelimit.hits_addend":              true,
	"envoy.tcp_proxy.cluster":                  true,
	"envoy.upstream.dynamic_host":              true,
	"envoy.upstream.dynamic_port":              true,
}

// setEnvoyFilterState stores an object of Envoy's own; others are NOT_FOUND.
// It acts on the callback's context, whatever the one in effect.
func setEnvoyFilterState(e *Env, b []byte) ([]byte, abi.Status) {
	args, err := abi.ParseFilterState(b)
	if err != nil {
		return nil, abi.StatusBadArgument
	}
	if !filterStateFactories[args.Path] || e.current == nil {
		return nil, abi.StatusNotFound
	}
	return nil, e.current.SetProperty(args.Path, []byte(args.Value))
}
