package authorize

import (
	"strconv"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/jsonx"
	"github.com/postern-wasm/postern/plugin/reason"
)

func parse(t testing.TB, text string) jsonx.Value {
	t.Helper()
	d := new(jsonx.Doc)
	if err := d.Parse([]byte(text), jsonx.Limits{MaxBytes: 1 << 20, MaxDepth: 32}); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d.Root()
}

func words(s string) []string { return strings.Fields(s) }

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		law, all, any, from string
		claims              string
		want                bool
	}{
		{"one of a list", "orders.read", "", "scope scp", `{"scope":"a orders.read b"}`, true},
		{"the first of a list", "a", "", "scope scp", `{"scope":"a orders.read"}`, true},
		{"the only one", "orders.read", "", "scope scp", `{"scope":"orders.read"}`, true},
		{"in an array", "orders.read", "", "scope scp", `{"scp":["a","orders.read"]}`, true},
		{"all of them", "a b", "", "scope scp", `{"scope":"b a"}`, true},
		{"all but one are not all", "a b", "", "scope scp", `{"scope":"b c"}`, false},
		{"one of any", "", "a b", "scope scp", `{"scope":"c b"}`, true},
		{"none of any", "", "a b", "scope scp", `{"scope":"c"}`, false},
		{"all and any", "a", "b c", "scope scp", `{"scope":"a c"}`, true},
		{"all without any", "a", "b c", "scope scp", `{"scope":"a"}`, false},
		{"any without all", "a", "b c", "scope scp", `{"scope":"b"}`, false},
		{"no claim", "a", "", "scope scp", `{}`, false},
		{"nothing asked", "", "", "scope scp", `{}`, true},
		{"C-08 a longer scope is another one", "orders.read", "", "scope scp", `{"scope":"orders.readwrite"}`, false},
		{"C-08 a shorter scope is another one", "orders.read", "", "scope scp", `{"scope":"orders"}`, false},
		{"C-08 the case counts", "orders.read", "", "scope scp", `{"scope":"Orders.read"}`, false},
		{"C-08 a tab divides nothing", "orders.read", "", "scope scp", `{"scope":"a\torders.read"}`, false},
		{"C-08 a line feed divides nothing", "orders.read", "", "scope scp", `{"scope":"a\norders.read"}`, false},
		{"C-08 a comma divides nothing", "orders.read", "", "scope scp", `{"scope":"a,orders.read"}`, false},
		{"C-08 a no-break space divides nothing", "orders.read", "", "scope scp", `{"scope":"a\u00a0orders.read"}`, false},
		{"C-08 a space within an element divides nothing", "orders.read", "", "scope scp", `{"scp":["a orders.read"]}`, false},
		{"C-08 an element with a space after it is another one", "orders.read", "", "scope scp", `{"scp":["orders.read "]}`, false},
		{"C-08 a number is no scope", "7", "", "scope scp", `{"scope":7}`, false},
		{"C-08 a number in an array is no scope", "7", "", "scope scp", `{"scp":[7]}`, false},
		{"C-08 an object is no scope", "a", "", "scope scp", `{"scope":{"a":"a"}}`, false},
		{"C-08 an array in an array is no scope", "a", "", "scope scp", `{"scp":[["a"]]}`, false},
		{"C-08 true is no scope", "true", "", "scope scp", `{"scope":true}`, false},
		{"C-08 null is no scope", "null", "", "scope scp", `{"scope":null}`, false},
		{"C-08 where scope and scp disagree the union counts", "a b", "", "scope scp", `{"scope":"a","scp":["b"]}`, true},
		{"C-08 another claim grants nothing", "a", "", "scope scp", `{"permissions":["a"]}`, false},
		{"a claim that is named grants", "a", "", "permissions", `{"permissions":["a"],"scope":"b"}`, true},
		{"a claim that is not named does not", "b", "", "permissions", `{"permissions":["a"],"scope":"b"}`, false},
		{"two spaces enclose an empty scope, which nobody asks for", "a b", "", "scope", `{"scope":" a  b "}`, true},
		{"an escaped scope is the scope", "orders.read", "", "scope", `{"scope":"\u006frders.read"}`, true},
		{"a scope given twice counts once", "a b", "", "scope", `{"scope":"a a a"}`, false},
		{"a scope asked for twice counts once", "a a", "a", "scope", `{"scope":"a"}`, true},
	} {
		s, ok := NewScopes(words(c.all), words(c.any), words(c.from))
		if !ok {
			t.Fatal(c.law)
		}
		if got := s.Granted(parse(t, c.claims)); got != c.want {
			t.Errorf("%s: %v", c.law, got)
		}
	}
	if s, _ := NewScopes([]string{"b", "a"}, []string{"c"}, nil); s.Text() != "b a c" {
		t.Errorf("the text is %q", s.Text())
	}
}

