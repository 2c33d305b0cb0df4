package attacks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// curveKey is a key of P-256 and its JWK.
type curveKey struct {
	kid string
	key *ecdsa.PrivateKey
}

func curveKeys(t testing.TB, n int) (keys []curveKey, set string) {
	t.Helper()
	var all []string
	for i := range n {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		kid := fmt.Sprintf("key-%d", i)
		jwk := fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":%q,"x":%q,"y":%q}`, kid, b64.EncodeToString(raw[1:33]), b64.EncodeToString(raw[33:]))
		keys, all = append(keys, curveKey{kid, key}), append(all, jwk)
	}
	return keys, `{"keys":[` + strings.Join(all, ",") + `]}`
}

// sign makes a good token under a header.
func (k *curveKey) sign(t testing.TB, header string) string {
	t.Helper()
	input := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(fmt.Sprintf(`{"iss":"https://idp.test","sub":"u","exp":%d}`, later)))
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func withKeys(set, more string) string {
	quoted, _ := json.Marshal(set)
	return strings.Replace(provider(`"local_jwks":{"inline_string":`+string(quoted)+`}`), `{"providers"`, `{`+more+`"providers"`, 1)
}

// large are configurations and requests of the largest size that is meant to be used.
func large(t testing.TB) []largeCase {
	t.Helper()
	rule := func(i int) string {
		return fmt.Sprintf(`{"match":{"prefix":"/service-%d/"},"requires":{"provider_name":"corp"}}`, i)
	}
	rules := make([]string, 1000)
	for i := range rules {
		rules[i] = rule(i)
	}
	var providers, uses []string
	for i := range 50 {
		quoted, _ := json.Marshal(keySet())
		providers = append(providers, fmt.Sprintf(`"corp%d":{"issuer":"https://idp%d.test","local_jwks":{"inline_string":%s}}`, i, i, quoted))
		uses = append(uses, fmt.Sprintf(`{"match":{"prefix":"/%d/"},"requires":{"provider_name":"corp%d"}}`, i, i))
	}
	_, full := curveKeys(t, 63)
	full = strings.Replace(full, `{"keys":[`, `{"keys":[`+strings.TrimSuffix(strings.TrimPrefix(keySet(), `{"keys":[`), `]}`)+`,`, 1)
	padded := full[:len(full)-1] + `,"note":"` + strings.Repeat("x", 65536-len(full)-10) + `"}`
	wide := fmt.Sprintf(`{"iss":"https://idp.test","sub":"u","exp":%d,"x":[`, later)
	for len(wide) < 11900 {
		wide += `{"a":"b","c":[1,2,3]},`
	}
	quoted, _ := json.Marshal(keySet())
	return []largeCase{
		{
			"1,000 rules", `{"providers":{"corp":{"issuer":"https://idp.test","local_jwks":{"inline_string":` + string(quoted) + `}}},"rules":[` + strings.Join(rules, ",") + `]}`,
			at("/service-999/x", "authorization", "Bearer "+good()),
		},
		{
			"50 key sets", `{"providers":{` + strings.Join(providers, ",") + `},"rules":[` + strings.Join(uses, ",") + `]}`,
			at("/49/x", "authorization", "Bearer "+payload(fmt.Sprintf(`{"iss":"https://idp49.test","exp":%d}`, later))),
		},
		{"a key set of 64 keys in 64 KiB", withKeys(padded, ""), bearer(good())},
		{"a token of 16 KiB", inline(), bearer(payload(wide[:len(wide)-1] + `]}`))},
	}
}

type largeCase struct {
	law, config string
	pairs       []byte
}

// TestL01L02LargeThingsFit: the largest things that are meant to be used take little
// memory, and requests take no more of it however many come.
func TestL01L02LargeThingsFit(t *testing.T) {
	for _, c := range large(t) {
		h := start(t)
		before := h.mod.Memory().Size()
		if !h.configure(strings.Replace(c.config, `{"providers"`, `{"token_cache":{"max_entries":0},"providers"`, 1)) {
			t.Fatalf("%s: %v", c.law, h.logs)
		}
		configured := h.mod.Memory().Size()
		send := func(n int) {
			for range n {
				if h.request(2, c.pairs) != actionContinue {
					t.Fatalf("%s: refused: %v", c.law, h.answers)
				}
				h.call("proxy_on_delete", 2)
			}
		}
		send(10)
		warm := h.mod.Memory().Size()
		send(500)
		if got := configured - before; got > 6<<20 {
			t.Errorf("%s: the configuration takes %d bytes", c.law, got)
		}
		if got := warm - configured; got > 1<<20 {
			t.Errorf("%s: a request takes %d bytes", c.law, got)
		}
		if got := h.mod.Memory().Size() - warm; got != 0 {
			t.Errorf("%s: 500 requests leave %d bytes", c.law, got)
		}
		t.Logf("note: %s: configuration of %d bytes, memory %d KiB at start, %d KiB configured, %d KiB after 510 requests",
			c.law, len(c.config), before>>10, configured>>10, h.mod.Memory().Size()>>10)
	}
}

// BenchmarkLarge shows what such a request takes, each token verified anew.
func BenchmarkLarge(b *testing.B) {
	for _, c := range large(b) {
		b.Run(c.law, func(b *testing.B) {
			h := start(b)
			if !h.configure(strings.Replace(c.config, `{"providers"`, `{"token_cache":{"max_entries":0},"providers"`, 1)) {
				b.Fatal(h.logs)
			}
			for b.Loop() {
				if h.request(2, c.pairs) != actionContinue {
					b.Fatal(h.answers)
				}
				h.call("proxy_on_delete", 2)
			}
		})
	}
}

