package credential

import "github.com/postern-wasm/postern/plugin/request"

// StripQuery appends target to dst without the query parameters of the given names,
// every copy of them; names are compared decoded, exactly. All other bytes stay as they
// are. A query that had no other parameter loses its '?'.
func StripQuery(dst []byte, target string, names ...string) []byte {
	cut := 0
	for cut < len(target) && target[cut] != '?' {
		cut++
	}
	dst = append(dst, target[:cut]...)
	if cut == len(target) {
		return dst
	}
	mark, kept, stripped := len(dst), 0, false
	dst = append(dst, '?')
	for query := target[cut+1:]; ; {
		end := 0
		for end < len(query) && query[end] != '&' {
			end++
		}
		if name, _, _, _ := request.NextParameter(query[:end]); anyDecoded(name, names) {
			stripped = true
		} else {
			if kept > 0 {
				dst = append(dst, '&')
			}
			dst, kept = append(dst, query[:end]...), kept+1
		}
		if end == len(query) {
			break
		}
		query = query[end+1:]
	}
	if stripped && len(dst) == mark+1 {
		dst = dst[:mark]
	}
	return dst
}

func anyDecoded(encoded string, names []string) bool {
	for _, name := range names {
		if request.EqualDecoded(encoded, name) {
			return true
		}
	}
	return false
}

// StripCookie appends one cookie line's value to dst without the cookies of the given
// names, every copy of them. All other bytes stay as they are, but for the white space
// before a cookie that has become the first. If nothing is appended, the line should go.
func StripCookie(dst []byte, value string, names ...string) []byte {
	kept, stripped := 0, false
	for line := value; ; {
		end := 0
		for end < len(line) && line[end] != ';' {
			end++
		}
		piece := line[:end]
		if name, _, _, more := nextCookie(piece); more && anyEqual(name, names) {
			stripped = true
		} else {
			if kept > 0 {
				dst = append(dst, ';')
			} else if stripped {
				for piece != "" && (piece[0] == ' ' || piece[0] == '\t') {
					piece = piece[1:]
				}
			}
			dst, kept = append(dst, piece...), kept+1
		}
		if end == len(line) {
			return dst
		}
		line = line[end+1:]
	}
}

func anyEqual(s string, names []string) bool {
	for _, name := range names {
		if s == name {
			return true
		}
	}
	return false
}