func TestScopeBounds(t *testing.T) {
	var most []string
	for i := range MaxScopes {
		most = append(most, "scope-"+strconv.Itoa(i))
	}
	s, ok := NewScopes(most, nil, []string{"scp"})
	if !ok || !s.Granted(parse(t, `{"scp":["`+strings.Join(most, `","`)+`"]}`)) {
		t.Error("as many as may be")
	}
	for i := range most {
		rest := append(append([]string(nil), most[:i]...), most[i+1:]...)
		if s.Granted(parse(t, `{"scp":["`+strings.Join(rest, `","`)+`"]}`)) {
			t.Errorf("granted without %s", most[i])
		}
	}
	if s, ok := NewScopes(most, []string{"one more"}, []string{"scp"}); ok || s.wanted.Len() > 0 {
		t.Error("one more than may be")
	}
}

func TestIsScope(t *testing.T) { // RFC 6749 §3.3: %x21 / %x23-5B / %x5D-7E
	for c := range 256 {
		want := c == 0x21 || c >= 0x23 && c <= 0x5b || c >= 0x5d && c <= 0x7e
		if got := IsScope("a" + string([]byte{byte(c)}) + "b"); got != want {
			t.Errorf("%#x: %v", c, got)
		}
	}
	if IsScope("") {
		t.Error("the empty one")
	}
}

