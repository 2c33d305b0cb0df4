package attacks

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// The ABI's numbers that the tests speak of.
const (
	actionContinue = 0
	actionPause    = 1
	statusOK       = 0
	badArgument    = 2
	rootContext    = 1
	clock          = uint64(1_800_000_000) * 1_000_000_000
)

// local is a local answer that the module sent, and the context it was sent in.
type local struct {
	context uint32
	status  uint32
	details string
	body    string
	headers string // encoded
}

// fakeHost is a proxy of one worker that does as the test says.
type fakeHost struct {
	t       testing.TB
	ctx     context.Context
	mod     api.Module
	clock   uint64
	context uint32
	config  []byte
	// pairs is what the header maps hold, by type, encoded; nil is an empty pointer.
	pairs map[uint32][]byte
	// body is the callout's body buffer, sent the request's.
	body, sent []byte
	// fail forces a host call to return a status without doing anything.
	fail map[string]uint32

	// made counts the host calls, by name in trace; the one numbered faultAt returns fault
	// and does nothing.
	made    int
	trace   []string
	faultAt int
	fault   uint32

	// removal is how the host removes a header: "" does, "empty" sets it empty, "nothing"
	// does nothing and says that it has, "first" removes one line only.
	removal string

	// foreign is the host's foreign functions; nil: it has none.
	foreign func(name string, args []byte) (result []byte, status uint32)

	// environ is the VM's environment: one NAME=value, or none.
	environ string

	// address is the property source.address; "" is empty.
	address string

	// within runs at the start of every host call.
	within func()
	// taken counts the bytes that the guest's allocator gave the host, in its units; label
	// is what each takes besides.
	taken, label uint32

	// during runs once, within the next local answer.
	during func()

	logs      []string
	answers   []local
	continued []uint32
	ops       []string
	calls     uint32
	draws     uint32 // of randomness
	constant  bool   // it is always the same
	shared    map[string][]byte
}

var compiled = sync.OnceValues(func() (wazero.CompiledModule, error) {
	path := os.Getenv("POSTERN_MODULE")
	if path == "" {
		path = "../../build/postern.wasm"
	}
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return runtime().CompileModule(context.Background(), wasm)
})

var runtime = sync.OnceValue(func() wazero.Runtime { return wazero.NewRuntime(context.Background()) })

// start instantiates the module and creates its root context.
func start(t testing.TB) *fakeHost {
	t.Helper()
	module, err := compiled()
	if err != nil {
		t.Fatalf("the module is needed (make plugin): %v", err)
	}
	h := &fakeHost{t: t, clock: clock, pairs: map[uint32][]byte{}, fail: map[string]uint32{}, shared: map[string][]byte{}}
	h.ctx = context.WithValue(context.Background(), hostKey{}, h)
	defineHost()
	h.mod, err = runtime().InstantiateModule(h.ctx, module, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.mod.Close(context.Background()) })
	h.call("proxy_on_context_create", rootContext, 0)
	return h
}

type hostKey struct{}

// call calls an export; a trap fails the test.
func (h *fakeHost) call(name string, args ...uint64) uint64 {
	h.t.Helper()
	h.context = uint32(args[0])
	results, err := h.mod.ExportedFunction(name).Call(h.ctx, args...)
	if err != nil {
		h.t.Fatalf("%s%v traps: %v", name, args, err)
	}
	if len(results) == 0 {
		return 0
	}
	return results[0]
}

func (h *fakeHost) configure(text string) bool {
	h.t.Helper()
	h.config = []byte(text)
	return h.call("proxy_on_configure", rootContext, uint64(len(text))) == 1
}

// request creates a stream and sends its headers.
func (h *fakeHost) request(id uint32, pairs []byte) uint64 {
	h.t.Helper()
	h.call("proxy_on_context_create", uint64(id), rootContext)
	return h.headers(id, pairs)
}

func (h *fakeHost) headers(id uint32, pairs []byte) uint64 {
	h.t.Helper()
	h.pairs[0] = pairs
	return h.call("proxy_on_request_headers", uint64(id), 4, 1)
}

// allocate puts b into memory that the guest allocates, as every host does.
func (h *fakeHost) allocate(b []byte) uint32 {
	results, err := h.mod.ExportedFunction("proxy_on_memory_allocate").Call(h.ctx, uint64(len(b)))
	if err != nil {
		h.t.Fatalf("proxy_on_memory_allocate(%d) traps: %v", len(b), err)
	}
	h.taken += (uint32(len(b))+7)&^7 + h.label
	p := uint32(results[0])
	if p != 0 && !h.mod.Memory().Write(p, b) {
		h.t.Fatalf("the guest's allocation of %d bytes at %d is outside its memory", len(b), p)
	}
	return p
}

// give writes b, its pointer and its size where the guest wants them.
func (h *fakeHost) give(b []byte, data, size uint32) uint32 {
	p := uint32(0)
	if len(b) > 0 {
		p = h.allocate(b)
	}
	h.mod.Memory().WriteUint32Le(data, p)
	h.mod.Memory().WriteUint32Le(size, uint32(len(b)))
	return statusOK
}