// TestL05OpenStreamsTakeLittle: 10,000 requests whose bodies drip in, passed or waiting
// for keys, take a bounded piece of memory each, whatever the bodies hold.
func TestL05OpenStreamsTakeLittle(t *testing.T) {
	const streams = 10000
	for law, h := range map[string]*fakeHost{"passed": start(t), "waiting": start(t)} {
		config := inline()
		if law == "waiting" {
			config = remote()
		}
		if !h.configure(config) {
			t.Fatal(h.logs)
		}
		before := h.mod.Memory().Size()
		for id := range uint32(streams) {
			h.request(10+id, bearer(good()))
		}
		opened := h.mod.Memory().Size()
		for range 3 {
			for id := range uint64(streams) {
				action := h.call("proxy_on_request_body", 10+id, 1<<20, 0)
				if (action == actionContinue) != (law == "passed") {
					t.Fatalf("%s: body callback: %d", law, action)
				}
			}
		}
		if got := h.mod.Memory().Size() - opened; got != 0 {
			t.Errorf("%s: bodies take %d bytes", law, got)
		}
		if got := int(opened-before) / streams; got > 1024 {
			t.Errorf("%s: a stream takes %d bytes", law, got)
		}
		for id := range uint64(streams) {
			h.call("proxy_on_delete", 10+id)
		}
	}
}

// TestL06TablesAreBuiltWithinTheirRoom: a stranger who chooses the kid of each request
// cannot make the tables of more keys than there is room for, nor build and drop them
// without end: memory stands still and each token is still judged.
func TestL06TablesAreBuiltWithinTheirRoom(t *testing.T) {
	keys, set := curveKeys(t, 64)
	h := start(t)
	if !h.configure(withKeys(set, `"token_cache":{"max_entries":0},`)) {
		t.Fatal(h.logs)
	}
	var tokens []string
	for i := range keys {
		tokens = append(tokens, keys[i].sign(t, fmt.Sprintf(`{"alg":"ES256","kid":%q}`, keys[i].kid)))
	}
	round := func() {
		for i, token := range tokens {
			if h.request(2, bearer(token)) != actionContinue {
				t.Fatalf("key %d: %v", i, h.answers)
			}
			h.call("proxy_on_delete", 2)
			if h.request(3, bearer(token[:len(token)-86]+tokens[(i+1)%len(tokens)][len(token)-86:])) != actionPause {
				t.Fatalf("key %d: another key's signature passes", i)
			}
			h.call("proxy_on_delete", 3)
		}
	}
	before := h.mod.Memory().Size()
	for range 6 {
		round()
	}
	built := h.mod.Memory().Size()
	for range 4 {
		round()
	}
	if got := h.mod.Memory().Size() - built; got != 0 {
		t.Errorf("memory goes on growing: %d bytes", got)
	}
	if got := built - before; got > 8<<20 {
		t.Errorf("the tables of 64 keys take %d bytes", got)
	}
}

// TestL01TheDearestKeysAreBounded: more than eight keys that fit a token without kid are
// not tried, and RSA has an end at 8,192 bits.
func TestL01TheDearestKeysAreBounded(t *testing.T) {
	keys, set := curveKeys(t, 9)
	h := start(t)
	if !h.configure(withKeys(strings.ReplaceAll(set, `"kid"`, `"x-kid"`), "")) {
		t.Fatal(h.logs)
	}
	for i := range keys {
		want := uint64(actionContinue)
		if i == 8 { // the ninth
			want = actionPause
		}
		if got := h.request(uint32(2+i), bearer(keys[i].sign(t, `{"alg":"ES256"}`))); got != want {
			t.Errorf("key %d of 9, token without kid: %d, want %d", i+1, got, want)
		}
	}
	huge := new(big.Int).SetBit(new(big.Int).Lsh(big.NewInt(1), 8193), 0, 1)
	if start(t).configure(withKeys(`{"keys":[{"kty":"RSA","e":"AQAB","n":"`+b64.EncodeToString(huge.Bytes())+`"}]}`, "")) {
		t.Error("a key of 8,194 bits is taken")
	}
}

// TestF09RouteCacheIsClearedLast: the route is chosen anew only when the request is
// allowed and all headers are written, and a stream that has no route any more, and ends
// there and then, is left alone.
func TestF09RouteCacheIsClearedLast(t *testing.T) {
	config := strings.Replace(open(), `"issuer":`, `"clear_route_cache":true,"issuer":`, 1)
	for _, ends := range []bool{false, true} {
		h := start(t)
		cleared := 0
		id := uint32(2)
		h.foreign = func(name string, _ []byte) ([]byte, uint32) {
			if name != "clear_route_cache" {
				return nil, 1
			}
			cleared++
			if user := h.seen("x-user"); len(user) != 1 || user[0] != "u" || len(h.seen("authorization")) != 0 {
				t.Errorf("the route is chosen by headers that are not final: %q", h.pairs[0])
			}
			if ends {
				h.call("proxy_on_delete", uint64(id))
			}
			return nil, statusOK
		}
		if !h.configure(config) {
			t.Fatal(h.logs)
		}
		h.request(id, at("/a", "authorization", "Bearer "+good(), "x-user", "root"))
		if cleared != 1 || len(h.answers) != 0 {
			t.Errorf("cleared %d times, answers %v", cleared, h.answers)
		}
		for _, bad := range [][]byte{at("/a"), at("/a", "authorization", "Bearer "+expired(), "x-user", "root"), at("/a", "x-user", "u")} {
			id++
			if h.request(id, bad) != actionPause {
				t.Error("a bad request passes")
			}
		}
		if cleared != 1 {
			t.Errorf("cleared for a request that is refused")
		}
	}
}