func TestClaims(t *testing.T) {
	text := func(s ...string) Values { return NewValues(s, nil, false, false) }
	number := func(s ...string) Values { return NewValues(nil, s, false, false) }
	yes, no := NewValues(nil, nil, false, true), NewValues(nil, nil, true, false)
	mixed := NewValues([]string{"a", "1"}, []string{"1"}, true, true)
	for _, c := range []struct {
		law    string
		claim  Claim
		claims string
		want   bool
	}{
		{"equal", Claim{Path: words("a"), Kind: Equals, Values: text("x")}, `{"a":"x"}`, true},
		{"nested", Claim{Path: words("a b c"), Kind: Equals, Values: text("x")}, `{"a":{"b":{"c":"x"}}}`, true},
		{"unescaped", Claim{Path: words("a"), Kind: Equals, Values: text("x/y")}, `{"\u0061":"x\/y"}`, true},
		{"a longer text", Claim{Path: words("a"), Kind: Equals, Values: text("x")}, `{"a":"xx"}`, false},
		{"not there", Claim{Path: words("a"), Kind: Equals, Values: text("x")}, `{"b":"x"}`, false},
		{"the zero value never holds", Claim{}, `{}`, false},
		{"no kind never holds", Claim{Path: words("a")}, `{"a":"x"}`, false},
		{"no value never holds", Claim{Path: words("a"), Kind: AllOf}, `{"a":[]}`, false},
		{"no claims, nothing holds", Claim{Path: words("a"), Kind: Absent}, `[]`, false},
		{"C-09 true is not \"true\"", Claim{Path: words("a"), Kind: Equals, Values: yes}, `{"a":"true"}`, false},
		{"C-09 true is not 1", Claim{Path: words("a"), Kind: Equals, Values: yes}, `{"a":1}`, false},
		{"C-09 true is true", Claim{Path: words("a"), Kind: Equals, Values: yes}, `{"a":true}`, true},
		{"C-09 true is not false", Claim{Path: words("a"), Kind: Equals, Values: yes}, `{"a":false}`, false},
		{"C-09 false is false", Claim{Path: words("a"), Kind: Equals, Values: no}, `{"a":false}`, true},
		{"C-09 false is not null", Claim{Path: words("a"), Kind: Equals, Values: no}, `{"a":null}`, false},
		{"C-09 false is not absent", Claim{Path: words("a"), Kind: Equals, Values: no}, `{}`, false},
		{"C-09 1 is not \"1\"", Claim{Path: words("a"), Kind: Equals, Values: number("1")}, `{"a":"1"}`, false},
		{"C-09 \"1\" is not 1", Claim{Path: words("a"), Kind: Equals, Values: text("1")}, `{"a":1}`, false},
		{"C-09 1 is not 1.0", Claim{Path: words("a"), Kind: Equals, Values: number("1")}, `{"a":1.0}`, false},
		{"C-09 1 is not true", Claim{Path: words("a"), Kind: Equals, Values: number("1")}, `{"a":true}`, false},
		{"a number as written", Claim{Path: words("a"), Kind: Equals, Values: number("9007199254740993")}, `{"a":9007199254740993}`, true},
		{"the number beside it", Claim{Path: words("a"), Kind: Equals, Values: number("9007199254740993")}, `{"a":9007199254740992}`, false},
		{"C-09 one value is not a list of it", Claim{Path: words("a"), Kind: Equals, Values: text("x")}, `{"a":["x"]}`, false},
		{"C-09 any of over objects", Claim{Path: words("a"), Kind: AnyOf, Values: text("x")}, `{"a":[{"x":"x"}]}`, false},
		{"C-09 any of over an object", Claim{Path: words("a"), Kind: AnyOf, Values: text("x")}, `{"a":{"x":"x"}}`, false},
		{"C-09 any of over a list in a list", Claim{Path: words("a"), Kind: AnyOf, Values: text("x")}, `{"a":[["x"]]}`, false},
		{"C-09 a path through an array", Claim{Path: words("a b"), Kind: Equals, Values: text("x")}, `{"a":[{"b":"x"}]}`, false},
		{"C-09 a path with a place in an array", Claim{Path: words("a 0"), Kind: Equals, Values: text("x")}, `{"a":["x"]}`, false},
		{"C-09 a path through null", Claim{Path: words("a b"), Kind: Equals, Values: text("x")}, `{"a":null}`, false},
		{"C-09 a path through text", Claim{Path: words("a b"), Kind: Exists}, `{"a":"b"}`, false},
		{"N-11 a name with a dot is one name", Claim{Path: []string{"a.b"}, Kind: Equals, Values: text("x")}, `{"a":{"b":"x"}}`, false},
		{"N-11 and nested names are not", Claim{Path: words("a b"), Kind: Equals, Values: text("x")}, `{"a.b":"x"}`, false},
		{"N-11 the empty name", Claim{Path: []string{""}, Kind: Equals, Values: text("x")}, `{"":"x"}`, true},
		{"any of over one value", Claim{Path: words("a"), Kind: AnyOf, Values: text("x", "y")}, `{"a":"y"}`, true},
		{"any of over an array", Claim{Path: words("a"), Kind: AnyOf, Values: text("x", "y")}, `{"a":["z","y"]}`, true},
		{"any of over others", Claim{Path: words("a"), Kind: AnyOf, Values: text("x", "y")}, `{"a":["z","xy"]}`, false},
		{"any of over nothing", Claim{Path: words("a"), Kind: AnyOf, Values: text("x")}, `{"a":[]}`, false},
		{"all of over all", Claim{Path: words("a"), Kind: AllOf, Values: text("x", "y")}, `{"a":["y","z","x"]}`, true},
		{"all of over some", Claim{Path: words("a"), Kind: AllOf, Values: text("x", "y")}, `{"a":["x","x"]}`, false},
		{"all of over one value", Claim{Path: words("a"), Kind: AllOf, Values: text("x")}, `{"a":"x"}`, true},
		{"two are not one", Claim{Path: words("a"), Kind: AllOf, Values: text("x", "y")}, `{"a":"x"}`, false},
		{"all of several types", Claim{Path: words("a"), Kind: AllOf, Values: mixed}, `{"a":[true,false,1,"1","a"]}`, true},
		{"all of several types but one", Claim{Path: words("a"), Kind: AllOf, Values: mixed}, `{"a":[true,false,"1","a"]}`, false},
		{"all of several types but false", Claim{Path: words("a"), Kind: AllOf, Values: mixed}, `{"a":[true,1,"1","a"]}`, false},
		{"a prefix", Claim{Path: words("a"), Kind: Prefix, Prefix: "p-"}, `{"a":"p-1"}`, true},
		{"a prefix is enough", Claim{Path: words("a"), Kind: Prefix, Prefix: "p-"}, `{"a":"p-"}`, true},
		{"less than a prefix", Claim{Path: words("a"), Kind: Prefix, Prefix: "p-"}, `{"a":"p"}`, false},
		{"a prefix elsewhere", Claim{Path: words("a"), Kind: Prefix, Prefix: "p-"}, `{"a":"xp-"}`, false},
		{"a prefix of a list", Claim{Path: words("a"), Kind: Prefix, Prefix: "p-"}, `{"a":["p-1"]}`, false},
		{"a prefix of a number", Claim{Path: words("a"), Kind: Prefix, Prefix: "1"}, `{"a":12}`, false},
		{"an empty prefix never holds", Claim{Path: words("a"), Kind: Prefix}, `{"a":"x"}`, false},
		{"exists", Claim{Path: words("a"), Kind: Exists}, `{"a":false}`, true},
		{"exists not", Claim{Path: words("a"), Kind: Exists}, `{"b":1}`, false},
		{"null does not exist", Claim{Path: words("a"), Kind: Exists}, `{"a":null}`, false},
		{"absent", Claim{Path: words("a"), Kind: Absent}, `{"b":1}`, true},
		{"absent not", Claim{Path: words("a"), Kind: Absent}, `{"a":1}`, false},
		{"null is not absent", Claim{Path: words("a"), Kind: Absent}, `{"a":null}`, false},
	} {
		if got := Hold([]Claim{c.claim}, parse(t, c.claims)); got != c.want {
			t.Errorf("%s: %v", c.law, got)
		}
	}
	both := []Claim{{Path: words("a"), Kind: Exists}, {Path: words("b"), Kind: Exists}}
	if Hold(both, parse(t, `{"a":1}`)) || Hold(both, parse(t, `{"b":1}`)) || !Hold(both, parse(t, `{"a":1,"b":1}`)) || !Hold(nil, parse(t, `{}`)) {
		t.Error("all must hold")
	}
}