func (h *fakeHost) text(p, n uint32) string {
	b, ok := h.mod.Memory().Read(p, n)
	if !ok {
		h.t.Fatalf("the guest names memory outside its own: %d+%d", p, n)
	}
	return string(b)
}

func encode(lines ...string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(lines)/2))
	for _, s := range lines {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	}
	for _, s := range lines {
		b = append(append(b, s...), 0)
	}
	return b
}

// edit changes a header map as the guest wants it: value nil removes. What is no
// map stays as it is.
func (h *fakeHost) edit(kind uint32, name string, value *string, add bool) {
	lines, ok := decode(h.pairs[kind])
	if !ok {
		return
	}
	var kept []string
	done := false
	for i := 0; i < len(lines); i += 2 {
		switch {
		case !strings.EqualFold(lines[i], name) || add:
			kept = append(kept, lines[i], lines[i+1])
		case value != nil && !done:
			kept, done = append(kept, lines[i], *value), true
		case value == nil && h.removal == "empty":
			kept = append(kept, lines[i], "")
		case value == nil && (h.removal == "nothing" || h.removal == "first" && done):
			kept = append(kept, lines[i], lines[i+1])
		default:
			done = true
		}
	}
	if value != nil && !done {
		kept = append(kept, name, *value)
	}
	h.pairs[kind] = encode(kept...)
}

// decode undoes encode.
func decode(b []byte) (lines []string, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint32(b)) * 2
	if n > 2048 || len(b) < 4+4*n {
		return nil, false
	}
	rest := b[4+4*n:]
	for i := range n {
		size := int(binary.LittleEndian.Uint32(b[4+4*i:]))
		if size >= len(rest) {
			return nil, false
		}
		lines, rest = append(lines, string(rest[:size])), rest[size+1:]
	}
	return lines, len(rest) == 0
}

// seen are the values of a name that the upstream would see.
func (h *fakeHost) seen(name string) (values []string) {
	lines, _ := decode(h.pairs[0])
	for i := 0; i < len(lines); i += 2 {
		if strings.EqualFold(lines[i], name) {
			values = append(values, lines[i+1])
		}
	}
	return values
}

func get(extra ...string) []byte {
	return encode(append([]string{":method", "GET", ":scheme", "https", ":authority", "api.test", ":path", "/a"}, extra...)...)
}

func bearer(token string) []byte { return get("authorization", "Bearer "+token) }

var (
	b64    = base64.RawURLEncoding
	signer = ed25519.NewKeyFromSeed([]byte("a seed of thirty-two bytes, test"))
)

func token(exp int64) string {
	head, _ := json.Marshal(map[string]string{"alg": "EdDSA", "kid": "a"})
	claims, _ := json.Marshal(map[string]any{"iss": "https://idp.test", "sub": "u", "exp": exp})
	input := b64.EncodeToString(head) + "." + b64.EncodeToString(claims)
	return input + "." + b64.EncodeToString(ed25519.Sign(signer, []byte(input)))
}

// later is a time at which the tokens of these tests still hold.
const later = int(clock/1_000_000_000) + 600

// payload signs a payload as it is.
func payload(text string) string {
	input := b64.EncodeToString([]byte(`{"alg":"EdDSA","kid":"a"}`)) + "." + b64.EncodeToString([]byte(text))
	return input + "." + b64.EncodeToString(ed25519.Sign(signer, []byte(input)))
}

func good() string    { return token(int64(clock/1_000_000_000) + 600) }
func expired() string { return token(int64(clock/1_000_000_000) - 600) }

func keySet() string {
	return `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"` + b64.EncodeToString(signer.Public().(ed25519.PublicKey)) + `"}]}`
}

func provider(keys string) string {
	return `{"providers":{"corp":{"issuer":"https://idp.test",` + keys +
		`,"claim_to_headers":[{"header_name":"x-user","claim_name":"sub"}]}},"rules":[{"match":{"prefix":"/"},"requires":{"provider_name":"corp"}}]}`
}

func inline() string {
	quoted, _ := json.Marshal(keySet())
	return provider(`"local_jwks":{"inline_string":` + string(quoted) + `}`)
}

func remote() string {
	return provider(`"remote_jwks":{"http_uri":{"uri":"https://idp.test/keys","cluster":"idp","timeout":"1s"}}`)
}

// callout delivers an answer to a call.
func (h *fakeHost) callout(root, id uint32, status, body string) {
	h.t.Helper()
	h.pairs[6] = encode(":status", status)
	h.body = []byte(body)
	h.call("proxy_on_http_call_response", uint64(root), uint64(id), 1, uint64(len(body)), 0)
}

func (h *fakeHost) lastDetails() string {
	if len(h.answers) == 0 {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(h.answers[len(h.answers)-1].details, "postern_denied{"), "}")
}
