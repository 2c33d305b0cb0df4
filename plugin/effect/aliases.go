package effect

import "github.com/postern-wasm/postern/plugin/request"

// A client cannot send a header that passes for one of Postern's: names are compared as
// the least careful of upstreams does. CGI and what descends from it write '-' as '_' and
// some do the same to '.', so that "X_User" and "x.user" arrive there as "X-User" does.

// dropLikes removes what is no identity header by its name and yet would do for one.
func (w *Writer) dropLikes(cfg *Config, v *request.View) {
	if len(cfg.IdentityHeaders) == 0 {
		return
	}
	if !cfg.KeepAliases {
		w.dropAliases(cfg, v)
	}
	w.keepThrough(cfg, v)
}

// dropAliases removes the lines whose names some upstream would take for an identity
// header's.
func (w *Writer) dropAliases(cfg *Config, v *request.View) {
	var lengths uint64 // of identity headers; longer ones share a bit
	for _, name := range cfg.IdentityHeaders {
		lengths |= 1 << (uint(len(name)) & 63)
	}
	for i := range v.Headers {
		name := v.Headers[i].Name
		if lengths>>(uint(len(name))&63)&1 == 0 {
			continue
		}
		for _, own := range cfg.IdentityHeaders {
			if isAlias(name, own) && !request.EqualFold(name, own) {
				w.remove(name)
			}
		}
	}
}

// keepThrough removes Connection where it names an identity header: a hop that obeys
// (RFC 9110 §7.6.1) would drop what is written here. What else it says is about the
// connection that the request has come on, which is the proxy's.
func (w *Writer) keepThrough(cfg *Config, v *request.View) {
	for i, ok := v.Next("connection", 0); ok; i, ok = v.Next("connection", i+1) {
		if nominates(cfg, v.Headers[i].Value) {
			w.remove("connection")
			return
		}
	}
}

// nominates says that a Connection line's options name an identity header.
func nominates(cfg *Config, line string) bool {
	for len(line) > 0 {
		end := 0
		for end < len(line) && line[end] != ',' {
			end++
		}
		option := line[:end]
		for option != "" && (option[0] == ' ' || option[0] == '\t') {
			option = option[1:]
		}
		for option != "" && (option[len(option)-1] == ' ' || option[len(option)-1] == '\t') {
			option = option[:len(option)-1]
		}
		for _, own := range cfg.IdentityHeaders {
			if isAlias(option, own) {
				return true
			}
		}
		line = line[min(end+1, len(line)):]
	}
	return false
}

// remove adds a removal, once where several lines of one name follow each other.
func (w *Writer) remove(name string) {
	if n := len(w.ops); n > 0 && w.ops[n-1].Kind == Remove && w.ops[n-1].Name == name {
		return
	}
	w.ops = append(w.ops, Op{Kind: Remove, Name: name})
}

// isAlias compares names without case and with '_' and '.' for '-'.
func isAlias(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if folded(a[i]) != folded(b[i]) {
			return false
		}
	}
	return true
}

func folded(c byte) byte {
	if c == '_' || c == '.' {
		return '-'
	}
	return request.Lower(c)
}
