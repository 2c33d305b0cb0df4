package attacks

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// tokenOf is a good token of a subject.
func tokenOf(sub string) string {
	head, _ := json.Marshal(map[string]string{"alg": "EdDSA", "kid": "a"})
	claims, _ := json.Marshal(map[string]any{"iss": "https://idp.test", "sub": sub, "exp": clock/1_000_000_000 + 600})
	input := b64.EncodeToString(head) + "." + b64.EncodeToString(claims)
	return input + "." + b64.EncodeToString(ed25519.Sign(signer, []byte(input)))
}

// pass sends a good token and wants its subject in the header.
func (h *fakeHost) pass(id uint32, sub string) {
	h.t.Helper()
	h.ops = h.ops[:0]
	if h.request(id, bearer(tokenOf(sub))) != actionContinue {
		h.t.Fatalf("%.20s is refused: %v", sub, h.answers)
	}
	if got := strings.Join(h.ops, "|"); got != "remove authorization|proxy_replace_header_map_value x-user="+sub {
		h.t.Fatalf("%.20s arrives as %.100q", sub, got)
	}
	h.call("proxy_on_delete", uint64(id))
}

// grown is by how many bytes the guest's memory grows while n tokens pass.
func (h *fakeHost) grown(n int) uint32 {
	h.t.Helper()
	before := h.mod.Memory().Size()
	for i := range n {
		h.pass(uint32(100+i), fmt.Sprintf("user-%d-%s", i, strings.Repeat("x", 400)))
	}
	return h.mod.Memory().Size() - before
}

// A warm cache takes memory, which is how the tests below know that there is none.
func TestVerifiedTokensAreKept(t *testing.T) {
	h := start(t)
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	if got := h.grown(1500); got < 1500*1000 {
		t.Errorf("memory has grown by %d bytes", got)
	}
}

func TestS09ConstantRandomnessTurnsTheCacheOff(t *testing.T) {
	h := start(t)
	h.constant = true
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	if log := strings.Join(h.logs, "\n"); strings.Count(log, "verified tokens are not cached") != 1 {
		t.Errorf("logged %q, want it to say once that there is no cache", log)
	}
	if got := h.grown(1500); got > 512<<10 {
		t.Errorf("memory has grown by %d bytes", got)
	}
}

func TestS09WithoutRandomnessNothingIsAccepted(t *testing.T) {
	h := start(t)
	h.fail["random_get"] = 1
	if h.configure(inline()) || h.request(2, bearer(good())) != actionPause {
		t.Error("accepted without randomness")
	}
}

// S-04: the host's clock passes exp between two requests with one token, and steps back.
func TestS04AKeptTokenExpires(t *testing.T) {
	h := start(t)
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	for i := range uint32(3) {
		h.pass(10+i, "alice")
	}
	h.clock += 700 * 1_000_000_000
	for i := range uint32(2) {
		if h.request(20+i, bearer(tokenOf("alice"))) != actionPause || h.lastDetails() != "expired" {
			t.Fatalf("%v", h.answers)
		}
	}
	h.clock = 0
	if h.request(30, bearer(tokenOf("alice"))) != actionPause || h.lastDetails() != "clock_unset" {
		t.Errorf("%v", h.answers)
	}
}

// S-05: a reload that takes other keys, then one that takes another issuer; tokens were
// kept under the first.
func TestS05AReloadForgetsKeptTokens(t *testing.T) {
	h := start(t)
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	h.pass(2, "alice")
	h.pass(3, "alice")
	stranger := strings.Replace(keySet(), `"x":"`, `"x":"A`, 1)
	if h.configure(strings.Replace(inline(), "https://idp.test", "https://new.test", 1)) {
		if h.request(4, bearer(tokenOf("alice"))) != actionPause || h.lastDetails() != "issuer_mismatch" {
			t.Errorf("%v", h.answers)
		}
	} else {
		t.Error(h.logs)
	}
	other := ed25519.NewKeyFromSeed([]byte("another seed of thirty-two bytes"))
	quoted, _ := json.Marshal(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"` + b64.EncodeToString(other.Public().(ed25519.PublicKey)) + `"}]}`)
	if h.configure(provider(`"local_jwks":{"inline_string":` + string(quoted) + `}`)) {
		if h.request(5, bearer(tokenOf("alice"))) != actionPause || h.lastDetails() != "bad_signature" {
			t.Errorf("%v", h.answers)
		}
	} else {
		t.Error(h.logs)
	}
	quoted, _ = json.Marshal(stranger)
	h.configure(provider(`"local_jwks":{"inline_string":` + string(quoted) + `}`)) // refused: the former stays
	if h.request(6, bearer(tokenOf("alice"))) != actionPause {
		t.Error("a refused reload lets an old token pass")
	}
}

// S-05: reloads do not add up: each cache dies with its configuration.
func TestS05CachesOfFormerConfigurationsAreFreed(t *testing.T) {
	h := start(t)
	id := uint32(100)
	var sizes []uint32
	for range 12 {
		if !h.configure(inline()) {
			t.Fatal(h.logs)
		}
		for i := range 300 {
			h.pass(id, fmt.Sprintf("user-%d-%s", i, strings.Repeat("x", 400)))
			id++
		}
		sizes = append(sizes, h.mod.Memory().Size())
	}
	if sizes[11] > sizes[3] {
		t.Errorf("memory after each reload: %v", sizes)
	}
}

// S-07: long A, then short B, then A again, kept and not, each with its own subject.
func TestS07KeptTokensShowNothingOfOthers(t *testing.T) {
	h := start(t)
	if !h.configure(inline()) {
		t.Fatal(h.logs)
	}
	subs := []string{strings.Repeat("long", 1000), "b", "c" + strings.Repeat("c", 300), "d"}
	id := uint32(10)
	for range 4 {
		for _, sub := range subs {
			h.pass(id, sub)
			id++
		}
	}
}

// S-08: 6,000 tokens that are seen once take no more than max_bytes, and hot ones pass
// all the while.
func TestS08AFloodStaysWithinItsBytes(t *testing.T) {
	h := start(t)
	if !h.configure(`{"token_cache":{"max_entries":1000000,"max_bytes":2097152},` + inline()[1:]) {
		t.Fatal(h.logs)
	}
	h.pass(2, "hot")
	before := h.mod.Memory().Size()
	for i := range 6000 {
		h.pass(uint32(1000+2*i), fmt.Sprintf("user-%d-%s", i, strings.Repeat("x", 400)))
		h.pass(uint32(1001+2*i), "hot")
	}
	// A page more than the bound: memory comes in pages of 64 KiB, an eighth of all at once.
	if got := h.mod.Memory().Size() - before; got > 2097152+1<<20 {
		t.Errorf("memory has grown by %d bytes", got)
	}
}
