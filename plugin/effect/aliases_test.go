package effect

import (
	"strings"
	"testing"

	"github.com/postern-wasm/postern/plugin/request"
)

// F-02, F-03: which lines of a client go, and which stay.
func TestNoLineOfAClientPassesForOneOfOurs(t *testing.T) {
	long := "x-" + strings.Repeat("a", 62) + "-b" // as many bits further as a mask has
	cfg := &Config{IdentityHeaders: []string{"x-user", "x-user-name", "x_old", long}}
	keeps := &Config{IdentityHeaders: cfg.IdentityHeaders, KeepAliases: true}
	for _, c := range []struct {
		law, name, value string
		gone, kept       bool // with cfg, and with keeps
	}{
		{"F-02 the name itself", "x-user", "root", true, false},
		{"F-02 in other case", "X-USER", "root", true, false},
		{"F-02 with an underscore", "X_User", "root", true, true},
		{"F-02 with a dot", "x.user", "root", true, true},
		{"F-02 mixed", "x_user.name", "root", true, true},
		{"F-02 a dash for the name's underscore", "x-old", "root", true, true},
		{"F-02 longer than a mask", strings.ReplaceAll(long, "-", "_"), "root", true, true},
		{"F-02 another name of that length", "x_usex", "root", false, true},
		{"F-02 one dash less", "xuser", "root", false, true},
		{"F-02 a longer name", "x_user_names", "root", false, true},
		{"F-02 a letter beyond ASCII", "x\xadUser", "root", false, true},
		{"F-03 a nomination", "connection", "x-user", true, false},
		{"F-03 one of several", "Connection", "close, X-User", true, false},
		{"F-03 behind others, with tabs", "connection", "keep-alive,\tX-User-Name\t,upgrade", true, false},
		{"F-03 by an alias", "connection", "x_user", true, false},
		{"F-03 of another header", "connection", "x-users, close", false, true},
		{"F-03 of none", "connection", ",, ,", false, true},
		{"F-03 empty", "connection", "", false, true},
	} {
		for _, half := range []struct {
			cfg  *Config
			kept bool
		}{{cfg, !c.gone}, {keeps, c.kept}} {
			v := view(t, "/", "x-other", "1", c.name, c.value)
			var w Writer
			w.Begin(half.cfg, v)
			kept := true
			for _, op := range w.Ops(v) {
				if op.Kind != Remove || !request.EqualFold(op.Name, c.name) {
					t.Errorf("%s: %+v", c.law, op)
				}
				kept = false
			}
			if kept != half.kept {
				t.Errorf("%s (aliases kept: %v): stays %v", c.law, half.cfg.KeepAliases, kept)
			}
		}
	}
	// Where no identity is written nothing is removed.
	v := view(t, "/", "x_user", "1", "connection", "x-user")
	var w Writer
	w.Begin(&Config{}, v)
	if ops := w.Ops(v); len(ops) != 0 {
		t.Errorf("%v", ops)
	}
}

func TestAliasesInTrailers(t *testing.T) {
	trailers := []request.Header{{Name: "X_User", Value: "root"}, {Name: "x-user", Value: "root"}, {Name: "x-sum", Value: "1"}}
	var w Writer
	if got := w.Trailers(&Config{IdentityHeaders: []string{"x-user"}}, trailers); len(got) != 2 || got[0].Name != "X_User" || got[1].Name != "x-user" {
		t.Errorf("%v", got)
	}
	if got := w.Trailers(&Config{IdentityHeaders: []string{"x-user"}, KeepAliases: true}, trailers); len(got) != 1 || got[0].Name != "x-user" {
		t.Errorf("%v", got)
	}
}
