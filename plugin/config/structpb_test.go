package config

import (
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"
)

// structVectors were serialized by Google's protobuf library for Python, 7.36.2
// (json_format.Parse, SerializeToString with deterministic=True).
var structVectors = []struct{ message, text string }{
	{"0a0e0a0161120911000000000000f03f", `{"a":1}`},
	{
		"0a070a0161120208000a070a0162120220010a070a0163120220000a0e0a016412091a0778225c0a01c3a90a250a01651220321e0a0911000000000000f03f0a051a0374776f0a0232000a022a000a0208000a200a0166121b2a190a170a016712122a100a0e0a0168120911000000000000f8bf0a0e0a016e120911000000000000f0410a0e0a017a1209119a9999999999b93f0a060a0012021a00",
		`{"a":null,"b":true,"c":false,"d":"x\"\\\n\u0001é","e":[1,"two",[],{},null],"f":{"g":{"h":-1.5}},"n":4294967296,"z":0.1,"":""}`,
	},
	{
		"0a120a0764656661756c7412071a05616c6c6f770a0e0a05706174687312051a037261770a0f0a057265616c6d12061a04656467650a3b0a0572756c6573123232300a2e2a2c0a1a0a056d6174636812112a0f0a0d0a0670726566697812031a012f0a0e0a08726571756972657312022a00",
		`{"default":"allow","realm":"edge","rules":[{"match":{"prefix":"/"},"requires":{}}],"paths":"raw"}`,
	},
}

func TestStructBecomesTheSameJSON(t *testing.T) {
	for _, v := range structVectors {
		message, err := hex.DecodeString(v.message)
		if err != nil {
			t.Fatal(err)
		}
		text, ok := structJSON(message)
		if !ok {
			t.Fatalf("%s is refused", v.message)
		}
		var got, want any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := json.Unmarshal([]byte(v.text), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s, want %s", text, v.text)
		}
	}
}

func TestConfigurationAsAStruct(t *testing.T) {
	message, err := hex.DecodeString(structVectors[2].message)
	if err != nil {
		t.Fatal(err)
	}
	cfg, problems := Parse(message, nil)
	if len(problems) > 0 || !cfg.Policy.AllowUnmatched || cfg.Effect.Realm != "edge" || len(cfg.Policy.Rules) != 1 {
		t.Fatalf("%v %+v", problems, cfg)
	}
	for n := range message { // cut anywhere, it is neither a Struct nor JSON
		if _, problems := Parse(message[:n], nil); len(problems) == 0 && n > 0 && !endsEntry(message, n) {
			t.Errorf("cut at %d: accepted", n)
		}
	}
	if _, problems := Parse(append(message, 0), nil); len(problems) == 0 {
		t.Error("a byte after the message: accepted")
	}
}

// endsEntry says whether n bytes end with a top-level entry: what is before it is a
// Struct of fewer members then.
func endsEntry(message []byte, n int) bool {
	at := 0
	for at < n {
		at += 2 + int(message[at+1])
	}
	return at == n
}

func TestJSONThatBeginsWithANewlineIsJSON(t *testing.T) {
	if _, problems := Parse([]byte("\n{\"default\": \"allow\"}"), nil); len(problems) > 0 {
		t.Error(problems)
	}
}

func FuzzStructJSON(f *testing.F) {
	for _, v := range structVectors {
		message, _ := hex.DecodeString(v.message)
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		text, ok := structJSON(message)
		if ok && !json.Valid(text) {
			t.Errorf("%x becomes %q", message, text)
		}
	})
}
