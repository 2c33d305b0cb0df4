// Package vectest lets a scheme's own tests judge the vectors of signed requests.
//
// In: testdata/vectors, whose README.md has the format. Out: requests and keys as a scheme
// and the frame take them, and verdicts. It reads of a vector what all schemes share; its
// configuration is the scheme's test's to read.
package vectest

import (
	"encoding/json"
	"encoding/pem"
	"os"
	"testing"

	"github.com/postern-wasm/postern/plugin/jose/jwk"
	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/request"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

// Case is what every vector has. A scheme's test embeds it beside its Config.
type Case struct {
	Name    string
	Secrets []struct {
		ID, Alg string
		Key     []byte `json:"key_b64"`
	}
	Now     int64
	Request struct {
		Method, Scheme, Authority, Path string
		Query                           *string
		Headers                         [][2]string
		Body                            []byte `json:"body_base64"`
	}
	Expect, Reason string
}

// Load reads the vectors of a scheme from a room below plugin/verify/signed.
func Load[T any](t testing.TB, name string) []T {
	t.Helper()
	text, err := os.ReadFile("../../../../testdata/vectors/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	if err := json.Unmarshal(text, &list); err != nil || len(list) == 0 {
		t.Fatal(err)
	}
	return list
}

// View reads the request's headers; its path is not judged.
func (c *Case) View() (*request.View, reason.Code) {
	target := c.Request.Path
	if c.Request.Query != nil {
		target += "?" + *c.Request.Query
	}
	headers := []request.Header{
		{Name: ":method", Value: c.Request.Method},
		{Name: ":scheme", Value: c.Request.Scheme},
		{Name: ":authority", Value: c.Request.Authority},
		{Name: ":path", Value: target},
	}
	for _, h := range c.Request.Headers {
		headers = append(headers, request.Header{Name: h[0], Value: h[1]})
	}
	view := new(request.View)
	return view, view.Read(headers, request.PathRaw)
}

// Keys makes the vector's keys ready for the provider's algorithms.
func (c *Case) Keys(t testing.TB, provider *signed.Config) {
	t.Helper()
	for _, s := range c.Secrets {
		provider.Keys = append(provider.Keys, Key(t, s.ID, s.Alg, s.Key, provider.Algorithms))
	}
}

// Key makes one key ready: a secret if alg is "hmac", else a public key's SPKI.
func Key(t testing.TB, id, alg string, material []byte, algorithms signed.Set) *signed.Key {
	t.Helper()
	var k *signed.Key
	var err error
	if alg == "hmac" {
		k, err = signed.NewSecret(material, algorithms)
	} else {
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: material})
		set, notes, bad := jwk.Parse(text, jwk.Limits{MaxBytes: 1 << 14, MaxKeys: 1})
		if bad != nil {
			t.Fatal(bad, notes)
		}
		k, err = signed.NewPublic(set.Key(0), algorithms)
	}
	if err != nil {
		t.Fatal(err)
	}
	k.ID = id
	return k
}

// Judge judges a request whose body comes in two pieces. It can be had whole, as forms need
// it, but not in pieces again: the hashes that run over it have to do.
func Judge(a *signed.Attempt, provider *signed.Config, r *signed.Request, body []byte) (signed.State, reason.Code) {
	taps := new(signed.Taps)
	state, code := a.Judge(provider, r, &signed.Body{Taps: taps})
	if state != signed.NeedsBody {
		return state, code
	}
	half := len(body) / 2
	taps.Write(body[:half])
	taps.Write(body[half:])
	return a.Judge(provider, r, &signed.Body{
		Ended: true, Size: int64(len(body)), Taps: taps,
		Whole: func() (string, bool) { return string(body), true },
	})
}