func TestManyValues(t *testing.T) {
	var list []string
	for i := range MaxValues {
		list = append(list, strconv.Itoa(i))
	}
	array := func(list []string) string { return `{"a":[` + strings.Join(list, ",") + `,true,false]}` }
	c := []Claim{{Path: words("a"), Kind: AllOf, Values: NewValues(nil, list, true, true)}}
	if !Hold(c, parse(t, array(list))) {
		t.Error("all")
	}
	for i := range list {
		rest := append(append([]string(nil), list[:i]...), list[i+1:]...)
		if Hold(c, parse(t, array(rest))) {
			t.Errorf("holds without %d", i)
		}
	}
}

func TestJudge(t *testing.T) {
	scopes, _ := NewScopes(words("a"), nil, words("scope"))
	all := Rules{Scopes: scopes, Claims: []Claim{{Path: words("x"), Kind: Exists}}, Clients: NewSet(words("app web"))}
	for _, c := range []struct {
		law    string
		rules  Rules
		claims string
		want   reason.Code
	}{
		{"all is well", all, `{"scope":"a","x":1,"client_id":"app"}`, reason.OK},
		{"a scope is lacking", all, `{"x":1,"client_id":"app"}`, reason.InsufficientScope},
		{"a claim is lacking", all, `{"scope":"a","client_id":"app"}`, reason.ClaimDenied},
		{"another client", all, `{"scope":"a","x":1,"client_id":"other"}`, reason.ClientDenied},
		{"no client", all, `{"scope":"a","x":1}`, reason.ClientDenied},
		{"a client that is a number", Rules{Clients: NewSet(words("7"))}, `{"client_id":7}`, reason.ClientDenied},
		{"a client that is a list", Rules{Clients: NewSet(words("app"))}, `{"client_id":["app"]}`, reason.ClientDenied},
		{"azp names the client too", Rules{Clients: NewSet(words("app"))}, `{"azp":"app"}`, reason.OK},
		{"both name clients that are allowed", Rules{Clients: NewSet(words("app web"))}, `{"azp":"app","client_id":"web"}`, reason.OK},
		{"client_id does not hide another azp", Rules{Clients: NewSet(words("app"))}, `{"azp":"other","client_id":"app"}`, reason.ClientDenied},
		{"azp does not hide another client_id", Rules{Clients: NewSet(words("app"))}, `{"azp":"app","client_id":"other"}`, reason.ClientDenied},
		{"a client in other case", Rules{Clients: NewSet(words("app"))}, `{"client_id":"APP"}`, reason.ClientDenied},
		{"nothing asked", Rules{}, `{}`, reason.OK},
		{"no claims at all", all, `[]`, reason.InsufficientScope},
	} {
		if got := c.rules.Judge(parse(t, c.claims), 0, 0); got != c.want {
			t.Errorf("%s: %s, want %s", c.law, got, c.want)
		}
	}
	if got := all.Judge(jsonx.Value{}, 0, 0); got != reason.InsufficientScope {
		t.Errorf("no document: %s", got)
	}
	v := parse(t, `{"scope":"b a","x":1,"client_id":"web"}`)
	if n := testing.AllocsPerRun(100, func() { all.Judge(v, 0, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSet(t *testing.T) {
	s := NewSet([]string{"b", "a", "bb", "", "a"})
	if s.Len() != 4 {
		t.Errorf("%d", s.Len())
	}
	for _, text := range []string{"b", "a", "bb", ""} {
		if s.index(text) < 0 {
			t.Errorf("%q is not in it", text)
		}
	}
	for _, text := range []string{"c", "ab", "bbb", "A"} {
		if s.index(text) >= 0 {
			t.Errorf("%q is in it", text)
		}
	}
}

// BenchmarkScopes is L-03: what 8,000 scopes cost where 64 are asked for, none of them
// there; twice as many must not cost more than twice as much.
func BenchmarkScopes(b *testing.B) {
	var wanted []string
	for i := range MaxScopes {
		wanted = append(wanted, "scope-"+strconv.Itoa(10000+i))
	}
	for _, n := range []int{1000, 2000, 4000, 8000, 16000} {
		var have []string
		for i := range n {
			have = append(have, "scope-"+strconv.Itoa(20000+i))
		}
		for form, text := range map[string]string{
			"text":  `{"scope":"` + strings.Join(have, " ") + `"}`,
			"array": `{"scope":["` + strings.Join(have, `","`) + `"]}`,
		} {
			b.Run(form+"/"+strconv.Itoa(n), func(b *testing.B) {
				s, _ := NewScopes(wanted, nil, []string{"scope"})
				v := parse(b, text)
				b.ReportAllocs()
				for b.Loop() {
					if s.Granted(v) {
						b.Fatal("granted")
					}
				}
			})
		}
	}
}
