// Package wycheproof hands the Wycheproof test vectors in this folder to tests.
//
// In: a file's name. Out: its groups and cases, and a tally that knows how many cases
// there are, so that none can be left out unnoticed. The vectors and their licence come
// from C2SP/wycheproof; testdata/README.md says which version. No product code imports it.
package wycheproof

import (
	"compress/gzip"
	"embed"
	"encoding/hex"
	"encoding/json"
	"testing"
)

//go:embed *.json.gz
var files embed.FS

// File is one file of vectors.
type File struct {
	Name   string  `json:"-"`
	Number int     `json:"numberOfTests"`
	Groups []Group `json:"testGroups"`
}

// Group is one group: a key and its cases. Fields that a kind of file lacks are zero.
type Group struct {
	Comment string `json:"comment"`
	Type    string `json:"type"`
	Sha     string `json:"sha"`
	Mgf     string `json:"mgf"`
	MgfSha  string `json:"mgfSha"`
	SaltLen int    `json:"sLen"`
	TagSize int    `json:"tagSize"`
	KeySize int    `json:"keySize"`

	Public  json.RawMessage `json:"public"`
	Private json.RawMessage `json:"private"`
	// PublicKey differs in form from kind to kind.
	PublicKey struct {
		Modulus        string `json:"modulus"`
		PublicExponent string `json:"publicExponent"`
		Uncompressed   string `json:"uncompressed"`
		PK             string `json:"pk"`
	} `json:"publicKey"`
	// PublicKeyDER is an RSA key's SubjectPublicKeyInfo, in hexadecimal.
	PublicKeyDER string `json:"publicKeyDer"`

	Tests []Case `json:"tests"`
}

// Case is one case.
type Case struct {
	ID      int             `json:"tcId"`
	Comment string          `json:"comment"`
	Flags   []string        `json:"flags"`
	Key     string          `json:"key"`
	Msg     string          `json:"msg"`
	Sig     string          `json:"sig"`
	Tag     string          `json:"tag"`
	JWS     json.RawMessage `json:"jws"`
	Result  string          `json:"result"`
}

// Has says whether the case carries the flag.
func (c *Case) Has(flag string) bool {
	for _, f := range c.Flags {
		if f == flag {
			return true
		}
	}
	return false
}

// Load reads a file by its name without "_test.json.gz".
func Load(t testing.TB, name string) *File {
	t.Helper()
	packed, err := files.Open(name + "_test.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	f := &File{Name: name}
	if err := json.NewDecoder(plain).Decode(f); err != nil {
		t.Fatal(err)
	}
	return f
}

// Hex decodes hexadecimal, as all byte strings of the files are.
func Hex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Run calls verify for every case and compares its answer with the file's. differs maps
// the numbers of cases where the project answers otherwise to the reason why; such a
// case must differ. "acceptable" counts as valid unless differs names it. Groups for
// which refused gives a reason must be refused whole, valid cases included, save those
// that differs names.
func (f *File) Run(t *testing.T, differs map[int]string, refused func(*Group) string, verify func(*Group, *Case) bool) {
	t.Helper()
	valid, invalid, other, whole := 0, 0, 0, 0
	for g := range f.Groups {
		group := &f.Groups[g]
		why := ""
		if refused != nil {
			why = refused(group)
		}
		for c := range group.Tests {
			test := &group.Tests[c]
			want := test.Result != "invalid" && why == ""
			_, differ := differs[test.ID]
			if differ {
				want = !want
			}
			switch {
			case differ:
				other++
			case why != "":
				whole++
			case want:
				valid++
			default:
				invalid++
			}
			if got := verify(group, test); got != want {
				t.Errorf("%s, case %d (%s, %s, %v): accepted %v, want %v %s", f.Name, test.ID, test.Comment, test.Result, test.Flags, got, want, why)
			}
		}
	}
	if n := valid + invalid + other + whole; n != f.Number || other != len(differs) {
		t.Errorf("%s: %d cases run, the file has %d; %d differ, %d named", f.Name, n, f.Number, other, len(differs))
	}
	t.Logf("%s: %d cases: %d accepted, %d refused, %d refused whole by a bound of ours, %d where we differ", f.Name, f.Number, valid, invalid, whole, other)
}
