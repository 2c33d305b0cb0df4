package kernels

import (
	"os"
	"slices"
	"testing"

	"github.com/postern-wasm/postern/bench/kernels/op"
)

func TestKernelsAndTheStandardLibraryAgreeOnEveryCase(t *testing.T) {
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	var kinds []op.Kind
	for _, c := range cases {
		kinds = append(kinds, c.Kind)
		o, err := op.Make(c.Kind, c.Input)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		n := 2 * len(c.Items)
		if o.Run(n) != n || native(c, n) != n {
			t.Errorf("%s: a valid input is refused", c.Name)
		}
		// Every item tampered with: both must say no to each.
		c.Items = slices.Clone(c.Items)
		for i := range c.Items {
			c.Items[i].Signature = slices.Clone(c.Items[i].Signature)
			c.Items[i].Signature[len(c.Items[i].Signature)/2] ^= 1
		}
		tampered, err := op.Make(c.Kind, op.Encode(firstField(c.Input), secondField(c.Input), c.Items))
		if err != nil {
			t.Fatal(err)
		}
		if tampered.Run(n) != 0 || native(c, n) != 0 {
			t.Errorf("%s: a changed signature is accepted", c.Name)
		}
	}
	slices.Sort(kinds)
	for kind := range op.Kinds {
		if kinds[kind] != kind {
			t.Fatalf("kinds %v", kinds)
		}
	}
}

func firstField(input []byte) []byte { return input[4 : 4+int(input[0])+int(input[1])<<8] }

func secondField(input []byte) []byte { return firstField(input[4+len(firstField(input)):]) }

func TestInputsThatAreNone(t *testing.T) {
	for name, input := range map[string][]byte{
		"empty": nil, "half a length": {1, 0}, "a length beyond the end": {9, 0, 0, 0, 1},
		"no item": op.Encode([]byte("a"), nil, nil),
	} {
		if _, err := op.Make(op.SHA256, input); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := op.Make(op.Kinds, op.Encode(nil, nil, []op.Item{{}})); err == nil {
		t.Error("an unknown kind is taken")
	}
}

func TestTheModulesFlagsAreFound(t *testing.T) {
	script, err := os.ReadFile("../../tools/plugin.sh")
	if err != nil {
		t.Fatal(err)
	}
	flags, err := moduleFlags(string(script))
	if err != nil || len(flags) == 0 || !slices.ContainsFunc(flags, func(f string) bool { return len(f) > 5 && f[:5] == "-opt=" }) {
		t.Errorf("%q, %v", flags, err)
	}
	got, err := moduleFlags("#\nFLAGS=(-opt=s -no-debug ${TAGS:+-tags \"$TAGS\"})\n")
	if err != nil || !slices.Equal(got, []string{"-opt=s", "-no-debug"}) {
		t.Errorf("with an expansion: %q, %v", got, err)
	}
	if _, err := moduleFlags("FLAGS=x"); err == nil {
		t.Error("no error without flags")
	}
}
